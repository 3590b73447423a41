//! What is read of a broker that authenticates us, as targets for the attacks of `api::tests::fuzz`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use kafka_protocol::{
    messages::{SaslAuthenticateResponse, SaslHandshakeResponse},
    protocol::StrBytes,
};
use proptest::prelude::*;

use super::{
    calls::{SaslAuthenticate, SaslHandshake},
    scram::{Client, Hash},
};
use crate::{
    api::tests::{Target, body, code, name},
    wire::Malformed,
};

pub(crate) fn all() -> [Target; 4] {
    [handshake(), authenticate(), challenge(), last()]
}

fn handshake() -> Target {
    let content = (code(), prop::collection::vec(name(), 0..6));
    Target::new(SaslHandshake { mechanism: "PLAIN" }, content, |version, (code, mechanisms)| {
        let mechanisms = mechanisms.iter().map(|name| StrBytes::from_string(name.clone())).collect();
        body(version, &SaslHandshakeResponse::default().with_error_code(*code).with_mechanisms(mechanisms))
    })
}

fn authenticate() -> Target {
    let content = (code(), prop::option::of(name()), prop::collection::vec(any::<u8>(), 0..300), any::<i64>());
    let call = SaslAuthenticate { message: Bytes::new() };
    Target::new(call, content, |version, (code, error, bytes, lifetime)| {
        let answer = SaslAuthenticateResponse::default()
            .with_error_code(*code)
            .with_error_message(error.clone().map(StrBytes::from_string))
            .with_auth_bytes(bytes.clone().into());
        body(version, &answer.with_session_lifetime_ms(*lifetime))
    })
}

fn malformed(_: String) -> Malformed {
    Malformed { at: 0, what: "no message of SCRAM" }
}

fn challenge() -> Target {
    let client = Client::new(Hash::Sha256, "user").unwrap();
    let first = client.first();
    let nonce = first.rsplit_once("r=").unwrap().1.to_owned();
    // Whole groups of four are base64 without padding.
    let content = ("[!-+.-~]{1,30}", "([a-zA-Z0-9+/]{4}){0,20}", 4096..4200u32);
    let content = content.prop_map(move |(more, salt, iterations)| format!("r={nonce}{more},s={salt},i={iterations}"));
    Target::of_bytes("SCRAM's challenge", content.prop_map(String::into_bytes), move |bytes| {
        client.prove("pencil", bytes).map(drop).map_err(malformed)
    })
}

fn last() -> Target {
    let client = Client::new(Hash::Sha256, "user").unwrap();
    let first = client.first();
    let challenge = format!("r={}x,s=c2FsdA==,i=4096", first.rsplit_once("r=").unwrap().1);
    let (_, expected) = client.prove("pencil", challenge.as_bytes()).unwrap();
    let content = prop_oneof!["v=[a-zA-Z0-9+/]{43}=", "v=[a-zA-Z0-9+/]{43}=,[a-z]=[a-z]{0,20}", "e=[a-z-]{1,30}"];
    Target::of_bytes("SCRAM's last message", content.prop_map(String::into_bytes), move |bytes| {
        expected.verify(bytes).map_err(malformed)
    })
}
