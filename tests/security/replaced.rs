//! Passwords and certificates that are replaced on disk while the exporter runs.

use std::fs;
use std::time::Duration;

use kafka_lab::sasl::Mechanism;
use kafka_lab::{Identity, Listener, wait_until};

use crate::refused::is_refused;
use crate::support::{PATIENCE, Vitals, at_once, each};
use crate::world::{self, allow_all, assert_no_secret, cluster, identity, mechanism, tls};
use crate::{LAG, SECRETS, sees_all};

/// Their log has a line with this text, after so many lines.
fn until_logged(vitals: &Vitals, text: &str, after: usize) {
    let look = || {
        let log = fs::read_to_string(&vitals.log).unwrap();
        if log.lines().skip(after).any(|line| line.contains(text)) { Ok(()) } else { Err(log) }
    };
    wait_until(PATIENCE, text, look).unwrap();
}

fn lines(vitals: &Vitals) -> usize {
    fs::read_to_string(&vitals.log).unwrap().lines().count()
}

/// Sees the cluster again, without a restart.
fn until_let_in(vitals: &Vitals) {
    let look = || {
        let page = vitals.page("/metrics/cluster", Duration::from_secs(4));
        if page.get(LAG) == Some(6.0) { Ok(()) } else { Err(fs::read_to_string(&vitals.log).unwrap()) }
    };
    wait_until(PATIENCE, "the exporter to be let in", look).unwrap();
}

#[test]
fn a_password_that_is_replaced_in_its_file_is_picked_up_whoever_learns_of_it_first() {
    const USER: &str = "rotated";
    let kafka = cluster().kafka();
    let broker_learns = |password| kafka.set_scram_password(USER, Mechanism::ScramSha512, password).unwrap();
    broker_learns("first-secret");
    allow_all(kafka, USER);
    let file = world::secret_file("rotated-password", "first-secret\n");
    let user = vec![format!("--sasl.username={USER}"), format!("--sasl.password-file={}", file.display())];
    let all = world::start(cluster(), &[tls(cluster(), Listener::SaslTls), mechanism("scram-sha512"), user].concat());
    at_once(&all, |vitals| sees_all(vitals, "the first password"));

    // The file first: connections go on with the password before, until the broker takes the new one.
    let before: Vec<usize> = all.iter().map(lines).collect();
    fs::write(&file, "second-secret\n").unwrap();
    for (vitals, before) in each(&all).zip(&before) {
        until_logged(vitals, "are refused, those before stay in use", *before);
        sees_all(vitals, "the first password, while the second is refused");
    }
    broker_learns("second-secret");
    for (vitals, before) in each(&all).zip(&before) {
        until_logged(vitals, "reading Kafka with the changed credentials", *before);
        until_let_in(vitals);
    }

    // The broker first: nobody is let in until the file has it too.
    broker_learns("third-secret");
    for vitals in each(&all) {
        let look = || {
            let page = vitals.page("/metrics/cluster", Duration::from_secs(4));
            if page.get(LAG).is_none() { Ok(()) } else { Err("it is still let in") }
        };
        wait_until(PATIENCE, "the session to end", look).unwrap();
    }
    fs::write(&file, "third-secret\n").unwrap();
    at_once(&all, until_let_in);
    all.iter().for_each(|vitals| assert_no_secret(vitals, &["-secret"]));
}

#[test]
fn scram_with_a_client_certificate_goes_on_when_an_expired_one_is_replaced_on_disk() {
    let cluster = cluster();
    let certificates = cluster.certificates();
    let folder = cluster.lab().folder();
    let own = Identity { cert: folder.join("replaced.pem"), key: folder.join("replaced.key") };
    let replace = |by: &Identity| {
        fs::copy(&by.cert, &own.cert).unwrap();
        fs::copy(&by.key, &own.key).unwrap();
    };
    replace(&certificates.client_expired);
    let password = world::secret_file("scram-password", kafka_lab::sasl::PASSWORD);
    let user = vec![
        format!("--sasl.username={}", kafka_lab::sasl::USER),
        format!("--sasl.password-file={}", password.display()),
    ];
    let flags = [tls(cluster, Listener::SaslMutualTls), mechanism("scram-sha512"), user, identity(&own)].concat();
    let all = world::start(cluster, &flags);
    at_once(&all, |vitals| is_refused(vitals, "an expired client certificate beside SCRAM", "certificate"));
    replace(&certificates.client);
    at_once(&all, until_let_in);
    at_once(&all, |vitals| assert_no_secret(vitals, SECRETS));

    // What cannot be used changes nothing.
    let before: Vec<usize> = all.iter().map(lines).collect();
    fs::write(&own.cert, "no certificate").unwrap();
    for (vitals, before) in each(&all).zip(before) {
        until_logged(vitals, "cannot be used, those before stay in use", before);
        until_let_in(vitals);
    }
}
