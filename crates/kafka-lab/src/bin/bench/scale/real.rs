//! Three real brokers, from 1,000 to 50,000 partitions.

use kafka_lab::{Cluster, Node, Result};

use super::{Bench, Subject, facts::Facts, points::Points};
use crate::measure::Meter;
use crate::state::Contents;

pub(crate) const NAME: &str = "real";

/// Topics of ten partitions, and as many groups.
const TOPICS: [i32; 3] = [100, 1000, 5000];

pub(crate) fn run(bench: &Bench, quick: bool, heap_mib: u32, points: &mut Points) -> Result<()> {
    for topics in TOPICS.into_iter().filter(|topics| !quick || *topics <= 1000) {
        eprintln!("three brokers with {topics} topics of ten partitions ...");
        let groups = usize::try_from(topics).unwrap_or_default();
        // Without records: nothing that is asked for reads them, and there are fewer files.
        let contents = Contents { topics, groups, commits: 38, records: 0 };
        let cluster = Cluster::builder()
            .nodes(3)
            .heap_mib(heap_mib)
            .quick_start(false)
            .property("log.index.size.max.bytes", "4096")
            // While thousands of partitions are made brokers are too busy for the usual 9 s.
            .property("broker.session.timeout.ms", "60000")
            .start()?;
        contents.fill(cluster.kafka())?;
        let topics = cluster.kafka().metadata(None)?.topics;
        let facts = Facts {
            topics: topics.len(),
            partitions: topics.values().map(|partitions| partitions.len()).sum(),
            groups,
            group_topics: groups * contents.topics_of_group(),
            commits: groups * usize::try_from(contents.commits).unwrap_or_default(),
            shown: groups * contents.partitions_of_group(),
            lag: contents.lag(),
        };
        let all: Vec<i32> = cluster.nodes().iter().map(Node::id).collect();
        let bootstrap = cluster.bootstrap();
        let subject = Subject { lab: cluster.lab(), name: NAME, brokers: 3, bootstrap: &bootstrap, facts };
        let vitals = bench.start_both(subject.lab, subject.bootstrap)?;
        bench.measure(
            &subject,
            |vitals| Meter::new(&cluster, &all, Some(&vitals.process)),
            || Ok(None),
            &vitals,
            points,
        )?;
    }
    Ok(())
}
