//! TLS towards the brokers.
use crate::connection::{Fault, Stream};
use kafka_admin::AdminError;
use std::io;
use tokio::net::TcpStream;

#[derive(Debug)]
pub(crate) struct Tls;
impl Tls {
    pub(crate) fn new(_: &kafka_admin::Tls, _: bool) -> Result<Self, AdminError> {
        Err(AdminError::Client { message: "TLS: not yet".to_owned() })
    }
    pub(crate) async fn connect(
        &self,
        stream: TcpStream,
        _host: &str,
        _peer: &str,
    ) -> Result<impl Stream + use<>, Fault> {
        Ok(stream)
    }
}
pub(crate) fn fault(_peer: &str, _error: &io::Error) -> Option<Fault> {
    None
}
