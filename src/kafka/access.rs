//! What may be asked. In: calls that were made, and their errors; out: by call how much was denied, and which calls nobody
//! answers.

use std::collections::{BTreeMap, BTreeSet};

use kafka_admin::{AdminError, ErrorKind};

/// Calls by their names in Kafka's terms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Calls or items of calls that were denied; 0 for a call that was made and not denied.
    denied: BTreeMap<&'static str, u64>,
    unsupported: BTreeSet<&'static str>,
}

impl Access {
    /// A call is made.
    pub fn asked(&mut self, call: &'static str) {
        self.denied.entry(call).or_default();
    }

    /// Neither the engine nor the brokers can be asked this.
    pub fn lacks(&mut self, call: &'static str) {
        self.unsupported.insert(call);
    }

    /// Takes an error of any kind; those of other kinds tell nothing about access.
    pub fn failed(&mut self, error: &AdminError) {
        match (error.kind(), error.call()) {
            (ErrorKind::Authorization, Some(call)) => *self.denied.entry(call).or_default() += 1,
            (ErrorKind::Unsupported, Some(call)) => self.lacks(call),
            _ => {}
        }
    }

    /// Adds what another part of the collection met.
    pub fn merge(&mut self, other: Self) {
        for (call, count) in other.denied {
            *self.denied.entry(call).or_default() += count;
        }
        self.unsupported.extend(other.unsupported);
    }

    /// Takes over what was found out earlier and still holds, if it is more.
    pub fn recall(&mut self, earlier: &Self) {
        for (call, count) in &earlier.denied {
            let denied = self.denied.entry(call).or_default();
            *denied = (*denied).max(*count);
        }
        self.unsupported.extend(&earlier.unsupported);
    }

    /// Of each call that has ever been made, how much was denied this time. What the brokers do not know is not denied.
    pub fn denied(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let known = self.denied.iter().filter(|(call, _)| !self.unsupported.contains(*call));
        known.map(|(call, count)| (*call, *count))
    }

    /// The calls that cannot be made.
    pub fn unsupported(&self) -> impl Iterator<Item = &'static str> {
        self.unsupported.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use kafka_admin::ErrorCode;

    use super::*;

    fn broker(call: &'static str, code: i16) -> AdminError {
        AdminError::Broker { call, code: ErrorCode(code), message: String::new() }
    }

    #[test]
    fn what_was_asked_and_not_denied_is_0_and_what_nobody_answers_is_neither() {
        let mut access = Access::default();
        for call in ["Metadata", "ListOffsets", "OffsetFetch", "DescribeQuorum"] {
            access.asked(call);
        }
        for error in [
            broker("OffsetFetch", 30),
            broker("OffsetFetch", 29),
            broker("ListOffsets", 6),
            broker("DescribeQuorum", 35),
            AdminError::Unsupported { call: "DescribeLogDirs" },
            AdminError::Authentication { message: String::new() },
        ] {
            access.failed(&error);
        }
        assert_eq!(access.denied().collect::<Vec<_>>(), [("ListOffsets", 0), ("Metadata", 0), ("OffsetFetch", 2)]);
        assert_eq!(access.unsupported().collect::<Vec<_>>(), ["DescribeLogDirs", "DescribeQuorum"]);
    }

    #[test]
    fn parts_add_up_and_what_was_found_out_earlier_is_not_counted_twice() {
        let of = |errors: &[AdminError]| {
            let mut access = Access::default();
            errors.iter().for_each(|error| access.failed(error));
            access
        };
        let mut access = of(&[broker("DescribeQuorum", 31)]);
        access.merge(of(&[broker("ListOffsets", 29), broker("DescribeQuorum", 31)]));
        access.recall(&of(&[broker("DescribeQuorum", 31), broker("DescribeGroups", 30)]));
        let denied: Vec<_> = access.denied().collect();
        assert_eq!(denied, [("DescribeGroups", 1), ("DescribeQuorum", 2), ("ListOffsets", 1)]);
    }
}
