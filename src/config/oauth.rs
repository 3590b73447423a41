//! `--sasl.oauth.*`: flags in, the source of OAUTHBEARER's tokens out.

use std::path::PathBuf;

use kafka_admin::Sasl;

use super::resolve::{absolute_url, no_credentials};
use super::security::secret;
use super::{Flags, key_values};
use crate::oauth::{ClientCredentials, Source, provider};

/// The first of these flags that was given. Not the secret, nor what kafka_exporter takes from the environment too: that may
/// hold them for others.
pub(super) fn given(flags: &Flags) -> Option<&'static str> {
    let given = [
        ("--sasl.oauth.token-file", flags.sasl_oauth_token_file.is_some()),
        ("--sasl.oauth.token-url", flags.sasl_oauth_token_url.is_some()),
        ("--sasl.oauth.client-id", flags.sasl_oauth_client_id.is_some()),
        ("--sasl.oauth.client-secret-file", flags.sasl_oauth_client_secret_file.is_some()),
        ("--sasl.oauth.scope", flags.sasl_oauth_scope.is_some()),
        ("--sasl.oauthbearer-scopes", flags.sasl_oauthbearer_scopes.is_some()),
        ("--sasl.oauth.extensions", flags.sasl_oauth_extensions.is_some()),
        ("--sasl.oauth.ca-file", flags.sasl_oauth_ca_file.is_some()),
    ];
    given.into_iter().find_map(|(name, is_given)| is_given.then_some(name))
}

/// `--sasl.mechanism=oauthbearer`.
pub(super) fn sasl(flags: &Flags) -> Result<Sasl, String> {
    let own = (flags.sasl_oauth_token_file.clone(), flags.sasl_oauth_token_url.as_deref());
    let not_empty = |value: &'_ Option<String>| value.clone().filter(|value| !value.is_empty());
    // kafka_exporter's may be the environment's: what was asked for by our names wins.
    let (file, url, of_kafka_exporter) = match own {
        (None, None) => {
            let file = not_empty(&flags.sasl_oauthbearer_token_file).map(PathBuf::from);
            (file, not_empty(&flags.sasl_oauthbearer_token_url), true)
        }
        (file, url) => (file, url.map(str::to_owned), false),
    };
    let source = match (file, url) {
        (Some(file), None) => {
            let of_endpoint = [
                ("--sasl.oauth.client-id", flags.sasl_oauth_client_id.is_some()),
                ("--sasl.oauth.client-secret-file", flags.sasl_oauth_client_secret_file.is_some()),
                ("--sasl.oauth.scope", flags.sasl_oauth_scope.is_some()),
                ("--sasl.oauthbearer-scopes", flags.sasl_oauthbearer_scopes.is_some()),
                ("--sasl.oauth.ca-file", flags.sasl_oauth_ca_file.is_some()),
            ];
            if let Some((name, _)) = of_endpoint.iter().find(|(_, is_given)| *is_given) {
                return Err(format!("{name} is for --sasl.oauth.token-url, not for a token file"));
            }
            Source::File(file)
        }
        (None, Some(url)) if of_kafka_exporter => {
            Source::Endpoint(credentials(flags, "--sasl.oauthbearer-token-url", &url)?)
        }
        (None, Some(url)) => Source::Endpoint(credentials(flags, "--sasl.oauth.token-url", &url)?),
        (Some(_), Some(_)) if of_kafka_exporter => {
            return Err("--sasl.oauthbearer-token-file and --sasl.oauthbearer-token-url (or the environment's): \
                        give one of them"
                .to_owned());
        }
        (Some(_), Some(_)) => {
            return Err("--sasl.oauth.token-file and --sasl.oauth.token-url: give one of them".to_owned());
        }
        (None, None) => {
            return Err(
                "--sasl.mechanism=oauthbearer needs --sasl.oauth.token-file or --sasl.oauth.token-url".to_owned()
            );
        }
    };
    Ok(Sasl::OAuthBearer { tokens: provider(source, extensions(flags)?)? })
}

/// `flag` is the URL's.
fn credentials(flags: &Flags, flag: &str, text: &str) -> Result<ClientCredentials, String> {
    let url = absolute_url(flag, text, "https://idp.example/oauth2/token")?;
    no_credentials(flag, &url, ": use --sasl.oauth.client-id and --sasl.oauth.client-secret-file")?;
    // RFC 6749, section 3.2: it may have a query, which is kept.
    if url.fragment().is_some() {
        return Err(format!("{flag}: a fragment has no meaning in this URL"));
    }
    // kafka_exporter takes user name and password for them.
    let client_id = flags.sasl_oauth_client_id.clone().or_else(|| flags.sasl_username.clone());
    let client_secret = match secret(
        "--sasl.oauth.client-secret",
        flags.sasl_oauth_client_secret.as_deref(),
        flags.sasl_oauth_client_secret_file.as_deref(),
    )? {
        Some(secret) => Some(secret),
        None => secret("--sasl.password", flags.sasl_password.as_deref(), flags.sasl_password_file.as_deref())?,
    };
    let scope = flags.sasl_oauth_scope.as_ref().or(flags.sasl_oauthbearer_scopes.as_ref());
    Ok(ClientCredentials {
        url,
        client_id: client_id.ok_or_else(|| format!("{flag} needs --sasl.oauth.client-id"))?,
        client_secret: client_secret
            .ok_or_else(|| format!("{flag} needs --sasl.oauth.client-secret-file (or SASL_OAUTH_CLIENT_SECRET)"))?,
        scope: scope.map(|scope| scope.split([',', ' ']).collect::<Vec<_>>().join(" ")),
        ca_file: flags.sasl_oauth_ca_file.clone(),
    })
}

/// RFC 7628, section 3.1: a name is of letters, a value of printable characters; `auth` is the token's own (KIP-342).
fn extensions(flags: &Flags) -> Result<Vec<(String, String)>, String> {
    let flag = "--sasl.oauth.extensions";
    let text = flags.sasl_oauth_extensions.as_deref().unwrap_or_default();
    let pairs = key_values(flag, text.split(',').filter(|item| !item.trim().is_empty()))?;
    for (name, value) in &pairs {
        if !name.bytes().all(|byte| byte.is_ascii_alphabetic()) || name == "auth" {
            return Err(format!("{flag}: {name:?} is no name of an extension (letters alone, and not auth)"));
        }
        if !value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
            return Err(format!("{flag}: the value of {name} has characters in it that none may have"));
        }
    }
    Ok(pairs.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::Config;
    use super::super::resolve::resolve;
    use super::*;

    fn config(arguments: &[&str]) -> Result<Config, String> {
        let line = ["kafka-vitals", "--kafka.server=a:1", "--sasl.enabled"];
        resolve(&Flags::try_parse_from([&line, arguments].concat()).map_err(|error| error.to_string())?)
    }

    fn oauth(more: &[&str]) -> Result<Config, String> {
        config(&[&["--sasl.mechanism=OAUTHBEARER"], more].concat())
    }

    #[test]
    fn tokens_come_from_a_file_or_from_an_endpoint_under_kafka_exporters_names_too() {
        let endpoint = ["--sasl.oauth.client-id=i", "--sasl.oauth.client-secret=hunter2"];
        for more in [
            &["--sasl.oauth.token-file=/t", "--sasl.oauth.extensions=logicalCluster=lkc-1,pool=a b"][..],
            &["--sasl.oauthbearer-token-file=/t"],
            &[&endpoint[..], &["--sasl.oauth.token-url=http://idp/token", "--sasl.oauth.scope=a b"]].concat(),
            &[&endpoint[..], &["--sasl.oauth.token-url=http://idp/token?key=hunter2"]].concat(),
            // What was asked for by our names wins over what may be the environment's.
            &["--sasl.oauth.token-file=/t", "--sasl.oauthbearer-token-url=https://idp/t"],
            &["--sasl.oauthbearer-token-file=/t", "--sasl.oauthbearer-token-url="],
            &[
                "--sasl.oauthbearer-token-url=https://idp/t",
                "--sasl.oauthbearer-scopes=a,b",
                "--sasl.username=u",
                "--sasl.password=hunter2",
            ],
        ] {
            let config = oauth(more).unwrap();
            let sasl = config.kafka.unwrap().security.sasl.unwrap();
            assert!(matches!(sasl, Sasl::OAuthBearer { .. }));
            assert!(!format!("{sasl:?}").contains("hunter2"), "{sasl:?}");
        }
    }

    #[test]
    fn what_makes_no_source_of_tokens_is_told_with_its_flag() {
        let url = "--sasl.oauth.token-url=https://idp/token";
        let secret = "--sasl.oauth.client-secret=hunter2";
        for (more, expected) in [
            (&[][..], "needs --sasl.oauth.token-file or --sasl.oauth.token-url"),
            (&["--sasl.oauth.token-file=/t", url], "give one of them"),
            (
                &["--sasl.oauth.token-file=/t", "--sasl.oauth.scope=a"],
                "--sasl.oauth.scope is for --sasl.oauth.token-url",
            ),
            (&[url], "needs --sasl.oauth.client-id"),
            (&[url, "--sasl.oauth.client-id=i"], "needs --sasl.oauth.client-secret-file"),
            (&["--sasl.oauth.token-url=https://u:hunter2@idp/t"], "credentials do not belong in the URL"),
            (&["--sasl.oauth.token-url=https://idp/t#hunter2"], "--sasl.oauth.token-url: a fragment"),
            (&["--sasl.oauth.token-url=idp"], "--sasl.oauth.token-url: this is no absolute URL"),
            (&["--sasl.oauthbearer-token-url=idp"], "--sasl.oauthbearer-token-url: this is no absolute URL"),
            (&["--sasl.oauthbearer-token-url=https://idp/t"], "--sasl.oauthbearer-token-url needs"),
            (
                &["--sasl.oauthbearer-token-file=/t", "--sasl.oauthbearer-token-url=https://idp/t"],
                "--sasl.oauthbearer-token-file and --sasl.oauthbearer-token-url",
            ),
            (&["--sasl.oauthbearer-token-file=/t", "--sasl.oauthbearer-scopes=a"], "--sasl.oauthbearer-scopes is for"),
            (&["--sasl.oauth.token-url=file:///t"], "file is neither http nor https"),
            (
                &[url, "--sasl.oauth.client-id=i", secret, "--sasl.oauth.ca-file=/nonexistent/ca.pem"],
                "/nonexistent/ca.pem",
            ),
            (&["--sasl.oauth.token-file=/t", "--sasl.oauth.extensions=auth=hunter2"], "\"auth\" is no name"),
            (&["--sasl.oauth.token-file=/t", "--sasl.oauth.extensions=a1=hunter2"], "\"a1\" is no name"),
            (&["--sasl.oauth.token-file=/t", "--sasl.oauth.extensions=a=hunter2\u{1}"], "the value of a has"),
            (&["--sasl.oauth.token-file=/t", "--sasl.oauth.extensions=hunter2"], "expected KEY=VALUE"),
        ] {
            let error = oauth(more).unwrap_err();
            assert!(error.contains(expected), "{more:?}: {error}");
            assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
        }
        let plain = ["--sasl.mechanism=plain", "--sasl.oauth.token-file=/t"];
        assert!(config(&plain).unwrap_err().contains("--sasl.oauth.token-file is for --sasl.mechanism=oauthbearer"));
    }
}
