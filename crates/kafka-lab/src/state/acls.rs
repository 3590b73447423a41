//! What users may do on a cluster with an authorizer: a user, operations and a resource in, ACLs out.

use std::time::Duration;

use kafka_protocol::{
    messages::{
        ApiKey, CreateAclsRequest, CreateAclsResponse, DeleteAclsRequest, DeleteAclsResponse,
        create_acls_request::AclCreation, delete_acls_request::DeleteAclsFilter,
    },
    protocol::StrBytes,
};

use crate::{Kafka, Result, state::topics::check};

/// CreateAcls v2 is known to brokers from 2.4 on.
const CREATE_ACLS: i16 = 2;
/// DeleteAcls v2 likewise.
const DELETE_ACLS: i16 = 2;
const TIMEOUT: Duration = Duration::from_secs(30);

/// `LITERAL` of `org.apache.kafka.common.resource.PatternType` and `ALLOW` of `org.apache.kafka.common.acl.AclPermissionType`.
const LITERAL: i8 = 3;
const ALLOW: i8 = 3;

/// What an operation is about; the name `*` stands for all topics or groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource<'a> {
    /// The cluster as a whole.
    Cluster,
    /// A topic.
    Topic(&'a str),
    /// A consumer group, of any type.
    Group(&'a str),
}

/// An operation, with its code in `org.apache.kafka.common.acl.AclOperation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i8)]
pub enum Operation {
    /// Reading records; committing for a group.
    Read = 3,
    /// Writing records.
    Write = 4,
    /// Seeing that something is there, and how it is doing.
    Describe = 8,
    /// Seeing configurations.
    DescribeConfigs = 10,
}

impl Kafka {
    /// Allows a user (`User:<user>`) operations on a resource. Other brokers than the one asked may learn of it some moments later.
    ///
    /// # Errors
    /// [`LabError::Kafka`](crate::LabError::Kafka), as for a cluster without an authorizer.
    pub fn allow(&self, user: &str, operations: &[Operation], resource: Resource<'_>) -> Result<()> {
        let (kind, name) = code(resource);
        let acls = operations.iter().map(|operation| {
            AclCreation::default()
                .with_resource_type(kind)
                .with_resource_name(text(name))
                .with_resource_pattern_type(LITERAL)
                .with_principal(text(&format!("User:{user}")))
                .with_host(text("*"))
                .with_operation(*operation as i8)
                .with_permission_type(ALLOW)
        });
        let request = CreateAclsRequest::default().with_creations(acls.collect());
        let mut connection = self.connect_any(TIMEOUT)?;
        let response: CreateAclsResponse = connection.call(ApiKey::CreateAcls, CREATE_ACLS, &request)?;
        let codes = response.results.iter().map(|result| result.error_code);
        codes.into_iter().try_for_each(|code| check(code, || format!("allow {user} {operations:?} on {resource:?}")))
    }

    /// Takes back all that [`allow`](Self::allow) has allowed a user on a resource.
    ///
    /// # Errors
    /// As there.
    pub fn disallow(&self, user: &str, resource: Resource<'_>) -> Result<()> {
        /// `ANY` of `org.apache.kafka.common.acl.AclOperation`.
        const ANY: i8 = 1;
        let (kind, name) = code(resource);
        let filter = DeleteAclsFilter::default()
            .with_resource_type_filter(kind)
            .with_resource_name_filter(Some(text(name)))
            .with_pattern_type_filter(LITERAL)
            .with_principal_filter(Some(text(&format!("User:{user}"))))
            .with_host_filter(Some(text("*")))
            .with_operation(ANY)
            .with_permission_type(ALLOW);
        let request = DeleteAclsRequest::default().with_filters(vec![filter]);
        let mut connection = self.connect_any(TIMEOUT)?;
        let response: DeleteAclsResponse = connection.call(ApiKey::DeleteAcls, DELETE_ACLS, &request)?;
        let codes = response.filter_results.iter().map(|result| result.error_code);
        codes.into_iter().try_for_each(|code| check(code, || format!("take {resource:?} from {user}")))
    }
}

/// Codes of `org.apache.kafka.common.resource.ResourceType`; the cluster's name is fixed.
fn code(resource: Resource<'_>) -> (i8, &str) {
    match resource {
        Resource::Topic(name) => (2, name),
        Resource::Group(name) => (3, name),
        Resource::Cluster => (4, "kafka-cluster"),
    }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.into())
}
