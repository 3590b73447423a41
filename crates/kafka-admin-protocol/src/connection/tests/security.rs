//! TLS and SASL against a real broker that has all listeners and ends sessions after three seconds.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::future::join_all;
use kafka_admin::{AdminError, ClientConfig, ErrorKind, Sasl, Tls, Token, TokenProvider};
use kafka_lab::{
    ClientAuth, Cluster, ClusterBuilder, Identity, Listener,
    sasl::{Issuer, Mechanism, PASSWORD, USER},
    tools,
};

use super::{config, connections_of, listed, names, soon};
use crate::api::ListGroups;

/// What brokers let a session last.
const SESSION: Duration = Duration::from_secs(3);

pub(super) fn secured(builder: ClusterBuilder) -> ClusterBuilder {
    builder
        .tls(ClientAuth::Required)
        .sasl(&[Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512, Mechanism::OAuthBearer])
        .property("connections.max.reauth.ms", &SESSION.as_millis().to_string())
}

/// A configuration for one listener, which trusts the lab's CA if the listener has TLS.
fn on(cluster: &Cluster, listener: Listener, sasl: Option<Sasl>) -> ClientConfig {
    let mut config = config(&[&cluster.bootstrap_on(listener).expect("it was built with all")]);
    config.security.tls = listener
        .protocol()
        .ends_with("SSL")
        .then(|| Tls { ca_file: Some(cluster.certificates().ca.clone()), ..Tls::default() });
    config.security.sasl = sasl;
    config
}

fn with_tls(mut config: ClientConfig, change: impl FnOnce(&mut Tls)) -> ClientConfig {
    change(config.security.tls.as_mut().expect("a listener with TLS"));
    config
}

fn with_identity(config: ClientConfig, identity: &Identity) -> ClientConfig {
    with_tls(config, |tls| {
        (tls.cert_file, tls.key_file) = (Some(identity.cert.clone()), Some(identity.key.clone()));
    })
}

fn with_property(mut config: ClientConfig, key: &str, value: &str) -> ClientConfig {
    config.properties.insert(key.to_owned(), value.to_owned());
    config
}

async fn lets_in(what: &str, config: &ClientConfig) {
    let groups = names(&connections_of(config), soon()).await;
    assert_eq!(groups.unwrap_or_else(|error| panic!("{what}: {error}")), ["g"], "{what}");
}

/// Both the kind and words of the error must be as expected.
async fn refuses(what: &str, config: &ClientConfig, kind: ErrorKind, words: &str) {
    let error = names(&connections_of(config), soon()).await.expect_err(what);
    let message = error.to_string();
    assert_eq!(error.kind(), kind, "{what}: {message}");
    assert!(message.contains(words) && message.contains(&config.bootstrap[0]), "{what}: {message}");
    assert!(!message.contains("hunter2") && !message.contains('\n'), "{what}: {message}");
}

pub(super) async fn certificates_are_checked_on_both_sides(cluster: &Cluster) {
    let certificates = cluster.certificates();
    let tls = || on(cluster, Listener::Tls, None);
    let trusted = |listener| with_identity(on(cluster, listener, None), &certificates.client);
    let authentication = ErrorKind::Authentication;
    lets_in("a client certificate", &trusted(Listener::Tls)).await;
    refuses("no client certificate", &tls(), authentication, "it wants a client certificate").await;
    for (what, identity) in
        [("expired", &certificates.client_expired), ("of another CA", &certificates.client_of_other_ca)]
    {
        refuses(what, &with_identity(tls(), identity), authentication, "it wants a client certificate").await;
    }
    let other_ca = with_tls(trusted(Listener::Tls), |tls| tls.ca_file = Some(certificates.other_ca.clone()));
    refuses("another CA", &other_ca, authentication, "is of a CA that is not trusted").await;
    refuses("an expired certificate", &trusted(Listener::TlsExpired), authentication, "has expired").await;
    let wrong_name = trusted(Listener::TlsWrongName);
    refuses("another host", &wrong_name, authentication, "is not for 127.0.0.1, but for elsewhere.example").await;

    let named = |name: &str| with_tls(wrong_name.clone(), |tls| tls.server_name = Some(name.to_owned()));
    lets_in("another host, by the name given", &named("elsewhere.example")).await;
    refuses("another name", &named("nowhere.example"), authentication, "is not for nowhere.example").await;
    let any_name = |config| with_property(config, "ssl.endpoint.identification.algorithm", "none");
    lets_in("another host, unchecked", &any_name(wrong_name.clone())).await;
    refuses("any host, another CA", &any_name(other_ca.clone()), authentication, "not trusted").await;
    refuses("any host, expired", &any_name(trusted(Listener::TlsExpired)), authentication, "has expired").await;
    for (what, config) in [("CA", other_ca), ("host", wrong_name), ("date", trusted(Listener::TlsExpired))] {
        lets_in(what, &with_tls(config, |tls| tls.insecure_skip_verify = true)).await;
    }

    let by_name = |mut config: ClientConfig| {
        config.bootstrap = config.bootstrap.iter().map(|server| server.replace("127.0.0.1", "localhost")).collect();
        config
    };
    lets_in("a name instead of an address", &by_name(trusted(Listener::Tls))).await;

    // Who speaks TLS to a plain port, and the other way round.
    let mut plain = trusted(Listener::Tls);
    plain.bootstrap = vec![cluster.bootstrap()];
    refuses("TLS to a plain port", &plain, ErrorKind::Transport, "is it a TLS listener?").await;
    let mut unencrypted = tls();
    unencrypted.security.tls = None;
    let error = names(&connections_of(&unencrypted), soon()).await.expect_err("plain text to a TLS port");
    assert!(matches!(error.kind(), ErrorKind::Protocol | ErrorKind::Transport), "{error}");
}

pub(super) async fn encrypted_keys_and_keys_that_change_are_used(cluster: &Cluster) {
    let (certificates, folder) = (cluster.certificates(), cluster.lab().folder());
    let encrypted = folder.join("client-encrypted.key");
    openssl(
        &["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:hunter2"],
        &certificates.client.key,
        &encrypted,
    );
    let config = with_tls(with_identity(on(cluster, Listener::Tls, None), &certificates.client), |tls| {
        tls.key_file = Some(encrypted);
        tls.key_password = Some("hunter2".into());
    });
    lets_in("an encrypted key", &config).await;

    let rotated = Identity { cert: folder.join("rotated.crt"), key: folder.join("rotated.key") };
    let rotate = |to: &Identity| {
        fs::copy(&to.cert, &rotated.cert).expect("copied");
        fs::copy(&to.key, &rotated.key).expect("copied");
    };
    rotate(&certificates.client_expired);
    let connections = connections_of(&with_identity(on(cluster, Listener::Tls, None), &rotated));
    let error = listed(&connections, soon()).await.expect_err("expired");
    assert_eq!(error.kind(), ErrorKind::Authentication, "{error}");
    rotate(&certificates.client);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(names(&connections, soon()).await.expect("with the new certificate"), ["g"]);
}

/// `openssl <arguments> -in from -out to`
fn openssl(arguments: &[&str], from: &Path, to: &Path) {
    let openssl = tools::find("openssl", "openssl").expect("openssl");
    let status = Command::new(openssl).args(arguments).arg("-in").arg(from).arg("-out").arg(to).status();
    assert!(status.expect("openssl runs").success(), "{arguments:?}");
}

fn password(mechanism: Mechanism, username: &str, password: &str) -> Option<Sasl> {
    let (username, password) = (username.to_owned(), password.into());
    Some(match mechanism {
        Mechanism::Plain => Sasl::Plain { username, password },
        Mechanism::ScramSha256 => Sasl::ScramSha256 { username, password },
        Mechanism::ScramSha512 => Sasl::ScramSha512 { username, password },
        Mechanism::OAuthBearer | Mechanism::Gssapi => unreachable!("they have no passwords"),
    })
}

pub(super) async fn passwords_are_checked(cluster: &Cluster) {
    for listener in [Listener::Sasl, Listener::SaslTls] {
        for mechanism in [Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512] {
            let what = format!("{mechanism:?} on {listener:?}");
            lets_in(&what, &on(cluster, listener, password(mechanism, USER, PASSWORD))).await;
            for (user, secret) in [(USER, "hunter2"), ("nobody", "hunter2"), ("a,b=c", "hunter2")] {
                let config = on(cluster, listener, password(mechanism, user, secret));
                refuses(&what, &config, ErrorKind::Authentication, "Authentication failed").await;
            }
        }
    }
    let mut plain = on(cluster, Listener::Sasl, None);
    refuses("no SASL to a SASL port", &plain, ErrorKind::Transport, "does it expect SASL?").await;
    plain.security.sasl = password(Mechanism::Plain, USER, "hunter2");
    plain.bootstrap = vec![cluster.bootstrap()];
    refuses("SASL to a plain port", &plain, ErrorKind::Authentication, "expects no SASL").await;
}

/// Gives out one token.
struct Fixed {
    value: String,
    extensions: Vec<(String, String)>,
}

impl std::fmt::Debug for Fixed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fixed")
    }
}

#[async_trait::async_trait]
impl TokenProvider for Fixed {
    async fn token(&self, _: std::time::Instant) -> Result<Token, AdminError> {
        let (value, extensions) = (self.value.as_str().into(), self.extensions.clone());
        Ok(Token { value, principal: USER.to_owned(), expires_at: SystemTime::now(), extensions })
    }
}

fn bearer(value: String) -> Option<Sasl> {
    let extensions = vec![("traceId".to_owned(), "42".to_owned())];
    Some(Sasl::OAuthBearer { tokens: Arc::new(Fixed { value, extensions }) })
}

pub(super) async fn tokens_are_checked(cluster: &Cluster) {
    let hour = Duration::from_secs(3600);
    let stranger = Issuer::new(&cluster.lab().folder().join("stranger")).expect("another issuer");
    for listener in [Listener::Sasl, Listener::SaslTls] {
        let good = cluster.issuer().sign(USER, hour).expect("a token");
        lets_in("a token", &on(cluster, listener, bearer(good))).await;
        for (what, token) in [
            ("expired", cluster.issuer().sign(USER, Duration::ZERO)),
            ("signed by another key", stranger.sign(USER, hour)),
        ] {
            let config = on(cluster, listener, bearer(token.expect("a token")));
            refuses(what, &config, ErrorKind::Authentication, "invalid_token").await;
        }
    }
}

/// KIP-368: the broker ends sessions, and no call notices.
pub(super) async fn sessions_are_renewed_before_they_end(cluster: &Cluster) {
    let token = cluster.issuer().sign(USER, Duration::from_secs(3600)).expect("a token");
    let mechanisms = [password(Mechanism::ScramSha512, USER, PASSWORD), bearer(token)];
    join_all(mechanisms.map(|sasl| a_session_is_renewed(on(cluster, Listener::SaslTls, sasl)))).await;
}

async fn a_session_is_renewed(config: ClientConfig) {
    let connections = connections_of(&config);
    let slot = connections.slot(1).expect("broker 1");
    let (first, _) = slot.connection().await.expect("a connection");
    let started = tokio::time::Instant::now();
    while started.elapsed() < SESSION * 3 {
        assert_eq!(names(&connections, soon()).await.expect("all the time"), ["g"]);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (last, _) = slot.connection().await.expect("a connection");
    assert!(last.is_usable() && !first.is_usable());
    // The broker does end sessions: on the first connection nothing is answered any more.
    let ended = first.ask(&ListGroups).await.expect_err("the session has ended");
    assert!(ended.unanswered, "{ended:?}");
}
