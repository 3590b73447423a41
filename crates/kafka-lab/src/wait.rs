//! Waiting for something to become true: a closure in, its value or a time-out with the last thing seen out.

use std::{
    fmt::Display,
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{LabError, Result};

/// How long to sleep between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Calls `look` about every 50 ms until it returns `Ok`, which is handed back.
///
/// `what` completes "waited for ..." in the error; what `look` said last is shown there, so let its `Err` say what was seen
/// instead. `look` runs at least once, and once more after the time is over.
///
/// # Errors
/// [`LabError::Timeout`] when `look` still fails after `timeout`.
pub fn wait_until<T, E: Display>(timeout: Duration, what: &str, mut look: impl FnMut() -> Result<T, E>) -> Result<T> {
    let start = Instant::now();
    loop {
        let late = start.elapsed() >= timeout;
        match look() {
            Ok(value) => return Ok(value),
            Err(last) if late => {
                return Err(LabError::Timeout { what: what.into(), after: timeout, last: last.to_string() });
            }
            Err(_) => sleep(PAUSE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hands_back_the_value_or_the_last_thing_seen() {
        let mut looks = 0;
        let value = wait_until(Duration::from_secs(5), "the third look", || {
            looks += 1;
            if looks == 3 { Ok(looks) } else { Err("not yet") }
        });
        assert_eq!(value.expect("third look"), 3);

        let error = wait_until(Duration::ZERO, "rain", || Err::<(), _>("sunshine")).expect_err("times out");
        assert_eq!(error.to_string(), "waited 0ns for rain; last seen: sunshine");
    }
}
