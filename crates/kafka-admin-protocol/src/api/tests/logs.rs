//! DescribeLogDirs and DescribeConfigs against the codec.

use std::sync::LazyLock;

use kafka_admin::{ConfigEntry, ConfigResource, ErrorCode, LogDir, LogDirReplica};
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use kafka_protocol::messages::{
    DescribeConfigsRequest, DescribeConfigsResponse, DescribeLogDirsRequest, DescribeLogDirsResponse,
};
use proptest::prelude::*;

use super::{NAMES, Target, answer, body, code, name, number, positive, request, tags, topics, unless};
use crate::api::{Call, DescribeConfigs, DescribeLogDirs, text};

/// Error, path, sizes of the volume, then by topic: partition, size, lag, whether it is to be the current one.
type AnyDir = (i16, String, i64, i64, Vec<(String, Vec<(i32, i64, i64, bool)>)>);

fn any_dirs() -> impl Strategy<Value = (i16, Vec<AnyDir>)> {
    let replica = (0..9i32, number(), number(), any::<bool>());
    (code(), prop::collection::vec((code(), name(), number(), number(), topics(replica)), 0..4))
}

fn dirs_body(version: i16, (error, dirs): &(i16, Vec<AnyDir>)) -> Vec<u8> {
    let tags = || tags::<DescribeLogDirs<'_>>(version);
    let topic = |(name, replicas): &(String, Vec<(i32, i64, i64, bool)>)| {
        let replicas = replicas.iter().map(|(partition, size, lag, is_future)| {
            DescribeLogDirsPartition::default()
                .with_partition_index(*partition)
                .with_partition_size(*size)
                .with_offset_lag(*lag)
                .with_is_future_key(*is_future)
                .with_unknown_tagged_fields(tags())
        });
        DescribeLogDirsTopic::default()
            .with_name(text(name).into())
            .with_partitions(replicas.collect())
            .with_unknown_tagged_fields(tags())
    };
    let dirs = dirs.iter().map(|(error, path, total, usable, topics)| {
        let (total, usable) = if version >= 4 { (*total, *usable) } else { (-1, -1) };
        DescribeLogDirsResult::default()
            .with_error_code(*error)
            .with_log_dir(text(path))
            .with_total_bytes(total)
            .with_usable_bytes(usable)
            .with_topics(topics.iter().map(topic).collect())
            .with_unknown_tagged_fields(tags())
    });
    let response = DescribeLogDirsResponse::default()
        .with_error_code(if version >= 3 { *error } else { 0 })
        .with_results(dirs.collect())
        .with_unknown_tagged_fields(tags());
    body(version, &response)
}

fn expected_dirs(version: i16, (error, dirs): &(i16, Vec<AnyDir>)) -> Result<Vec<LogDir>, ErrorCode> {
    let dirs = dirs.iter().map(|(error, path, total, usable, topics)| LogDir {
        path: path.clone(),
        error: unless(*error, ()).err(),
        total_bytes: positive(*total).filter(|_| version >= 4),
        usable_bytes: positive(*usable).filter(|_| version >= 4),
        replicas: topics
            .iter()
            .flat_map(|(topic, replicas)| replicas.iter().map(move |replica| (topic, replica)))
            .map(|(topic, (partition, size, offset_lag, is_future))| LogDirReplica {
                topic: topic.as_str().into(),
                partition: *partition,
                size: *size,
                offset_lag: *offset_lag,
                is_future: *is_future,
            })
            .collect(),
    });
    unless(if version >= 3 { *error } else { 0 }, dirs.collect())
}

pub(super) fn log_dirs() -> Target {
    Target::new(DescribeLogDirs { names: &NAMES }, any_dirs(), dirs_body)
}

static RESOURCES: LazyLock<Vec<ConfigResource>> = LazyLock::new(|| {
    vec![ConfigResource::Topic("a".into()), ConfigResource::Broker(1), ConfigResource::Topic("1".into())]
});

/// Name, value, source, whether it is sensitive, synonyms.
type AnyEntry = (String, Option<String>, i8, bool, Vec<String>);

/// Type and name of a resource, its error and the broker's words, and its entries.
type AnyConfig = ((i8, &'static str), i16, Option<String>, Vec<AnyEntry>);

fn any_configs() -> impl Strategy<Value = Vec<AnyConfig>> {
    let resource = prop::sample::select(vec![(2, "a"), (4, "1"), (2, "1"), (2, "b"), (4, "a"), (8, "1")]);
    let entry = (name(), prop::option::of(name()), 0..7i8, any::<bool>(), prop::collection::vec(name(), 0..3));
    let config = (resource, code(), prop::option::of(name()), prop::collection::vec(entry, 0..4));
    prop::collection::vec(config, 0..5)
}

fn configs_body(version: i16, configs: &[AnyConfig]) -> Vec<u8> {
    let tags = || tags::<DescribeConfigs<'_>>(version);
    let entry = |(name, value, source, is_sensitive, synonyms): &AnyEntry| {
        let synonyms = synonyms.iter().map(|name| {
            DescribeConfigsSynonym::default()
                .with_name(text(name))
                .with_value(value.as_deref().map(text))
                .with_unknown_tagged_fields(tags())
        });
        DescribeConfigsResourceResult::default()
            .with_name(text(name))
            .with_value(value.as_deref().map(text))
            .with_read_only(true)
            .with_config_source(*source)
            .with_is_sensitive(*is_sensitive)
            .with_synonyms(synonyms.collect())
            .with_documentation(value.as_deref().filter(|_| version >= 3).map(text))
            .with_unknown_tagged_fields(tags())
    };
    let results = configs.iter().map(|((kind, name), error, words, entries)| {
        DescribeConfigsResult::default()
            .with_error_code(*error)
            .with_error_message(words.as_deref().map(text))
            .with_resource_type(*kind)
            .with_resource_name(text(name))
            .with_configs(entries.iter().map(entry).collect())
            .with_unknown_tagged_fields(tags())
    });
    body(
        version,
        &DescribeConfigsResponse::default().with_results(results.collect()).with_unknown_tagged_fields(tags()),
    )
}

fn expected_config((_, error, words, entries): &AnyConfig) -> Result<Vec<ConfigEntry>, (ErrorCode, String)> {
    let entries = entries.iter().map(|(name, value, source, is_sensitive, _)| ConfigEntry {
        name: name.clone(),
        value: value.clone().filter(|_| !is_sensitive),
        is_default: *source == 5,
    });
    unless(*error, entries.collect()).map_err(|code| (code, words.clone().unwrap_or_default()))
}

pub(super) fn configs() -> Target {
    Target::new(DescribeConfigs { resources: &RESOURCES, names: None }, any_configs(), |version, any| {
        configs_body(version, any)
    })
}

proptest! {
    #[test]
    fn log_directories_are_read_as_the_codec_writes_them(any in any_dirs()) {
        for version in DescribeLogDirs::API.versions {
            let read = answer(&DescribeLogDirs { names: &NAMES }, version, &dirs_body(version, &any));
            prop_assert_eq!(read, expected_dirs(version, &any), "version {}", version);
        }
    }

    #[test]
    fn configurations_are_read_as_the_codec_writes_them(any in any_configs()) {
        for version in DescribeConfigs::API.versions {
            let read = answer(&DescribeConfigs { resources: &RESOURCES, names: None }, version, &configs_body(version, &any));
            let expected = [(2, "a"), (4, "1"), (2, "1")].map(|key| any.iter().find(|config| config.0 == key));
            prop_assert_eq!(read, expected.map(|config| config.map(expected_config)), "version {}", version);
        }
    }
}

#[test]
fn log_directories_are_asked_for_with_all_topics() {
    for version in DescribeLogDirs::API.versions {
        let request: DescribeLogDirsRequest = request(&DescribeLogDirs { names: &NAMES }, version);
        assert_eq!(request.topics, None);
    }
}

#[test]
fn configurations_are_asked_for_with_all_entries_and_nothing_around_them() {
    for version in DescribeConfigs::API.versions {
        let request: DescribeConfigsRequest = request(&DescribeConfigs { resources: &RESOURCES, names: None }, version);
        assert!(request.resources.iter().all(|resource| resource.configuration_keys.is_none()));
        let asked = request.resources.iter().map(|resource| (resource.resource_type, resource.resource_name.as_str()));
        assert_eq!(asked.collect::<Vec<_>>(), [(2, "a"), (4, "1"), (2, "1")]);
        assert!(!request.include_synonyms && !request.include_documentation);
    }
}

#[test]
fn configurations_are_asked_for_with_the_entries_that_are_named() {
    let names = ["retention.ms", "cleanup.policy"];
    for version in DescribeConfigs::API.versions {
        let call = DescribeConfigs { resources: &RESOURCES, names: Some(&names) };
        let request: DescribeConfigsRequest = request(&call, version);
        for resource in &request.resources {
            let keys = resource.configuration_keys.as_ref().unwrap();
            assert_eq!(keys.iter().map(|key| key.as_str()).collect::<Vec<_>>(), names);
        }
    }
}
