//! Records: values, keys, times and partitions in, acknowledged records out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rdkafka::{
    ClientConfig, ClientContext,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext},
};

use crate::{Kafka, LabError, Result};

/// A record to write.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The partition; `None` lets the client choose (by key, else spread evenly).
    pub partition: Option<i32>,
    /// The key, if any.
    pub key: Option<Vec<u8>>,
    /// The value.
    pub value: Vec<u8>,
    /// CreateTime in milliseconds since 1970, or -1 for a record without a time; `None` is now.
    pub timestamp: Option<i64>,
}

impl Record {
    /// A record with that value for that partition, created now, without a key.
    pub fn to_partition(partition: i32, value: impl Into<Vec<u8>>) -> Self {
        Self { partition: Some(partition), value: value.into(), ..Self::default() }
    }

    /// The same with another time (milliseconds since 1970).
    pub fn at(mut self, timestamp: i64) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    /// The same with a key.
    pub fn key(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.key = Some(key.into());
        self
    }
}

/// Counts what was acknowledged and what was not.
#[derive(Clone, Default)]
pub(crate) struct Deliveries {
    pub(crate) done: Arc<AtomicU64>,
    pub(crate) failed: Arc<AtomicU64>,
}

impl ClientContext for Deliveries {
    /// Errors that matter come back with the record; a broker that is down on purpose is no news.
    fn error(&self, _: KafkaError, _: &str) {}
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let counter = if result.is_ok() { &self.done } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A librdkafka configuration for these brokers that keeps quiet about brokers that are down on purpose.
pub(crate) fn client_config(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("log_level", "0");
    config
}

/// A producer that reports to `deliveries`.
pub(crate) fn producer(bootstrap: &str, deliveries: Deliveries) -> Result<BaseProducer<Deliveries>> {
    client_config(bootstrap)
        .set("linger.ms", "5")
        .create_with_context(deliveries)
        .map_err(|source| LabError::Client { what: "make a producer".into(), source })
}

/// Hands one record to the producer, making room for it as need be.
pub(crate) fn send(producer: &BaseProducer<Deliveries>, topic: &str, record: &Record) -> Result<()> {
    let mut message = BaseRecord::to(topic).payload(&record.value);
    if let Some(partition) = record.partition {
        message = message.partition(partition);
    }
    if let Some(key) = &record.key {
        message = message.key(key);
    }
    if let Some(timestamp) = record.timestamp {
        message = message.timestamp(timestamp);
    }
    loop {
        match producer.send(message) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), same)) => {
                message = same;
                producer.poll(Duration::from_millis(50));
            }
            Err((source, _)) => return Err(LabError::Client { what: format!("write to {topic}"), source }),
        }
    }
}

/// Waits until all that was sent is acknowledged.
pub(crate) fn flush(producer: &BaseProducer<Deliveries>, deliveries: &Deliveries) -> Result<()> {
    let flushed = producer.flush(Duration::from_secs(60));
    flushed.map_err(|source| LabError::Client { what: "write records".into(), source })?;
    match deliveries.failed.load(Ordering::Relaxed) {
        0 => Ok(()),
        failed => Err(LabError::Input(format!("{failed} records were not acknowledged"))),
    }
}

impl Kafka {
    /// Writes records to topics that exist and waits until all replicas in sync have them.
    ///
    /// # Errors
    /// [`LabError::Client`] when one cannot be written.
    pub fn produce<'a>(&self, records: impl IntoIterator<Item = (&'a str, Record)>) -> Result<()> {
        let deliveries = Deliveries::default();
        let producer = producer(&self.bootstrap(), deliveries.clone())?;
        for (topic, record) in records {
            send(&producer, topic, &record)?;
            producer.poll(Duration::ZERO);
        }
        flush(&producer, &deliveries)
    }

    /// Writes `each` small records to each of a topic's partitions 0..`partitions`.
    ///
    /// # Errors
    /// As [`produce`](Self::produce).
    pub fn fill(&self, topic: &str, partitions: i32, each: u32) -> Result<()> {
        let record = |partition, number: u32| (topic, Record::to_partition(partition, number.to_string()));
        self.produce((0..partitions).flat_map(|partition| (0..each).map(move |number| record(partition, number))))
    }
}
