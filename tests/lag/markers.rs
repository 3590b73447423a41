//! `--lag.skip-markers`: who has nothing left to read but the markers that end transactions is 0 seconds behind.

use std::thread::sleep;
use std::time::Duration;

use kafka_lab::wait_until;

use crate::logs::{end, write};
use crate::scenario::{Group, Scenario, WAIT, ago};
use crate::shown::{Scrape, as_value, shown};
use crate::support::{Engine, Vitals, at_once};
use crate::world::World;

/// Whether the group, for which the log has nothing but markers, is shown as one that has caught up, though not by offsets.
#[track_caller]
fn has_caught_up(scrape: &Scrape<'_>, scenario: &Scenario<'_>, group: &Group, lag: i64) -> Result<(), String> {
    let of_topic = |name| scrape.of_topic(name, group, scenario.name).ok_or_else(|| format!("no {name} of {group:?}"));
    assert_eq!(of_topic("lag_sum")?, as_value(lag), "{group:?}");
    for name in ["lag_seconds", "lag_seconds_error", "stable_lag_sum", "commit_unmoved_seconds"] {
        assert_eq!(of_topic(name)?, 0.0, "{name} of {group:?}");
    }
    assert_eq!(scrape.of_group("lag_seconds_max", group), Some(0.0), "{group:?}");
    assert_eq!(scrape.of_topic("retention_margin_seconds", group, scenario.name), None, "{group:?}");
    Ok(())
}

/// With the flag, over each engine: these groups have caught up, with this lag, and those have not. Librdkafka cannot know.
#[track_caller]
fn are_right(scenario: &Scenario<'_>, skipping: &[Vitals], caught_up: &[(Group, i64)], behind: &[Group]) {
    at_once(skipping, |vitals| {
        let what = format!("{:?}: what is shown with --lag.skip-markers", vitals.engine);
        let can_fetch = vitals.engine == Some(Engine::Protocol);
        let look = || {
            let scrape = Scrape::of(vitals, &what);
            let of_fetch = |name| scrape.page.get(&format!(r#"{name}{{api="Fetch"}}"#));
            let (denied, unsupported) =
                (of_fetch("kafka_vitals_kafka_denied"), of_fetch("kafka_vitals_kafka_unsupported"));
            assert_eq!((denied, unsupported), if can_fetch { (Some(0.0), None) } else { (None, Some(1.0)) });
            let caught_up = caught_up.iter().map(|(group, lag)| match can_fetch {
                true => has_caught_up(&scrape, scenario, group, *lag),
                false => shown(&scrape, scenario, group),
            });
            let behind = behind.iter().map(|group| shown(&scrape, scenario, group));
            caught_up.chain(behind).collect::<Result<(), String>>()
        };
        wait_until(WAIT, &what, look).unwrap();
    });
}

pub(crate) fn who_has_only_markers_left_has_caught_up_if_that_is_wanted(world: World) {
    let cluster = world.shared();
    let mut scenario = Scenario::with_topic(&cluster, "markers", 1, &[]);
    let flags = [
        format!("--kafka.server={}", cluster.bootstrap()),
        "--topic.filter=^markers$".to_owned(),
        "--group.filter=^markers-".to_owned(),
        "--refresh.metadata=1s".to_owned(),
        "--scrape.reuse=0s".to_owned(),
        "--lag.skip-markers".to_owned(),
    ];
    let skipping = Vitals::start_each(cluster.lab(), &flags.each_ref().map(String::as_str));

    scenario.write(0, &ago(&[900]));
    let transaction = scenario.kafka().begin_transaction("markers-a").unwrap();
    write(&mut scenario, &transaction, &ago(&[800, 700]));
    end(&mut scenario, || transaction.commit());
    let groups = scenario.commit_at(&[("marker", 3), ("record", 2), ("end", 4), ("first", 0)]);
    // Without the flag the marker grows older.
    for _ in 0..2 {
        scenario.is_right(&groups);
        sleep(Duration::from_secs(2));
    }
    scenario.until("nobody to fetch unasked", |scrape| {
        let of_fetch = scrape.page.series.keys().find(|series| series.contains(r#"api="Fetch""#));
        assert_eq!(of_fetch, None);
        Ok(())
    });
    are_right(&scenario, &skipping, &[(groups[0].clone(), 1)], &groups[1..]);

    let transaction = scenario.kafka().begin_transaction("markers-a").unwrap();
    write(&mut scenario, &transaction, &ago(&[600]));
    end(&mut scenario, || transaction.abort());
    // A record that is aborted is one, to who reads what is not committed.
    let aborted = scenario.commit_at(&[("aborted", 5)]);
    scenario.is_right(&aborted);
    are_right(&scenario, &skipping, &[(aborted[0].clone(), 1)], &groups);

    scenario.write(0, &ago(&[500]));
    are_right(&scenario, &skipping, &[], &[groups, aborted].concat());
}
