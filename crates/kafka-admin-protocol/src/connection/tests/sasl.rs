//! SASL refusals, and attacks, that real brokers do not make.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use kafka_admin::{ErrorKind, Sasl};
use kafka_protocol::{
    messages::{
        ApiVersionsResponse, SaslAuthenticateResponse, SaslHandshakeResponse, api_versions_response::ApiVersion,
    },
    protocol::StrBytes,
};

use super::{
    config, connections_of,
    fake::{API_VERSIONS, Asked, Fake, Step, encoded, healthy},
    names, soon,
};

const SASL_HANDSHAKE: i16 = 17;
const SASL_AUTHENTICATE: i16 = 36;
/// It stands in no error, whatever the broker says.
const PASSWORD: &str = "hunter2";

/// A broker with SaslAuthenticate version 1, that answers it as told.
async fn broker(authenticate: impl Fn(&Asked) -> Vec<Step> + Send + Sync + 'static) -> Fake {
    Fake::start(move |asked| match asked.key {
        API_VERSIONS => {
            let api = |key, max| ApiVersion::default().with_api_key(key).with_max_version(max);
            let keys = vec![api(16, 5), api(SASL_HANDSHAKE, 1), api(API_VERSIONS, 3), api(SASL_AUTHENTICATE, 1)];
            vec![Step::Answer(encoded(&ApiVersionsResponse::default().with_api_keys(keys), asked.version))]
        }
        SASL_HANDSHAKE => {
            let offered = ["PLAIN", "SCRAM-SHA-256"].map(StrBytes::from_static_str).to_vec();
            let known = offered.iter().any(|mechanism| contains(&asked.bytes, mechanism.as_bytes()));
            let code = if known { 0 } else { 33 };
            let answer = SaslHandshakeResponse::default().with_mechanisms(offered).with_error_code(code);
            vec![Step::Answer(encoded(&answer, 1))]
        }
        SASL_AUTHENTICATE => authenticate(asked),
        _ => healthy(asked, "g"),
    })
    .await
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

fn answered(code: i16, error: &str, bytes: impl Into<Bytes>) -> Vec<Step> {
    let answer = SaslAuthenticateResponse::default()
        .with_error_code(code)
        .with_error_message(Some(StrBytes::from_string(error.to_owned())))
        .with_auth_bytes(bytes.into());
    vec![Step::Answer(encoded(&answer, 1))]
}

/// A challenge to the client's first message, with these iterations.
fn challenge(asked: &Asked, iterations: &str) -> Vec<Step> {
    let text = String::from_utf8_lossy(&asked.bytes);
    let (_, nonce) = text.split_once(",r=").expect("the first message");
    answered(0, "", format!("r={nonce}x,s={},i={iterations}", STANDARD.encode("salt")))
}

fn plain() -> Sasl {
    Sasl::Plain { username: "u".to_owned(), password: PASSWORD.into() }
}

fn scram() -> Sasl {
    Sasl::ScramSha256 { username: "u".to_owned(), password: PASSWORD.into() }
}

#[tokio::test]
async fn refusals_are_told_in_the_brokers_words_without_the_password_and_hostile_ones_cost_nothing() {
    type Script = fn(&Asked) -> Vec<Step>;
    let sha_512 = Sasl::ScramSha512 { username: "u".to_owned(), password: PASSWORD.into() };
    let table: [(&str, Sasl, Script, ErrorKind, &str); 9] = [
        ("accepted", plain(), |_| answered(0, "", ""), ErrorKind::Client, ""),
        (
            "a mechanism that is not offered",
            sha_512,
            |_| vec![],
            ErrorKind::Authentication,
            "does not offer SCRAM-SHA-512, but PLAIN, SCRAM-SHA-256",
        ),
        (
            "the password sent back",
            plain(),
            |_| answered(58, "no hunter2\nin LDAP", ""),
            ErrorKind::Authentication,
            "with PLAIN: no [redacted] in LDAP",
        ),
        ("no words", plain(), |_| answered(58, "", ""), ErrorKind::Authentication, "SASL_AUTHENTICATION_FAILED"),
        ("closing", plain(), |_| vec![Step::Close], ErrorKind::Transport, "during SASL PLAIN: wrong credentials?"),
        (
            "a nonce that is not ours",
            scram(),
            |_| answered(0, "", "r=abc,s=YQ==,i=4096"),
            ErrorKind::Authentication,
            "another nonce",
        ),
        (
            "years of hashing",
            scram(),
            |asked| challenge(asked, "2147483647"),
            ErrorKind::Authentication,
            "iterations are not between 4096 and 1000000",
        ),
        (
            "a broker that does not know the password",
            scram(),
            |asked| if asked.nth == 0 { challenge(asked, "4096") } else { answered(0, "", "v=AAAA") },
            ErrorKind::Authentication,
            "it does not know the password",
        ),
        ("a long text", plain(), |_| answered(58, &"x".repeat(30_000), ""), ErrorKind::Authentication, "xxx..."),
    ];
    for (what, sasl, script, kind, words) in table {
        let fake = broker(script).await;
        let mut config = config(&[&fake.address]);
        config.security.sasl = Some(sasl);
        let asked = names(&connections_of(&config), soon()).await;
        if words.is_empty() {
            assert_eq!(asked.expect(what), ["g"]);
            continue;
        }
        let error = asked.expect_err(what);
        let message = error.to_string();
        assert_eq!(error.kind(), kind, "{what}: {message}");
        assert!(message.contains(words) && message.contains(&fake.address), "{what}: {message}");
        assert!(!message.contains(PASSWORD) && !message.contains('\n') && message.len() < 600, "{what}: {message}");
    }
}
