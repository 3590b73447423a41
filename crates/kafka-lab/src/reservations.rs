//! A cluster's ports: its nodes' addresses and listeners in, ports that are free on all of them out, held until the nodes start.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use crate::{
    Listener, Result,
    distance::{Counter, DelayLine},
    error::IoContext,
    launch::Ports,
    listener::Endpoint,
    ports::Reserved,
};

/// The cluster's ports, each free on all of its addresses, held until the nodes start.
#[derive(Debug)]
pub(crate) struct Reservations {
    kafka: Reserved,
    controller: Reserved,
    jolokia: Reserved,
    jmx: Reserved,
    exporter: Reserved,
    more: Vec<(Listener, Reserved)>,
    /// What proxies in front of delayed listeners listen on.
    fronts: Vec<(Listener, Reserved)>,
}

impl Reservations {
    pub(crate) fn make(hosts: &[Ipv4Addr], listeners: &[Listener]) -> Result<Self> {
        let reserve = || Reserved::on(hosts);
        let each = |wanted: fn(&Listener) -> bool| {
            let wanted = listeners.iter().copied().filter(wanted);
            wanted.map(|listener| Ok((listener, reserve()?))).collect::<Result<Vec<_>>>()
        };
        Ok(Self {
            kafka: reserve()?,
            controller: reserve()?,
            jolokia: reserve()?,
            jmx: reserve()?,
            exporter: reserve()?,
            more: each(|_| true)?,
            fronts: each(|listener| listener.is_delayed())?,
        })
    }

    pub(crate) fn ports(&self) -> Ports {
        Ports {
            kafka: self.kafka.port(),
            controller: self.controller.port(),
            jolokia: self.jolokia.port(),
            jmx: self.jmx.port(),
            exporter: self.exporter.port(),
            more: self.more.iter().map(|(listener, held)| self.endpoint(*listener, held.port())).collect(),
        }
    }

    fn endpoint(&self, listener: Listener, port: u16) -> Endpoint {
        let front = self.fronts.iter().find(|(other, _)| *other == listener);
        Endpoint { listener, port, advertised: front.map_or(port, |(_, held)| held.port()) }
    }

    /// Proxies in front of all delayed listeners of all nodes.
    pub(crate) fn delay_lines(&mut self, delay: Duration, counter: &Arc<Counter>) -> Result<Vec<DelayLine>> {
        let mut lines = Vec::new();
        for (listener, front) in &mut self.fronts {
            let behind = self.more.iter().find(|(other, _)| other == listener);
            for held in behind.iter().flat_map(|_| front.take()) {
                let mut target = held.local_addr().context(|| "ask for a listener's address".into())?;
                target.set_port(behind.map_or(0, |(_, behind)| behind.port()));
                lines.push(DelayLine::start(held, target, delay, counter)?);
            }
        }
        Ok(lines)
    }

    pub(crate) fn release(&mut self) {
        let all = [&mut self.kafka, &mut self.controller, &mut self.jolokia, &mut self.jmx, &mut self.exporter];
        all.into_iter().chain(self.more.iter_mut().map(|(_, held)| held)).for_each(Reserved::release);
    }
}
