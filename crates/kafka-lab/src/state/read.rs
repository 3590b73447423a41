//! What stands in a log: a partition in, its bounds and the offsets and times of its records out.

use std::time::Duration;

use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, KafkaResult},
};

use crate::{
    GroupProtocol, Kafka, LabError, Result,
    member::{Quiet, consumer_config},
    wait_until,
};

const TIMEOUT: Duration = Duration::from_secs(30);

impl Kafka {
    /// Log start (inclusive) and high watermark (exclusive) of a partition.
    ///
    /// # Errors
    /// [`LabError::Client`] when its leader does not answer.
    pub fn bounds(&self, topic: &str, partition: i32) -> Result<(i64, i64)> {
        let consumer = self.reader().map_err(failed(topic, partition))?;
        consumer.fetch_watermarks(topic, partition, TIMEOUT).map_err(failed(topic, partition))
    }

    /// Offset and time (milliseconds since 1970, -1 without one) of each record of a partition, from the start of the log to its end:
    /// those of open and aborted transactions too, but not the markers of their ends.
    ///
    /// # Errors
    /// [`LabError::Timeout`] when its leader does not answer.
    pub fn read(&self, topic: &str, partition: i32) -> Result<Vec<(i64, i64)>> {
        let failed = || failed(topic, partition);
        let consumer = self.reader().map_err(failed())?;
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(topic, partition, Offset::Beginning).map_err(failed())?;
        consumer.assign(&from).map_err(failed())?;

        let mut records = Vec::new();
        wait_until(TIMEOUT, &format!("the end of {topic}/{partition}"), || {
            loop {
                match consumer.poll(Duration::from_millis(100)) {
                    Some(Ok(record)) => records.push((record.offset(), record.timestamp().to_millis().unwrap_or(-1))),
                    Some(Err(KafkaError::PartitionEOF(_))) => return Ok(()),
                    Some(Err(error)) => return Err(error.to_string()),
                    None => return Err("nothing".into()),
                }
            }
        })?;
        Ok(records)
    }

    fn reader(&self) -> KafkaResult<BaseConsumer<Quiet>> {
        // The group is for librdkafka, which wants one: nobody joins it.
        let mut config = consumer_config(&self.bootstrap(), "lab-read", GroupProtocol::Classic);
        config.set("enable.partition.eof", "true").set("isolation.level", "read_uncommitted");
        config.set("fetch.wait.max.ms", "10");
        config.create_with_context(Quiet)
    }
}

fn failed(topic: &str, partition: i32) -> impl FnOnce(KafkaError) -> LabError {
    let what = format!("read {topic}/{partition}");
    |source| LabError::Client { what, source }
}
