//! Which beans and attributes a node is asked for: names that the agent tells and what turned out to be wanted of each
//! in, the plan of the next read out. A bean is read whole until it has been tried; from then on only what is wanted of
//! it, if anything.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use crate::mbean::{Ask, ObjectName, Plan};

/// After this time beans are tried again: a getter may have failed when its bean was tried, and Kafka adds attributes to the
/// beans of its sensors as it meets their first use. Those that exist per partition are not: they have their one attribute
/// from the start, and a flood must not come again and again for nothing.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(600);

/// What stands in the names of beans that exist per partition.
const PER_PARTITION: &str = "partition=";

/// What is known of a node's beans.
#[derive(Debug, Default)]
pub(super) struct Learning {
    plan: Plan,
    /// All names, as long as beans among them are to be tried.
    names: Vec<Box<str>>,
    /// Places in `names` of the beans that are to be tried, ascending.
    untried: Vec<usize>,
    /// Hashes of the names of beans that were tried.
    tried: HashSet<u64>,
    hasher: RandomState,
    /// Since when beans have been tried.
    since: Option<Instant>,
    /// The beans that are told next are to be tried again.
    try_again: bool,
}

impl Learning {
    /// What to ask for. Empty = the names first.
    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The beans that are to be tried.
    pub(super) fn untried(&self) -> impl Iterator<Item = &str> {
        self.untried.iter().filter_map(|&at| self.names.get(at)).map(|name| &**name)
    }

    /// Beans came or went. `may_want` = whether a bean is worth a try; `wanted` = what is wanted of one that was tried.
    pub(super) fn told<'a>(
        &mut self,
        names: Vec<Box<str>>,
        may_want: impl Fn(&str) -> bool,
        wanted: impl Fn(&str) -> Option<Ask<'a>>,
    ) {
        let mut tried = HashSet::with_capacity(names.len());
        self.untried.clear();
        for (at, name) in names.iter().enumerate() {
            let hash = self.hasher.hash_one(name);
            // What is known of a bean may have been forgotten, for lack of room.
            let is_tried = self.tried.contains(&hash) && wanted(name).is_some();
            if is_tried && (!self.try_again || name.contains(PER_PARTITION)) {
                tried.insert(hash);
            } else if may_want(name) {
                self.untried.push(at);
            }
        }
        self.tried = tried;
        self.try_again = false;
        self.names = names;
        self.make_plan(wanted);
    }

    /// A read of the plan has ended, and what came has been tried. `wanted` tells nothing of a bean that did not come, or that
    /// was not tried: it will be asked for again.
    pub(super) fn tried<'a>(&mut self, now: Instant, wanted: impl Fn(&str) -> Option<Ask<'a>>) {
        let before = self.untried.len();
        let Self { untried, tried, names, hasher, .. } = self;
        untried.retain(|&at| {
            let Some(name) = names.get(at) else { return false };
            let is_untried = wanted(name).is_none();
            if !is_untried {
                tried.insert(hasher.hash_one(name));
            }
            is_untried
        });
        if self.untried.len() < before {
            self.make_plan(wanted);
        }
        let since = *self.since.get_or_insert(now);
        if self.untried.is_empty() && now.saturating_duration_since(since) >= TRY_AGAIN_AFTER {
            (self.since, self.try_again, self.plan) = (None, true, Plan::default());
        }
    }

    fn make_plan<'a>(&mut self, wanted: impl Fn(&str) -> Option<Ask<'a>>) {
        let mut untried = self.untried.iter().copied().peekable();
        self.plan = Plan::new(self.names.iter().enumerate().map(|(at, name)| {
            let is_untried = untried.next_if_eq(&at).is_some();
            (&**name, if is_untried { Ask::All } else { wanted_of(name, &wanted) })
        }));
        if self.untried.is_empty() {
            self.names = Vec::new();
        }
    }
}

/// Attributes are picked out only of beans with a `name`, which have all theirs from the start. To the beans of Kafka's
/// sensors attributes are added later.
fn wanted_of<'a>(name: &str, wanted: impl Fn(&str) -> Option<Ask<'a>>) -> Ask<'a> {
    match wanted(name) {
        Some(Ask::Attributes(_)) if ObjectName::parse(name).is_ok_and(|name| name.get("name").is_none()) => Ask::All,
        ask => ask.unwrap_or(Ask::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["a:type=t,name=n", "s:type=sensor", "b:type=t,name=n"];

    fn names(names: &[&str]) -> Vec<Box<str>> {
        names.iter().map(|&name| name.into()).collect()
    }

    fn wanted(name: &str) -> Option<Ask<'static>> {
        Some(if name.starts_with(['a', 's']) { Ask::Attributes(vec!["Count"]) } else { Ask::Nothing })
    }

    fn asked(learning: &Learning) -> Vec<(&str, Option<&str>)> {
        let queries = learning.plan.essentials.iter();
        queries.map(|query| (&*query.pattern, query.attributes.as_ref().map(|names| &*names[0]))).collect()
    }

    #[test]
    fn beans_are_read_whole_until_tried_and_then_only_what_is_wanted() {
        let mut learning = Learning::default();
        assert!(learning.plan().is_empty());
        learning.told(names(&NAMES), |_| true, wanted);
        assert_eq!(asked(&learning), [("a:type=t,name=n", None), ("b:type=t,name=n", None), ("s:type=sensor", None)]);
        learning.tried(Instant::now(), wanted);
        assert_eq!(asked(&learning), [("a:type=t,name=n", Some("Count")), ("s:type=sensor", None)]);
        // One more, one less; the others are not tried again.
        learning.told(names(&["a:type=t,name=n", "b:type=t,name=n", "b:type=new,name=n"]), |_| true, wanted);
        assert_eq!(asked(&learning), [("a:type=t,name=n", Some("Count")), ("b:type=new,name=n", None)]);
        learning.tried(Instant::now(), wanted);
        assert_eq!(asked(&learning), [("a:type=t,name=n", Some("Count"))]);
        // It came back: a bean of the same name may be another one.
        learning.told(names(&NAMES), |_| true, wanted);
        assert_eq!(asked(&learning), [("a:type=t,name=n", Some("Count")), ("s:type=sensor", None)]);
    }

    #[test]
    fn what_the_rules_exclude_is_never_asked_for() {
        let mut learning = Learning::default();
        learning.told(names(&NAMES), |name| name.contains("sensor"), |_| Some(Ask::Nothing));
        assert_eq!(asked(&learning), [("s:type=sensor", None)]);
    }

    #[test]
    fn a_bean_that_did_not_come_is_asked_for_again() {
        let mut learning = Learning::default();
        learning.told(names(&NAMES), |_| true, wanted);
        let whole = learning.plan().clone();
        learning.tried(Instant::now(), |_| None);
        assert_eq!(*learning.plan(), whole);
        learning.tried(Instant::now(), |name| if name.starts_with('b') { None } else { wanted(name) });
        assert_eq!(
            asked(&learning),
            [("a:type=t,name=n", Some("Count")), ("b:type=t,name=n", None), ("s:type=sensor", None)]
        );
        learning.tried(Instant::now(), wanted);
        assert_eq!(asked(&learning), [("a:type=t,name=n", Some("Count")), ("s:type=sensor", None)]);
    }

    #[test]
    fn all_beans_are_tried_again_after_a_while() {
        let mut learning = Learning::default();
        let start = Instant::now();
        learning.told(names(&NAMES), |_| true, wanted);
        learning.tried(start, wanted);
        learning.tried(start + TRY_AGAIN_AFTER / 2, wanted);
        assert!(!learning.plan().is_empty());
        learning.tried(start + TRY_AGAIN_AFTER, wanted);
        assert!(learning.plan().is_empty() && learning.untried().count() == 0);
        learning.told(names(&NAMES), |_| true, wanted);
        assert_eq!(asked(&learning), [("a:type=t,name=n", None), ("b:type=t,name=n", None), ("s:type=sensor", None)]);
        assert_eq!(learning.untried().count(), 3);
    }
}
