//! Where a broker listens. In: `host:port` as configured or advertised; out: host and port apart.

use std::fmt;

/// Kafka's port when none is given, as librdkafka has it.
const DEFAULT_PORT: u16 = 9092;

/// A host (a name or an IP address, without brackets) and a port. Equal if a client would dial the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Address {
    pub(crate) fn new(host: &str, port: u16) -> Self {
        Self { host: host.to_ascii_lowercase(), port }
    }

    /// `host`, `host:port`, `[v6]`, `[v6]:port`; an IPv6 address without brackets has no port.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?,
            None => match text.rsplit_once(':') {
                Some((host, port)) if !host.contains(':') => return Self::checked(host, Some(port)),
                _ => (text, ""),
            },
        };
        match port {
            "" => Self::checked(host, None),
            port => Self::checked(host, Some(port.strip_prefix(':')?)),
        }
    }

    fn checked(host: &str, port: Option<&str>) -> Option<Self> {
        let port = port.map_or(Some(DEFAULT_PORT), |port| port.parse().ok()).filter(|port| *port > 0)?;
        let valid = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '/' || c == '[' || c == ']');
        valid.then(|| Self::new(host, port))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_with_and_without_port_are_read_and_others_refused() {
        let table = [
            ("broker1:9093", Some("broker1:9093")),
            ("Broker1", Some("broker1:9092")),
            ("10.0.0.1:1", Some("10.0.0.1:1")),
            ("[::1]:9093", Some("[::1]:9093")),
            ("[fe80::1]", Some("[fe80::1]:9092")),
            ("fe80::1", Some("[fe80::1]:9092")),
            ("", None),
            (":9092", None),
            ("a:0", None),
            ("a:65536", None),
            ("a:b", None),
            ("[::1", None),
            ("[::1]9092", None),
            ("ssl://a:9092", None),
            ("a b:9092", None),
        ];
        for (text, expected) in table {
            assert_eq!(Address::parse(text).map(|address| address.to_string()).as_deref(), expected, "{text}");
        }
    }
}
