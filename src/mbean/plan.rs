//! What to ask a node for: the names of its beans and what is wanted of each in, the cheapest queries for the broker out.
//! Each bean is in at most one query, and those that exist per partition are apart, so that their flood cannot take the
//! essentials with it.

use std::collections::{BTreeMap, BTreeSet};

use super::ObjectName;

/// Most queries of a plan.
const MAX_QUERIES: usize = 1000;

/// Attributes of one query from which on asking for all of them is simpler for everybody.
const MAX_ATTRIBUTES: usize = 40;

/// What a read costs a broker, in microseconds: measured with Jolokia 2.5.0 on Kafka 4.3.0, good for comparisons.
mod cost {
    /// One bean asked for by its name.
    pub(super) const NAME: f64 = 5.0;
    /// One pattern.
    pub(super) const PATTERN: f64 = 28.0;
    /// One bean of the domain that a pattern is compared with (`Repository.query` walks through all of a domain).
    pub(super) const COMPARISON: f64 = 0.055;
    /// One bean read.
    pub(super) const BEAN: f64 = 3.5;
    /// One attribute of it.
    pub(super) const ATTRIBUTE: f64 = 2.0;
    /// All attributes of a bean.
    pub(super) const ATTRIBUTES: f64 = 14.0;
}

/// The queries of one read. Empty = nothing known of the node yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Asked first.
    pub essentials: Vec<Query>,
    /// Beans that exist per partition: asked second.
    pub per_partition: Vec<Query>,
}

/// A read of all beans that a pattern matches, or of one bean by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// An ObjectName, or a pattern of such.
    pub pattern: String,
    /// Attributes to read; `None` = all.
    pub attributes: Option<Vec<String>>,
}

/// What is wanted of a bean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask<'a> {
    /// It need not be read.
    Nothing,
    /// These attributes, at least one.
    Attributes(Vec<&'a str>),
    /// Whatever it has.
    All,
}

impl Ask<'_> {
    /// What both want.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (ask, Self::Nothing) | (Self::Nothing, ask) => ask,
            (Self::Attributes(mut attributes), Self::Attributes(others)) => {
                attributes.extend(others);
                Self::Attributes(attributes)
            }
        }
    }
}

/// What is wanted of several beans by one query.
#[derive(Debug, Clone, Default)]
struct Wanted<'a> {
    all: bool,
    attributes: BTreeSet<&'a str>,
}

/// Beans that a pattern could select together.
#[derive(Debug, Default)]
struct Group<'a> {
    /// `None` = no pattern selects just these.
    pattern: Option<String>,
    /// Beans in it, wanted or not.
    beans: usize,
    /// Whether there is any that exists per partition, wanted or not.
    has_per_partition: bool,
    /// Whether any wanted one does not exist per partition.
    wants_others: bool,
    wanted: Wanted<'a>,
    /// Groups within; empty in the smallest ones.
    parts: BTreeMap<Part<'a>, Group<'a>>,
    /// The wanted beans of a smallest group.
    names: Vec<(&'a str, Wanted<'a>)>,
}

/// What sets a group apart from its sisters: the domain, the value of `type`, then that of `name`, then all the keys.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Value(Option<&'a str>),
    Keys(Vec<&'a str>),
}

impl Plan {
    /// A plan that reads all beans of `names`, each once.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(names.into_iter().map(|name| (name, Ask::All)))
    }

    /// The cheapest plan that reads what is wanted, each bean at most once. It may read beans that are not wanted, where
    /// that costs less than to leave them out, and with `domain:*` it reads beans that appear later.
    ///
    /// Names that are no ObjectNames are left out: one of them would fail a whole bulk request. The number of queries is
    /// bounded: a node that would need more than 1,000 gets coarser ones, in the end one for everything. A plan of beans
    /// that exist per partition alone has them as essentials, because there is nothing to show without them.
    pub fn new<'a>(beans: impl IntoIterator<Item = (&'a str, Ask<'a>)>) -> Self {
        let mut domains: BTreeMap<&str, Group<'_>> = BTreeMap::new();
        for (text, ask) in beans {
            let Ok(name) = ObjectName::parse(text) else { continue };
            let domain = domains.entry(name.domain).or_insert_with(|| Group::of(Some(format!("{}:*", name.domain))));
            domain.add(text, &name, &Wanted::from(ask));
        }
        // Dearer queries make coarser plans.
        for dearness in [0.0, 50.0, 500.0, 1e6] {
            let mut plan = Self::default();
            for domain in domains.values() {
                domain.cheapest(domain.beans, dearness).1.into_iter().for_each(|(per_partition, query)| {
                    if per_partition { &mut plan.per_partition } else { &mut plan.essentials }.push(query);
                });
            }
            if plan.essentials.len() + plan.per_partition.len() <= MAX_QUERIES {
                if plan.essentials.is_empty() {
                    plan.essentials = std::mem::take(&mut plan.per_partition);
                }
                return plan;
            }
        }
        Self { essentials: vec![Query::all("*:*".to_owned())], per_partition: Vec::new() }
    }

    /// Whether nothing is known of the node yet.
    pub fn is_empty(&self) -> bool {
        self.essentials.is_empty() && self.per_partition.is_empty()
    }
}

impl<'a> Group<'a> {
    fn of(pattern: Option<String>) -> Self {
        Self { pattern, ..Self::default() }
    }

    /// Takes a bean into this domain and the groups within.
    fn add(&mut self, text: &'a str, name: &ObjectName<'a>, wanted: &Wanted<'a>) {
        let (domain, kind, own) = (name.domain, name.get("type"), name.get("name"));
        self.count(name, wanted);
        let by_type = self.parts.entry(Part::Value(kind)).or_insert_with(|| {
            // No pattern selects beans without a key.
            Self::of(kind.map(|kind| format!("{domain}:type={kind},*")))
        });
        by_type.count(name, wanted);
        let by_name = by_type
            .parts
            .entry(Part::Value(own))
            .or_insert_with(|| Self::of(kind.zip(own).map(|(kind, own)| format!("{domain}:type={kind},name={own},*"))));
        by_name.count(name, wanted);
        let mut keys: Vec<&str> = name.properties.iter().map(|&(key, _)| key).collect();
        keys.sort_unstable();
        let pattern = || {
            // Without `,*` at its end a pattern selects only beans that have exactly these keys.
            let pairs = keys.iter().map(|&key| match key {
                "type" | "name" => format!("{key}={}", name.get(key).unwrap_or("*")),
                _ => format!("{key}=*"),
            });
            // A name would be answered in another shape.
            let is_pattern = keys.iter().any(|key| !matches!(*key, "type" | "name"));
            is_pattern.then(|| format!("{domain}:{}", pairs.collect::<Vec<_>>().join(",")))
        };
        let pattern = (!by_name.parts.contains_key(&Part::Keys(keys.clone()))).then(pattern).flatten();
        let by_keys = by_name.parts.entry(Part::Keys(keys)).or_insert_with(|| Self::of(pattern));
        by_keys.count(name, wanted);
        if wanted.is_any() {
            by_keys.names.push((text, wanted.clone()));
        }
    }

    fn count(&mut self, name: &ObjectName<'_>, wanted: &Wanted<'a>) {
        let per_partition = name.get("partition").is_some();
        self.beans += 1;
        self.has_per_partition |= per_partition;
        self.wants_others |= wanted.is_any() && !per_partition;
        self.wanted.add(wanted);
    }

    /// The cost of the cheapest queries for what is wanted here, and the queries, each with whether it reads beans that
    /// exist per partition. `domain` = beans in the domain, `dearness` = what is added to the cost of each query.
    fn cheapest(&self, domain: usize, dearness: f64) -> (f64, Vec<(bool, Query)>) {
        if !self.wanted.is_any() {
            return (0.0, Vec::new());
        }
        let (mut cost, mut queries) = (0.0, Vec::new());
        for part in self.parts.values() {
            let (part_cost, part_queries) = part.cheapest(domain, dearness);
            cost += part_cost;
            queries.extend(part_queries);
        }
        for (name, wanted) in &self.names {
            cost += dearness + cost::NAME + wanted.cost();
            queries.push((self.has_per_partition, wanted.query((*name).to_owned())));
        }
        // A pattern for both would either hold up the essentials or put some of them off.
        let is_mixed = self.has_per_partition && self.wants_others;
        if let Some(pattern) = self.pattern.as_ref().filter(|_| !is_mixed) {
            #[expect(clippy::cast_precision_loss, reason = "numbers of beans")]
            let whole =
                dearness + cost::PATTERN + domain as f64 * cost::COMPARISON + self.beans as f64 * self.wanted.cost();
            if whole <= cost {
                return (whole, vec![(self.has_per_partition, self.wanted.query(pattern.clone()))]);
            }
        }
        (cost, queries)
    }
}

impl<'a> From<Ask<'a>> for Wanted<'a> {
    fn from(ask: Ask<'a>) -> Self {
        match ask {
            Ask::Nothing => Self::default(),
            Ask::Attributes(attributes) => Self { all: false, attributes: attributes.into_iter().collect() },
            Ask::All => Self { all: true, attributes: BTreeSet::new() },
        }
    }
}

impl<'a> Wanted<'a> {
    fn is_any(&self) -> bool {
        self.all || !self.attributes.is_empty()
    }

    fn add(&mut self, other: &Self) {
        self.all |= other.all || self.attributes.len() > MAX_ATTRIBUTES;
        if self.all {
            self.attributes.clear();
        } else {
            self.attributes.extend(&other.attributes);
        }
    }

    /// Of one bean read.
    fn cost(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a number of attributes")]
        let attributes = if self.all { cost::ATTRIBUTES } else { self.attributes.len() as f64 * cost::ATTRIBUTE };
        cost::BEAN + attributes
    }

    fn query(&self, pattern: String) -> Query {
        let attributes = (!self.all).then(|| self.attributes.iter().map(|&attribute| attribute.to_owned()).collect());
        Query { pattern, attributes }
    }
}

impl Query {
    /// A read of all attributes.
    pub fn all(pattern: String) -> Self {
        Self { pattern, attributes: None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn patterns(queries: &[Query]) -> Vec<&str> {
        queries.iter().map(|query| query.pattern.as_str()).collect()
    }

    fn flood(kind: &str, partitions: usize) -> Vec<String> {
        (0..partitions).map(|partition| format!("{kind},topic=t,partition={partition}")).collect()
    }

    #[test]
    fn beans_per_partition_come_second_and_quiet_domains_are_read_wholesale() {
        let mut names = flood("kafka.log:type=Log,name=Size", 10);
        names.extend(flood("kafka.log:type=Log,name=LogEndOffset", 10));
        names.extend(
            ["kafka.log:type=LogManager,name=A", "kafka.log:name=odd,a=1", "kafka.log:a=2,name=odd", "no name"]
                .map(str::to_owned),
        );
        names.extend((0..10).map(|index| format!("java.lang:type=T{index}")));
        let plan = Plan::from_names(names.iter().map(String::as_str));
        assert_eq!(
            patterns(&plan.essentials),
            ["java.lang:*", "kafka.log:name=odd,a=1", "kafka.log:a=2,name=odd", "kafka.log:type=LogManager,name=A"]
        );
        assert_eq!(patterns(&plan.per_partition), ["kafka.log:type=Log,*"]);
    }

    #[test]
    fn only_what_is_wanted_is_asked_for_in_the_cheapest_way() {
        let mut names = flood("kafka.log:type=Log,name=Size", 1000);
        names.extend(flood("kafka.log:type=Log,name=LogEndOffset", 1000));
        let many =
            |name: &'static str| (0..100).map(move |index| format!("kafka.net:type=R,name={name},request=r{index}"));
        names.extend(["TotalTimeMs", "LocalTimeMs", "Errors"].into_iter().flat_map(many));
        names.push("kafka.net:type=Pool,name=Idle".to_owned());
        names.push("kafka.net:type=Pool,name=Busy".to_owned());
        let ask = |name: &str| match name {
            _ if name.contains("name=Size") => Ask::Attributes(vec!["Value"]),
            _ if name.contains("name=TotalTimeMs") => Ask::Attributes(vec!["99thPercentile", "Count"]),
            "kafka.net:type=R,name=Errors,request=r7" => Ask::Attributes(vec!["Count"]),
            "kafka.net:type=Pool,name=Idle" => Ask::All,
            _ => Ask::Nothing,
        };
        let plan = Plan::new(names.iter().map(|name| (name.as_str(), ask(name))));
        let shown = |queries: &[Query]| -> Vec<String> {
            let attributes = |query: &Query| query.attributes.as_ref().map_or("*".to_owned(), |names| names.join(","));
            queries.iter().map(|query| format!("{} [{}]", query.pattern, attributes(query))).collect()
        };
        assert_eq!(
            shown(&plan.essentials),
            [
                "kafka.net:type=Pool,name=Idle [*]",
                "kafka.net:type=R,name=Errors,request=r7 [Count]",
                "kafka.net:type=R,name=TotalTimeMs,* [99thPercentile,Count]"
            ]
        );
        assert_eq!(shown(&plan.per_partition), ["kafka.log:type=Log,name=Size,* [Value]"]);
        assert!(Plan::new([("a:b=c", Ask::Nothing)]).is_empty());
    }

    #[test]
    fn the_number_of_queries_is_bounded() {
        // Kinds that no pattern brings together.
        let names: Vec<String> = (0..3000).map(|domain| format!("odd{domain}:type=a")).collect();
        let plan = Plan::from_names(names.iter().map(String::as_str));
        assert_eq!((patterns(&plan.essentials), plan.per_partition.len()), (vec!["*:*"], 0));
        // Some of very many beans.
        let names: Vec<String> = (0..30_000).map(|index| format!("odd:type=t{index}")).collect();
        let ask = |index: usize| if index.is_multiple_of(10) { Ask::All } else { Ask::Nothing };
        let plan = Plan::new(names.iter().enumerate().map(|(index, name)| (name.as_str(), ask(index))));
        assert_eq!(patterns(&plan.essentials), ["odd:*"]);
    }

    #[test]
    fn beans_that_exist_per_partition_are_essential_where_there_are_no_others() {
        let names = flood("kafka.log:type=Log,name=Size", 10);
        let plan = Plan::from_names(names.iter().map(String::as_str));
        assert_eq!((patterns(&plan.essentials), plan.per_partition.len()), (vec!["kafka.log:*"], 0));
    }

    #[test]
    fn no_names_give_an_empty_plan() {
        assert!(Plan::from_names([]).is_empty());
    }

    /// Whether a query reads a bean, by the rules of ObjectName patterns that the plan makes use of.
    fn reads(query: &Query, text: &str) -> bool {
        let name = ObjectName::parse(text).unwrap();
        let (domain, properties) = query.pattern.split_once(':').unwrap();
        if name.domain != domain || properties == "*" {
            return name.domain == domain;
        }
        let (list, properties) = match properties.strip_suffix(",*") {
            Some(properties) => (true, properties.to_owned()),
            None => (false, properties.replace("=*", "=?")),
        };
        let wanted = format!("{domain}:{}", properties.replace("=?", "=any"));
        let wanted = ObjectName::parse(&wanted).unwrap();
        let agree = wanted.properties.iter().all(|&(key, value)| match name.get(key) {
            Some(own) => value == "any" || own == value,
            None => false,
        });
        agree && (list || wanted.properties.len() == name.properties.len())
    }

    proptest! {
        #[test]
        fn every_wanted_bean_is_in_exactly_one_query_and_no_bean_in_two(
            beans in proptest::collection::vec(
                ("[ab]", proptest::option::of(r#"[xy]|"x,"|"\\\*""#), proptest::option::of("[0-9]"), "[mn]", any::<bool>(), 0..3usize), 0..40),
        ) {
            let beans: BTreeMap<String, usize> = beans
                .iter()
                .map(|(domain, kind, partition, name, name_first, ask)| {
                    let mut properties: Vec<String> = kind.iter().map(|kind| format!("type={kind}")).collect();
                    properties.extend(partition.iter().map(|partition| format!("partition={partition}")));
                    properties.insert(if *name_first { 0 } else { properties.len() }, format!("name={name}"));
                    properties.sort();
                    (format!("{domain}:{}", properties.join(",")), *ask)
                })
                .collect();
            let ask = |ask: &usize| match ask {
                0 => Ask::Nothing,
                1 => Ask::Attributes(vec!["Value"]),
                _ => Ask::All,
            };
            let plan = Plan::new(beans.iter().map(|(name, kind)| (name.as_str(), ask(kind))));
            for (name, kind) in &beans {
                let reading = |queries: &[Query]| -> Vec<Query> {
                    queries.iter().filter(|query| reads(query, name)).cloned().collect()
                };
                let (first, second) = (reading(&plan.essentials), reading(&plan.per_partition));
                let queries = [first.as_slice(), &second].concat();
                prop_assert!(queries.len() <= 1, "{} in {:?}", name, plan);
                match ask(kind) {
                    Ask::Nothing => {}
                    Ask::Attributes(_) => prop_assert_eq!(queries.len(), 1, "{} in {:?}", name, plan),
                    Ask::All => prop_assert!(queries.iter().any(|query| query.attributes.is_none()), "{}", name),
                }
                if name.contains("partition=") && !plan.per_partition.is_empty() {
                    prop_assert!(first.is_empty(), "{} in {:?}", name, plan);
                }
            }
        }
    }
}
