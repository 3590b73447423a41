//! Free TCP ports: addresses in, a port that is free on all of them out, held until it is needed.

use std::{
    hash::{BuildHasher, Hasher},
    net::{Ipv4Addr, TcpListener},
};

use crate::{LabError, Result};

/// Below Linux's range for outgoing connections (from 32768), so that no client takes the port of a node that is down.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A port that is free on a set of addresses, held by listeners until it is [released](Self::release).
#[derive(Debug)]
pub(crate) struct Reserved {
    port: u16,
    listeners: Vec<TcpListener>,
}

impl Reserved {
    /// Finds a port that is free on all `hosts`, starting at random so that parallel test processes seldom meet.
    pub(crate) fn on(hosts: &[Ipv4Addr]) -> Result<Self> {
        // std's hasher keys are the random numbers at hand.
        let random = std::hash::RandomState::new().build_hasher().finish();
        let start = u16::try_from(random % u64::from(COUNT)).unwrap_or_default();
        (0..COUNT)
            .map(|step| FIRST + (start + step) % COUNT)
            .find_map(|port| {
                let listeners = hosts.iter().map(|host| TcpListener::bind((*host, port))).collect::<Result<_, _>>();
                listeners.ok().map(|listeners| Self { port, listeners })
            })
            .ok_or_else(|| LabError::Input(format!("no port from {FIRST} on is free on all of {hosts:?}")))
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What holds the port, one listener for each host, for a server in this process.
    pub(crate) fn take(&mut self) -> Vec<TcpListener> {
        std::mem::take(&mut self.listeners)
    }

    /// Frees the port for the process that is about to be started.
    pub(crate) fn release(&mut self) {
        self.listeners.clear();
    }
}

/// A port of 127.0.0.1 that was free a moment ago, for a process that is started right away.
///
/// # Errors
/// When none is free.
pub fn free_port() -> Result<u16> {
    Reserved::on(&[Ipv4Addr::LOCALHOST]).map(|reserved| reserved.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_port_is_taken_on_every_host_until_released() {
        let hosts = [Ipv4Addr::new(127, 0, 0, 1), Ipv4Addr::new(127, 0, 0, 3)];
        let mut reserved = Reserved::on(&hosts).expect("a free port");
        for host in hosts {
            assert!(TcpListener::bind((host, reserved.port())).is_err(), "{host} is held");
        }
        reserved.release();
        assert!(TcpListener::bind((hosts[1], reserved.port())).is_ok(), "free again");
    }
}
