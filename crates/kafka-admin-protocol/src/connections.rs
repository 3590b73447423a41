//! All connections to one cluster. In: a call and the broker that is to answer it; out: its answer by the deadline,
//! whatever the broker or the network does.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use kafka_admin::{AdminError, Broker, ClientConfig, ErrorCode};
use tokio::time::timeout_at;

use crate::{
    api::{Api, Call},
    connection::{Address, Dialer, Fault, RequestTimes, Slot},
    properties::Settings,
    tls::Tls,
};

/// Bootstrap servers to which a connection is opened before any broker is known.
const CONNECTED_AT_ONCE: usize = 8;
/// Kafka's BROKER_NOT_AVAILABLE, which no broker says: the id is of none that is known.
pub(crate) const BROKER_NOT_AVAILABLE: ErrorCode = ErrorCode(8);

/// One connection per broker, opened when first asked and kept; requests on it do not wait for each other's answers.
/// All methods that ask must run in a tokio runtime, and can be given up at any time.
#[derive(Debug)]
pub(crate) struct Connections {
    dialer: Arc<Dialer>,
    places: Mutex<Places>,
}

#[derive(Debug)]
struct Places {
    /// How often any broker was asked.
    turns: usize,
    /// In the order of configuration.
    bootstrap: Vec<Arc<Slot>>,
    /// By id. A broker that advertises the address of a bootstrap server shares its place.
    brokers: BTreeMap<i32, Arc<Slot>>,
}

impl Places {
    /// Adds a broker: at the place that it had, or at that of a bootstrap server, if the address is the same.
    fn add(&mut self, broker: &Broker, before: Option<Arc<Slot>>, dialer: &Arc<Dialer>) {
        let address = Address::new(&broker.host, broker.port);
        let same = before.filter(|slot| *slot.address() == address);
        let same = same.or_else(|| self.bootstrap.iter().find(|slot| *slot.address() == address).cloned());
        let slot = same.unwrap_or_else(|| Slot::new(address, dialer));
        slot.set_broker(broker.id);
        self.brokers.insert(broker.id, slot);
    }
}

impl Connections {
    /// Reads the TLS files, and connects to nothing yet. How long answers take goes to `times`.
    ///
    /// # Errors
    /// [`AdminError::Client`] for what the configuration asks and this engine cannot do, or a file that cannot be used.
    pub(crate) fn new(config: &ClientConfig, times: &Arc<RequestTimes>) -> Result<Self, AdminError> {
        let settings = Settings::new(config)?;
        let tls = settings.tls.as_ref().map(|tls| Tls::new(tls, settings.check_host_name)).transpose()?;
        let bootstrap = settings.bootstrap.clone();
        let dialer = Arc::new(Dialer::new(settings, tls, Arc::clone(times)));
        let bootstrap = bootstrap.into_iter().map(|address| Slot::new(address, &dialer)).collect();
        Ok(Self { dialer, places: Mutex::new(Places { turns: 0, bootstrap, brokers: BTreeMap::new() }) })
    }

    /// Takes over addresses as of the newest metadata. Connections to others close when their last answer has come.
    pub(crate) fn learn(&self, brokers: &[Broker]) {
        let mut places = self.places();
        let mut before = std::mem::take(&mut places.brokers);
        for broker in brokers {
            places.add(broker, before.remove(&broker.id), &self.dialer);
        }
        if places.brokers.is_empty() {
            return;
        }
        for slot in &places.bootstrap {
            if !places.brokers.values().any(|broker| Arc::ptr_eq(broker, slot)) {
                slot.release();
            }
        }
    }

    /// Adds brokers that an answer names and the newest metadata did not have. Those known stay where they are.
    pub(crate) fn meet(&self, brokers: &[Broker]) {
        let mut places = self.places();
        for broker in brokers {
            if !places.brokers.contains_key(&broker.id) {
                places.add(broker, None, &self.dialer);
            }
        }
    }

    /// The ids learned, in ascending order.
    pub(crate) fn brokers(&self) -> Vec<i32> {
        self.places().brokers.keys().copied().collect()
    }

    /// Asks one broker, in the highest version that it and this engine know.
    ///
    /// # Errors
    /// [`AdminError::Timeout`] at the deadline; BROKER_NOT_AVAILABLE for an id that was not learned;
    /// UNSUPPORTED_VERSION if there is no version in common; whatever else failed.
    pub(crate) async fn ask<C: Call>(&self, broker: i32, call: &C, deadline: Instant) -> Result<C::Answer, AdminError> {
        let asked = async { self.slot(broker)?.ask(call).await };
        within(deadline, asked).await.map_err(|fault| fault.error(C::API.name))
    }

    /// The version in which [`ask`](Self::ask) would ask a broker.
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn version(&self, broker: i32, api: &Api, deadline: Instant) -> Result<i16, AdminError> {
        let found = async { self.slot(broker)?.version(api).await };
        within(deadline, found).await.map_err(|fault| fault.error(api.name))
    }

    /// Asks whoever answers: brokers with an open connection first, then others, then the bootstrap servers. One that
    /// fails makes place for the next at once, one that is slow is joined by the next, so that a frozen broker costs
    /// a part of the time and not the answer.
    ///
    /// # Errors
    /// What the broker said that tells most, if none answered.
    pub(crate) async fn ask_any<C: Call>(&self, call: &C, deadline: Instant) -> Result<C::Answer, AdminError> {
        let candidates = self.candidates();
        if self.brokers().is_empty() {
            // As a rule they are brokers, and will be asked next: over a long way connecting takes longer than asking.
            candidates.iter().take(CONNECTED_AT_ONCE).for_each(|slot| slot.connect());
        }
        let mut asked = FuturesUnordered::new();
        let mut worst = Fault::Timeout;
        for (at, slot) in candidates.iter().enumerate() {
            asked.push(slot.ask(call));
            let is_last = at + 1 == candidates.len();
            let turn = if is_last { deadline } else { Instant::now() + patience(deadline) };
            while let Ok(Some(answer)) = timeout_at(turn.into(), asked.next()).await {
                match answer {
                    Ok(answer) => return Ok(answer),
                    Err(fault) if fault.rank() > worst.rank() => worst = fault,
                    Err(_) => {}
                }
                if !is_last {
                    break;
                }
            }
        }
        // The others were not reached either, or told less.
        if let Fault::Transport(first) = &worst
            && candidates.len() > 1
        {
            let what = if self.brokers().is_empty() { "bootstrap servers" } else { "brokers and bootstrap servers" };
            worst = Fault::Transport(format!("none of {} {what} answered; the first: {first}", candidates.len()));
        }
        Err(worst.error(C::API.name))
    }

    pub(crate) fn slot(&self, broker: i32) -> Result<Arc<Slot>, Fault> {
        let slot = self.places().brokers.get(&broker).cloned();
        slot.ok_or_else(|| {
            Fault::Broker(BROKER_NOT_AVAILABLE, format!("broker {broker} is not in the cluster's metadata"))
        })
    }

    /// All places, each once, in the order in which they are to be asked: among equals another one each time, or a broker
    /// that is cut off from its controller would be believed for ever.
    fn candidates(&self) -> Vec<Arc<Slot>> {
        let mut places = self.places();
        places.turns = places.turns.wrapping_add(1);
        let mut candidates: Vec<Arc<Slot>> = places.brokers.values().cloned().collect();
        let others = places.bootstrap.iter().filter(|slot| !candidates.iter().any(|other| Arc::ptr_eq(other, slot)));
        let others: Vec<Arc<Slot>> = others.cloned().collect();
        if !candidates.is_empty() {
            let first = places.turns % candidates.len();
            candidates.rotate_left(first);
        }
        candidates.extend(others);
        candidates.sort_by_key(|slot| slot.reluctance());
        candidates
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long one broker is waited for before the next is asked as well: a quarter of what is left.
fn patience(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()) / 4
}

async fn within<T>(deadline: Instant, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    timeout_at(deadline.into(), work).await.unwrap_or(Err(Fault::Timeout))
}
