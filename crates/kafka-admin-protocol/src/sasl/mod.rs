//! SASL.
use crate::connection::{Fault, Line, Versions};
use kafka_admin::Sasl;
use std::time::{Duration, Instant};
pub(crate) async fn authenticate(
    _line: &Line,
    _versions: &Versions,
    _sasl: &Sasl,
    _deadline: Instant,
) -> Result<Option<Duration>, Fault> {
    Err(Fault::Client("SASL: not yet".to_owned()))
}
