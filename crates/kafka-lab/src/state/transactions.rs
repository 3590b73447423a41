//! Transactions: a transactional id and records in, records that are in doubt until the transaction ends out.

use std::time::Duration;

use rdkafka::producer::{BaseProducer, Producer};

use crate::{
    Kafka, LabError, Result,
    state::records::{Deliveries, Record, client_config, flush, send},
};

/// The first transaction of all has Kafka make __transaction_state first.
const TIMEOUT: Duration = Duration::from_secs(60);

/// An open transaction. Dropped, it stays open until Kafka aborts it after `transaction.timeout.ms` (a minute).
pub struct Transaction {
    producer: BaseProducer<Deliveries>,
    deliveries: Deliveries,
}

impl std::fmt::Debug for Transaction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Transaction").finish_non_exhaustive()
    }
}

impl Kafka {
    /// Begins a transaction under this `transactional.id`; one that is open under it is aborted.
    ///
    /// # Errors
    /// [`LabError::Client`] when Kafka gives it no producer id.
    pub fn begin_transaction(&self, id: &str) -> Result<Transaction> {
        let deliveries = Deliveries::default();
        let mut config = client_config(&self.bootstrap());
        let producer: Result<BaseProducer<Deliveries>, _> =
            config.set("transactional.id", id).create_with_context(deliveries.clone());
        let failed = |what: &str| {
            let what = format!("{what} {id}");
            move |source| LabError::Client { what, source }
        };
        let producer = producer.map_err(failed("make the transactional producer"))?;
        producer.init_transactions(TIMEOUT).map_err(failed("get a producer id for"))?;
        producer.begin_transaction().map_err(failed("begin the transaction"))?;
        Ok(Transaction { producer, deliveries })
    }
}

impl Transaction {
    /// Writes records as part of the transaction and waits until all replicas in sync have them: they are below the high watermark, and
    /// not below the last stable offset.
    ///
    /// # Errors
    /// [`LabError::Client`] when one cannot be written.
    pub fn produce<'a>(&self, records: impl IntoIterator<Item = (&'a str, Record)>) -> Result<()> {
        for (topic, record) in records {
            send(&self.producer, topic, &record)?;
        }
        flush(&self.producer, &self.deliveries)
    }

    /// Commits it, which writes a marker to each of its partitions, of now by the broker's clock.
    ///
    /// # Errors
    /// [`LabError::Client`], as when Kafka has aborted it.
    pub fn commit(self) -> Result<()> {
        let committed = self.producer.commit_transaction(TIMEOUT);
        committed.map_err(|source| LabError::Client { what: "commit a transaction".into(), source })
    }

    /// Aborts it, which writes a marker too; the records stay in the log, for readers of what is not committed.
    ///
    /// # Errors
    /// [`LabError::Client`], as when Kafka has aborted it.
    pub fn abort(self) -> Result<()> {
        let aborted = self.producer.abort_transaction(TIMEOUT);
        aborted.map_err(|source| LabError::Client { what: "abort a transaction".into(), source })
    }
}
