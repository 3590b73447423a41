//! DescribeConfigs: the configurations of topics and brokers. Sources of values from version 1 (KIP-226).

use bytes::BytesMut;
use kafka_admin::{ConfigEntry, ConfigResource, ErrorCode};
use kafka_protocol::messages::DescribeConfigsRequest;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;

use super::aligned::Aligned;
use super::{Api, Call, Unencodable, encode, text};
use crate::wire::{Malformed, Reader};

/// `ConfigResource.Type` of Kafka's clients.
const TOPIC: i8 = 2;
const BROKER: i8 = 4;
/// `DescribeConfigsResponse.ConfigSource` of Kafka's clients: nobody has set it.
const DEFAULT_CONFIG: i8 = 5;

/// Asks a broker for the configurations of topics and of itself.
#[derive(Debug)]
pub(crate) struct DescribeConfigs<'a> {
    /// Resources, each once.
    pub(crate) resources: &'a [ConfigResource],
    /// Entries to tell, all if absent.
    pub(crate) names: Option<&'a [&'a str]>,
}

impl Call for DescribeConfigs<'_> {
    /// One entry per resource, in the order asked, an error with the broker's words; `None` where the broker left it
    /// out. Values of sensitive entries are never told.
    type Answer = Vec<Option<Result<Vec<ConfigEntry>, (ErrorCode, String)>>>;

    const API: Api = Api { key: 32, name: "DescribeConfigs", versions: 1..=4, flexible_from: 4 };

    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        let names = self.names.map(|names| names.iter().map(|name| text(name)).collect::<Vec<_>>());
        let resources = self.resources.iter().map(|resource| {
            let (kind, name) = key(resource);
            DescribeConfigsResource::default()
                .with_resource_type(kind)
                .with_resource_name(text(&name))
                .with_configuration_keys(names.clone())
        });
        encode(&DescribeConfigsRequest::default().with_resources(resources.collect()), version, out)
    }

    fn decode(&self, version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        let mut found = Aligned::new(self.resources.iter().map(key));
        let _throttle_time_ms = body.i32()?;
        body.each(|body| {
            let error = body.error()?;
            let message = body.nullable_string()?;
            let key = (body.i8()?, body.string()?.to_owned());
            let entries = body.items(9, |body| entry(version, body))?;
            body.tagged_fields()?;
            found.put(
                &key,
                match error {
                    None => Ok(entries),
                    Some(code) => Err((code, message.unwrap_or_default().to_owned())),
                },
            );
            Ok(())
        })?;
        body.tagged_fields()?;
        Ok(found.finish())
    }
}

/// Type and name, as the protocol has them.
fn key(resource: &ConfigResource) -> (i8, String) {
    match resource {
        ConfigResource::Topic(name) => (TOPIC, name.to_string()),
        ConfigResource::Broker(id) => (BROKER, id.to_string()),
    }
}

fn entry(version: i16, body: &mut Reader<'_>) -> Result<ConfigEntry, Malformed> {
    let name = body.string()?.to_owned();
    let value = body.nullable_string()?;
    let _is_read_only = body.bool()?;
    let is_default = body.i8()? == DEFAULT_CONFIG;
    let is_sensitive = body.bool()?;
    body.each(|body| {
        // A synonym.
        body.skip_string()?;
        body.skip_string()?;
        let _source = body.i8()?;
        body.tagged_fields()
    })?;
    if version >= 3 {
        let _type = body.i8()?;
        body.skip_string()?; // documentation
    }
    body.tagged_fields()?;
    Ok(ConfigEntry { name, value: value.filter(|_| !is_sensitive).map(str::to_owned), is_default })
}
