//! TLS and SASL towards Kafka: flags in, typed security configuration out.

use kafka_admin::{Sasl, Tls};
use secrecy::SecretString;

use super::{Flags, oauth, read_secret};

const MECHANISMS: &str = if cfg!(feature = "gssapi") {
    "plain, scram-sha256, scram-sha512, oauthbearer or gssapi"
} else {
    "plain, scram-sha256, scram-sha512 or oauthbearer"
};

/// What is told if neither client certificate nor key exists: charts name them whether or not their secret has them, and
/// kafka_exporter goes on without. With a pass phrase, which it does not know, somebody means them.
pub(super) fn missing_identity(flags: &Flags) -> Option<String> {
    let (Some(cert), Some(key)) = (&flags.tls_cert_file, &flags.tls_key_file) else { return None };
    let has_password = flags.tls_key_password.is_some() || flags.tls_key_password_file.is_some();
    let is_on = flags.tls_enabled.unwrap_or(false);
    (is_on && !has_password && !cert.exists() && !key.exists()).then(|| {
        let (cert, key) = (cert.display(), key.display());
        format!("--tls.cert-file and --tls.key-file have no effect: neither {cert} nor {key} exists")
    })
}

pub(super) fn tls(flags: &Flags) -> Result<Option<Tls>, String> {
    let insecure = flags.tls_insecure_skip_tls_verify.unwrap_or(false);
    let has_identity = missing_identity(flags).is_none();
    let tls = Tls {
        ca_file: flags.tls_ca_file.clone(),
        cert_file: flags.tls_cert_file.clone().filter(|_| has_identity),
        key_file: flags.tls_key_file.clone().filter(|_| has_identity),
        key_password: secret(
            "--tls.key-password",
            flags.tls_key_password.as_deref(),
            flags.tls_key_password_file.as_deref(),
        )?,
        insecure_skip_verify: insecure,
        server_name: flags.tls_server_name.clone(),
    };
    let is_on = flags.tls_enabled.unwrap_or(false);
    let given = [
        ("--tls.ca-file", tls.ca_file.is_some()),
        ("--tls.cert-file", tls.cert_file.is_some()),
        ("--tls.key-file", tls.key_file.is_some()),
        ("--tls.key-password", flags.tls_key_password.is_some()),
        ("--tls.key-password-file", flags.tls_key_password_file.is_some()),
        ("--tls.server-name", tls.server_name.is_some()),
        ("--tls.insecure-skip-tls-verify", insecure),
    ];
    if let Some((name, _)) = given.iter().find(|(_, is_given)| *is_given && !is_on) {
        return Err(format!("{name} is given but TLS is off: add --tls.enabled"));
    }
    if tls.cert_file.is_some() != tls.key_file.is_some() {
        return Err("--tls.cert-file and --tls.key-file go together".to_owned());
    }
    if tls.key_password.is_some() && tls.key_file.is_none() {
        return Err("--tls.key-password needs --tls.key-file".to_owned());
    }
    Ok(is_on.then_some(tls))
}

pub(super) fn sasl(flags: &Flags) -> Result<Option<Sasl>, String> {
    if !flags.sasl_enabled.unwrap_or(false) {
        // Not the password: the environment may hold one for others.
        let given = [
            ("--sasl.mechanism", flags.sasl_mechanism.is_some()),
            ("--sasl.username", flags.sasl_username.is_some()),
            ("--sasl.password-file", flags.sasl_password_file.is_some()),
            ("--sasl.service-name", flags.sasl_service_name.is_some()),
            ("--sasl.realm", flags.sasl_realm.is_some()),
            ("--sasl.keytab-path", flags.sasl_keytab_path.is_some()),
        ];
        let first = given.into_iter().find_map(|(name, is_given)| is_given.then_some(name));
        return match first.or_else(|| oauth::given(flags)) {
            Some(name) => Err(format!("{name} is given but SASL is off: add --sasl.enabled")),
            None => Ok(None),
        };
    }
    let mechanism = flags.sasl_mechanism.as_deref().unwrap_or_default().to_ascii_lowercase();
    if let Some(name) = oauth::given(flags).filter(|_| mechanism != "oauthbearer") {
        return Err(format!("{name} is for --sasl.mechanism=oauthbearer"));
    }
    if let Some(kind) = flags.kafka_exporter.sasl_kerberos_auth_type.as_deref().filter(|_| mechanism == "gssapi")
        && !kind.eq_ignore_ascii_case("keytabAuth")
    {
        return Err(format!(
            "--sasl.kerberos-auth-type={kind} is not supported: Kerberos works with a keytab alone; give keytabAuth and \
             --sasl.keytab-path"
        ));
    }
    let username =
        || flags.sasl_username.clone().ok_or_else(|| format!("--sasl.mechanism={mechanism} needs --sasl.username"));
    let password = || {
        secret("--sasl.password", flags.sasl_password.as_deref(), flags.sasl_password_file.as_deref())?
            .ok_or_else(|| format!("--sasl.mechanism={mechanism} needs --sasl.password-file (or SASL_USER_PASSWORD)"))
    };
    Ok(Some(match mechanism.as_str() {
        "plain" => Sasl::Plain { username: username()?, password: password()? },
        "scram-sha256" | "scram-sha-256" => Sasl::ScramSha256 { username: username()?, password: password()? },
        "scram-sha512" | "scram-sha-512" => Sasl::ScramSha512 { username: username()?, password: password()? },
        "gssapi" => Sasl::Gssapi {
            service_name: flags.sasl_service_name.clone().unwrap_or_else(|| "kafka".to_owned()),
            principal: match &flags.sasl_realm {
                Some(realm) => format!("{}@{realm}", username()?),
                None => username()?,
            },
            keytab: flags
                .sasl_keytab_path
                .clone()
                .ok_or("--sasl.mechanism=gssapi needs --sasl.keytab-path; a password needs kinit, which is not done")?,
        },
        "oauthbearer" => oauth::sasl(flags)?,
        "awsiam" => {
            return Err(
                "--sasl.mechanism=awsiam: AWS IAM is not supported; Amazon MSK also takes scram-sha512, and client \
                        certificates by --tls.cert-file"
                    .to_owned(),
            );
        }
        "" => return Err(format!("--sasl.enabled needs --sasl.mechanism: {MECHANISMS}")),
        other => return Err(format!("--sasl.mechanism: {other:?} is not supported: {MECHANISMS}")),
    }))
}

/// A secret given by value or by file. `flag` is the value's; the file's has `-file` at its end.
pub(super) fn secret(
    flag: &str,
    value: Option<&str>,
    file: Option<&std::path::Path>,
) -> Result<Option<SecretString>, String> {
    // The environment may hold an empty value, which counts as none.
    match (value.filter(|value| !value.is_empty()), file) {
        // A file that was asked for wins over a variable that happens to be set.
        (_, Some(path)) => read_secret(&format!("{flag}-file"), path).map(Some),
        (Some(value), None) => Ok(Some(SecretString::from(value.to_owned()))),
        (None, None) => Ok(None),
    }
}
