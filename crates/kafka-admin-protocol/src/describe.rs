//! What is asked rarely: the quorum, registered brokers, log directories, configurations.

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::future::join_all;
use kafka_admin::{AdminError, ConfigEntry, ConfigResource, ErrorCode, LogDir, Quorum, RegisteredBroker};

use crate::api::{Call, DescribeCluster, DescribeConfigs, DescribeLogDirs, DescribeQuorum};
use crate::brokers::{Brokers, broker_error};
use crate::metadata;

/// Topics in one DescribeConfigs: some forty entries each, if all are asked for.
const TOPICS: usize = 250;

/// The quorum. Brokers pass the question on to the active controller.
pub(crate) async fn quorum(brokers: &Brokers, deadline: Instant) -> Result<Quorum, AdminError> {
    let answer = brokers.ask_controller(&DescribeQuorum, deadline).await?;
    answer.map_err(|code| broker_error(DescribeQuorum::API.name, code))
}

/// Brokers in ascending order of id.
pub(crate) async fn registered_brokers(
    brokers: &Brokers,
    deadline: Instant,
) -> Result<Vec<RegisteredBroker>, AdminError> {
    let answer = brokers.ask_any(&DescribeCluster, deadline).await?;
    answer.map(|described| described.brokers).map_err(|code| broker_error(DescribeCluster::API.name, code))
}

/// Each broker answers for itself.
pub(crate) async fn log_dirs(
    brokers: &Brokers,
    ids: &[i32],
    deadline: Instant,
) -> Vec<Result<Vec<LogDir>, AdminError>> {
    if let Err(error) = metadata::acquaint(brokers, deadline).await {
        return vec![Err(error); ids.len()];
    }
    let names = brokers.names();
    let call = DescribeLogDirs { names: &names };
    join_all(ids.iter().map(|broker| async {
        let answer = brokers.ask(*broker, &call, deadline).await?;
        answer.map_err(|code| broker_error(DescribeLogDirs::API.name, code))
    }))
    .await
}

/// Topics are any broker's to answer for, a broker only its own.
pub(crate) async fn configs(
    brokers: &Brokers,
    resources: &[ConfigResource],
    names: Option<&[&str]>,
    deadline: Instant,
) -> Vec<Result<Vec<ConfigEntry>, AdminError>> {
    let call = DescribeConfigs::API.name;
    let mut results = vec![Err(AdminError::Timeout { call }); resources.len()];
    if let Err(error) = metadata::acquaint(brokers, deadline).await {
        results.fill(Err(error));
        return results;
    }
    let mut of_broker: BTreeMap<Option<i32>, Vec<usize>> = BTreeMap::new();
    for (index, resource) in resources.iter().enumerate() {
        let broker = match resource {
            ConfigResource::Topic(_) => None,
            ConfigResource::Broker(id) => Some(*id),
        };
        of_broker.entry(broker).or_default().push(index);
    }
    let chunks =
        of_broker.iter().flat_map(|(broker, indexes)| indexes.chunks(TOPICS).map(move |chunk| (broker, chunk)));
    let answers = join_all(chunks.map(|(broker, indexes)| async move {
        let asked: Vec<ConfigResource> = indexes.iter().filter_map(|index| resources.get(*index).cloned()).collect();
        let call = DescribeConfigs { resources: &asked, names };
        let answer = match broker {
            Some(broker) => brokers.ask(*broker, &call, deadline).await,
            None => brokers.ask_any(&call, deadline).await,
        };
        (indexes, answer)
    }));
    for (indexes, answer) in answers.await {
        let answers = match answer {
            Ok(answers) => answers.into_iter().map(item_result).collect(),
            Err(error) => vec![Err(error); indexes.len()],
        };
        for (index, answer) in indexes.iter().zip(answers) {
            if let Some(result) = results.get_mut(*index) {
                *result = answer;
            }
        }
    }
    results
}

type Entries = Result<Vec<ConfigEntry>, (ErrorCode, String)>;

fn item_result(answer: Option<Entries>) -> Result<Vec<ConfigEntry>, AdminError> {
    let call = DescribeConfigs::API.name;
    match answer {
        Some(answer) => answer.map_err(|(code, message)| AdminError::Broker { call, code, message }),
        None => Err(AdminError::Protocol { call, message: "the broker left a resource out".to_owned() }),
    }
}
