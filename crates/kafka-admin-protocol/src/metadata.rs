//! Metadata: brokers, topics and partitions, from whichever broker answers first.

use std::time::Instant;

use kafka_admin::{AdminError, Cluster, TopicName};

use crate::api::{Call, Metadata, MetadataTopics};
use crate::brokers::{Brokers, broker_error};
use crate::connections::BROKER_NOT_AVAILABLE;

/// The whole cluster.
pub(crate) async fn cluster(brokers: &Brokers, deadline: Instant) -> Result<Cluster, AdminError> {
    // Whoever wants no more than to be acquainted waits for this answer.
    let _acquainting = if brokers.ids().is_empty() { brokers.acquainting.try_lock().ok() } else { None };
    let cluster = ask(brokers, MetadataTopics::All, deadline).await?;
    brokers.learn(&cluster);
    Ok(cluster)
}

/// The cluster with these topics alone.
pub(crate) async fn of_topics(
    brokers: &Brokers,
    topics: &[TopicName],
    deadline: Instant,
) -> Result<Cluster, AdminError> {
    ask(brokers, MetadataTopics::Named(topics), deadline).await
}

/// Asks for the whole cluster if no broker is known yet. Concurrent callers share one request.
pub(crate) async fn acquaint(brokers: &Brokers, deadline: Instant) -> Result<(), AdminError> {
    if brokers.ids().is_empty() {
        let Ok(_acquainting) = tokio::time::timeout_at(deadline.into(), brokers.acquainting.lock()).await else {
            return Err(AdminError::Timeout { call: Metadata::API.name });
        };
        if brokers.ids().is_empty() {
            cluster(brokers, deadline).await?;
        }
    }
    Ok(())
}

async fn ask(brokers: &Brokers, topics: MetadataTopics<'_>, deadline: Instant) -> Result<Cluster, AdminError> {
    let names = brokers.names();
    let call = Metadata { topics, names: &names };
    let cluster = brokers.ask_any(&call, deadline).await?.map_err(|code| broker_error(Metadata::API.name, code))?;
    if cluster.brokers.is_empty() {
        // Kafka's own clients ignore such an answer too.
        let message = "the broker that answered has just started and knows of no brokers yet".to_owned();
        return Err(AdminError::Broker { call: Metadata::API.name, code: BROKER_NOT_AVAILABLE, message });
    }
    Ok(cluster)
}
