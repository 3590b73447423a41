//! Which beans and attributes a node is asked for: names that the agent tells and what turned out to be wanted of each
//! in, the plan of the next read out. A bean is read whole until it has been tried; from then on only what is wanted of
//! it, if anything.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use crate::mbean::{Ask, ObjectName, Plan};

/// After this time all beans are tried again: a getter may have failed when its bean was tried, and Kafka adds attributes
/// to the beans of its sensors as it meets their first use.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(600);

/// What is known of a node's beans.
#[derive(Debug, Default)]
pub(super) struct Learning {
    plan: Plan,
    /// All names, as long as beans among them are to be tried.
    names: Vec<Box<str>>,
    /// Hashes of the names that need not be tried.
    tried: HashSet<u64>,
    hasher: RandomState,
    all_tried_at: Option<Instant>,
}

impl Learning {
    /// What to ask for. Empty = the names first.
    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Forgets what was tried, because other rules may want something else. The names must be told again.
    pub(super) fn start_afresh(&mut self) {
        *self = Self::default();
    }

    /// Beans came or went. `may_want` = whether a bean is worth a try; `wanted` = what is wanted of one that was tried.
    pub(super) fn told<'a>(
        &mut self,
        names: Vec<Box<str>>,
        may_want: impl Fn(&str) -> bool,
        wanted: impl Fn(&str) -> Ask<'a>,
    ) {
        let mut untried = Vec::new();
        let mut tried = HashSet::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            let hash = self.hasher.hash_one(name);
            if self.tried.contains(&hash) || !may_want(name) {
                tried.insert(hash);
            } else {
                untried.push(at);
            }
        }
        self.tried = tried;
        let mut untried = untried.into_iter().peekable();
        self.names = if untried.peek().is_some() { names.clone() } else { Vec::new() };
        self.plan = Plan::new(names.iter().enumerate().map(|(at, name)| {
            let ask = if untried.next_if_eq(&at).is_some() { Ask::All } else { wanted_of(name, &wanted) };
            (&**name, ask)
        }));
    }

    /// A read of the plan has brought all it asked for, and all of it has been tried.
    pub(super) fn tried<'a>(&mut self, now: Instant, wanted: impl Fn(&str) -> Ask<'a>) {
        if !self.names.is_empty() {
            let names = std::mem::take(&mut self.names);
            self.tried.extend(names.iter().map(|name| self.hasher.hash_one(name)));
            self.plan = Plan::new(names.iter().map(|name| (&**name, wanted_of(name, &wanted))));
        }
        match self.all_tried_at {
            None => self.all_tried_at = Some(now),
            Some(then) if now.saturating_duration_since(then) >= TRY_AGAIN_AFTER => self.start_afresh(),
            Some(_) => {}
        }
    }
}

/// Attributes are picked out only of beans with a `name`, which have all theirs from the start. To the beans of Kafka's
/// sensors attributes are added later.
fn wanted_of<'a>(name: &str, wanted: impl Fn(&str) -> Ask<'a>) -> Ask<'a> {
    match wanted(name) {
        Ask::Attributes(_) if ObjectName::parse(name).is_ok_and(|name| name.get("name").is_none()) => Ask::All,
        ask => ask,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["a:type=t,name=n", "s:type=sensor", "b:type=t,name=n"];

    fn names(names: &[&str]) -> Vec<Box<str>> {
        names.iter().map(|&name| name.into()).collect()
    }

    fn wanted(name: &str) -> Ask<'static> {
        if name.starts_with(['a', 's']) { Ask::Attributes(vec!["Count"]) } else { Ask::Nothing }
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
        learning.told(names(&NAMES), |name| name.contains("sensor"), |_| Ask::Nothing);
        assert_eq!(asked(&learning), [("s:type=sensor", None)]);
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
        assert!(learning.plan().is_empty());
    }
}
