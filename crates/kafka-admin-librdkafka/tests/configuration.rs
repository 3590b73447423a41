//! Configurations that cannot be: one clear error each.

mod common;

use kafka_admin::{ErrorKind, Sasl};
use kafka_admin_librdkafka::LibrdkafkaAdmin;

use common::config;

#[test]
fn a_property_that_is_unknown_or_has_a_bad_value_is_named_and_its_value_is_not() {
    let table = [
        ("no.such.property", "hunter2", "unknown librdkafka property \"no.such.property\""),
        ("socket.timeout.ms", "hunter2", "librdkafka does not accept the value given for \"socket.timeout.ms\""),
        ("security.protocol", "hunter2", "librdkafka does not accept the value given for \"security.protocol\""),
        ("ssl.key.password", "hun\0ter2", "librdkafka"),
    ];
    for (key, value, message) in table {
        let mut config = config("127.0.0.1:1");
        config.properties.insert(key.to_owned(), value.to_owned());
        let error = LibrdkafkaAdmin::new(&config).expect_err("refused");
        assert!(error.to_string().contains(message), "{error}");
        assert!(!error.to_string().contains("ter2"), "{error}");
        assert_eq!(error.kind(), ErrorKind::Client);
    }
}

#[test]
fn a_ca_file_that_is_not_there_is_an_error_at_once() {
    let mut config = config("127.0.0.1:1");
    config.security.tls =
        Some(kafka_admin::Tls { ca_file: Some("/no/such/ca.pem".into()), ..kafka_admin::Tls::default() });
    config.security.sasl = Some(Sasl::Plain { username: "user".to_owned(), password: "hunter2".to_owned().into() });
    let error = LibrdkafkaAdmin::new(&config).expect_err("refused").to_string();
    assert!(error.contains("ssl.ca.location") && !error.contains("hunter2"), "{error}");
}
