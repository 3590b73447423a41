//! A scenario whose every number is known: an empty one-broker cluster in, six groups over four topics out, two of them live.
//!
//! | what | state |
//! |---|---|
//! | topics | `orders` 3 partitions with 100, 50, 0 records; `payments` 1 with 40, records below 15 deleted; `audit` 2, compacted, 5 each; `empty` 1 |
//! | `billing` | classic group with one live member, committed orders/0=90, orders/1=50, nothing for orders/2 |
//! | `next-gen` | KIP-848 group with one live member subscribed to `orders`, nothing committed |
//! | `late-starter` | no members, orders/0=10 only |
//! | `two-topics` | no members, orders/0=100, orders/1=20, payments/0=30 |
//! | `behind-retention` | no members, payments/0=5, below the log start 15 |
//! | `ahead` | no members, payments/0=1000, above the end 40 |

use std::time::Duration;

use crate::{Commit, GroupProtocol, Kafka, Member, NewTopic, Record, Result};

/// The scenario's live members; they leave when this is dropped.
#[derive(Debug)]
pub struct Golden {
    /// The member of `billing`.
    pub billing: Member,
    /// The member of `next-gen`.
    pub next_gen: Member,
}

/// Makes the scenario and waits until both members have their partitions.
///
/// # Errors
/// When a topic of that name exists already, or Kafka refuses a step. `next-gen` needs Kafka 4 (KIP-848).
pub fn create(kafka: &Kafka) -> Result<Golden> {
    kafka.create_topics(&[
        NewTopic::new("orders", 3),
        NewTopic::new("payments", 1),
        NewTopic::new("audit", 2).config("cleanup.policy", "compact"),
        NewTopic::new("empty", 1),
    ])?;
    let numbered = |topic, partition, count: i64| {
        (0..count).map(move |number| (topic, Record::to_partition(partition, number.to_string())))
    };
    let audit = (0..10).map(|number| ("audit", Record::to_partition(number % 2, "v").key(format!("k{}", number % 3))));
    kafka.produce(
        numbered("orders", 0, 100).chain(numbered("orders", 1, 50)).chain(numbered("payments", 0, 40)).chain(audit),
    )?;
    kafka.delete_records("payments", 0, 15)?;
    kafka.commit(&[
        Commit::new("billing", &[("orders", 0, 90), ("orders", 1, 50)]),
        Commit::new("late-starter", &[("orders", 0, 10)]),
        Commit::new("behind-retention", &[("payments", 0, 5)]),
        Commit::new("ahead", &[("payments", 0, 1000)]),
        Commit::new("two-topics", &[("orders", 0, 100), ("orders", 1, 20), ("payments", 0, 30)]),
    ])?;
    let billing = kafka.member("billing", &["orders"]).start()?;
    let next_gen = kafka.member("next-gen", &["orders"]).protocol(GroupProtocol::Consumer).start()?;
    for group in [billing.group(), next_gen.group()] {
        kafka.await_stable(group, 1, Duration::from_secs(60))?;
    }
    Ok(Golden { billing, next_gen })
}
