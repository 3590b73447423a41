//! What to ask a node for, made from the names of its beans: all beans, each in exactly one query, those that exist per
//! partition apart, so that their flood cannot take the essentials with it.

use std::collections::{BTreeMap, BTreeSet};

use super::ObjectName;

/// Most queries of a domain that is split; real ones have some dozens.
const MAX_PER_DOMAIN: usize = 200;

/// Most queries of a plan.
const MAX_QUERIES: usize = 500;

/// The queries of one read. Empty = nothing known of the node yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Asked first.
    pub essentials: Vec<Query>,
    /// Kinds of beans that exist per partition: asked second.
    pub per_partition: Vec<Query>,
}

/// A read of all beans that a pattern matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// An ObjectName pattern; an exact name would be answered in another shape.
    pub pattern: String,
    /// Attributes to read; `None` = all.
    pub attributes: Option<Vec<String>>,
}

/// The beans of one domain, as far as the plan cares.
#[derive(Default)]
struct Domain<'a> {
    /// Value of `type` -> whether any of its beans exists per partition.
    types: BTreeMap<&'a str, bool>,
    /// Sets of keys of beans without `type`.
    untyped: BTreeSet<Vec<&'a str>>,
}

impl Plan {
    /// A plan that reads all beans of `names`, each once.
    ///
    /// A domain that has no beans per partition (no key property `partition`) is one query, `domain:*`, so that beans
    /// that appear later are read at once. Any other domain is one query per `type`, and one per set of keys for beans
    /// without `type`; there, beans of new types wait for the next plan. Names that are no ObjectNames are left out: one
    /// of them would fail a whole bulk request.
    ///
    /// The number of queries is bounded: a domain with more than 200 kinds of beans is one query after all, and with
    /// more than 500 queries one query reads everything. A plan of beans that exist per partition alone has them as
    /// essentials, because there is nothing to show without them.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut domains: BTreeMap<&str, Domain<'_>> = BTreeMap::new();
        for text in names {
            let Ok(name) = ObjectName::parse(text) else { continue };
            let domain = domains.entry(name.domain).or_default();
            let per_partition = name.get("partition").is_some();
            match name.get("type") {
                Some(kind) => *domain.types.entry(kind).or_default() |= per_partition,
                None => {
                    let mut keys: Vec<&str> = name.properties.iter().map(|&(key, _)| key).collect();
                    keys.sort_unstable();
                    domain.untyped.insert(keys);
                }
            }
        }
        let mut plan = Self::default();
        for (domain, kinds) in domains {
            let flood = |keys: &Vec<&str>| keys.contains(&"partition");
            if kinds.types.len() + kinds.untyped.len() > MAX_PER_DOMAIN
                || (!kinds.types.values().any(|&per_partition| per_partition) && !kinds.untyped.iter().any(flood))
            {
                plan.essentials.push(Query::all(format!("{domain}:*")));
                continue;
            }
            for (kind, per_partition) in kinds.types {
                plan.part(per_partition).push(Query::all(format!("{domain}:type={kind},*")));
            }
            for keys in kinds.untyped {
                // Without `,*` at its end a pattern matches only beans that have exactly these keys.
                let pattern = format!("{domain}:{}=*", keys.join("=*,"));
                plan.part(flood(&keys)).push(Query::all(pattern));
            }
        }
        if plan.essentials.len() + plan.per_partition.len() > MAX_QUERIES {
            plan = Self { essentials: vec![Query::all("*:*".to_owned())], per_partition: Vec::new() };
        } else if plan.essentials.is_empty() {
            plan.essentials = std::mem::take(&mut plan.per_partition);
        }
        plan
    }

    /// Whether nothing is known of the node yet.
    pub fn is_empty(&self) -> bool {
        self.essentials.is_empty() && self.per_partition.is_empty()
    }

    fn part(&mut self, per_partition: bool) -> &mut Vec<Query> {
        if per_partition { &mut self.per_partition } else { &mut self.essentials }
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

    #[test]
    fn kinds_per_partition_come_second_and_quiet_domains_are_read_wholesale() {
        let plan = Plan::from_names([
            "kafka.log:type=Log,name=Size,topic=t,partition=0",
            "kafka.log:type=LogManager,name=OfflineLogDirectoryCount",
            "kafka.log:name=odd,a=1",
            "kafka.log:a=2,name=odd",
            "java.lang:type=Memory",
            "java.lang:type=Runtime",
            "no name",
        ]);
        assert_eq!(patterns(&plan.essentials), ["java.lang:*", "kafka.log:type=LogManager,*", "kafka.log:a=*,name=*"]);
        assert_eq!(patterns(&plan.per_partition), ["kafka.log:type=Log,*"]);
    }

    #[test]
    fn the_number_of_queries_is_bounded() {
        let plan = |names: Vec<String>| Plan::from_names(names.iter().map(String::as_str));
        let typed: Vec<String> = (0..1000).map(|kind| format!("odd:type=t{kind},partition=0")).collect();
        let untyped = (0..1000).map(|key| format!("odd:k{key}=v,partition=0")).collect();
        for mut names in [typed, untyped] {
            names.extend(["kafka.log:type=Log,partition=0", "kafka.log:type=LogManager"].map(str::to_owned));
            let plan = plan(names);
            assert_eq!(patterns(&plan.essentials), ["kafka.log:type=LogManager,*", "odd:*"]);
            assert_eq!(patterns(&plan.per_partition), ["kafka.log:type=Log,*"]);
        }
        let domains = plan((0..1000).map(|domain| format!("odd{domain}:type=a")).collect());
        assert_eq!((patterns(&domains.essentials), domains.per_partition.len()), (vec!["*:*"], 0));
    }

    #[test]
    fn beans_that_exist_per_partition_are_essential_where_there_are_no_others() {
        let plan = Plan::from_names(["kafka.log:type=Log,name=Size,topic=t,partition=0"]);
        assert_eq!((patterns(&plan.essentials), plan.per_partition.len()), (vec!["kafka.log:type=Log,*"], 0));
    }

    #[test]
    fn no_names_give_an_empty_plan() {
        assert!(Plan::from_names([]).is_empty());
    }

    /// Matches the three forms of pattern that a plan is made of.
    fn matches(query: &Query, text: &str) -> bool {
        let name = ObjectName::parse(text).unwrap();
        let (domain, properties) = query.pattern.split_once(':').unwrap();
        if name.domain != domain || properties == "*" {
            return name.domain == domain;
        }
        if let Some(kind) = properties.strip_prefix("type=") {
            return name.get("type") == kind.strip_suffix(",*");
        }
        let keys: BTreeSet<&str> = properties.split(',').map(|key| key.strip_suffix("=*").unwrap()).collect();
        name.properties.iter().map(|&(key, _)| key).collect::<BTreeSet<_>>() == keys
    }

    proptest! {
        #[test]
        fn every_bean_is_in_exactly_one_query(
            beans in proptest::collection::vec(
                ("[ab]", proptest::option::of(r#"[xy]|"x,"|"\\\*""#), proptest::option::of("[01]"), "[mn]", any::<bool>()), 0..12),
        ) {
            let names: BTreeSet<String> = beans
                .iter()
                .map(|(domain, kind, partition, name, name_first)| {
                    let mut properties: Vec<String> = kind.iter().map(|kind| format!("type={kind}")).collect();
                    properties.extend(partition.iter().map(|partition| format!("partition={partition}")));
                    properties.insert(if *name_first { 0 } else { properties.len() }, format!("name={name}"));
                    format!("{domain}:{}", properties.join(","))
                })
                .collect();
            let plan = Plan::from_names(names.iter().map(String::as_str));
            for name in &names {
                let essentials = plan.essentials.iter().filter(|query| matches(query, name)).count();
                let second = plan.per_partition.iter().filter(|query| matches(query, name)).count();
                prop_assert_eq!(essentials + second, 1, "{} in {:?}", name, plan);
                if name.contains("partition=") && !plan.per_partition.is_empty() {
                    prop_assert_eq!(second, 1, "{} in {:?}", name, plan);
                }
            }
        }
    }
}
