//! Which beans and attributes count: ObjectName patterns and lists of attributes.

use std::collections::{HashMap, HashSet};

use crate::mbean::{ObjectName, ObjectNamePattern};

/// The domains of the JDK's own beans, which `excludeJvmMetrics` takes out.
const JVM_DOMAINS: [&str; 11] = [
    "com.sun.management",
    "com.sun.management.jmxremote",
    "java.lang",
    "java.nio",
    "java.util.logging",
    "javax.management",
    "javax.management.remote",
    "jdk.internal",
    "jdk.management",
    "jdk.management.jfr",
    "sun.management",
];

/// Attributes of `java.lang:type=Runtime` that jmx_exporter has left out since 0.20, in any spelling of case: they are
/// long and nothing comes of them.
const SKIPPED_OF_RUNTIME: [&str; 4] = ["SystemProperties", "ClassPath", "BootClassPath", "LibraryPath"];

/// `includeObjectNames`, `excludeObjectNames`, the lists of attributes and `excludeJvmMetrics`. The default lets through
/// what jmx_exporter reads without these keys.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// `None` = everything; an empty list = nothing.
    pub(super) include: Option<Vec<ObjectNamePattern>>,
    pub(super) exclude: Vec<ObjectNamePattern>,
    /// Unless empty, only these attributes of these beans count.
    pub(super) include_attributes: AttributeLists,
    pub(super) exclude_attributes: AttributeLists,
    pub(super) exclude_jvm: bool,
}

/// Attributes per bean. The beans are named in full: jmx_exporter compares these names as names, never as patterns.
#[derive(Debug, Clone, Default)]
pub(super) struct AttributeLists {
    by_domain: HashMap<String, Vec<(ObjectNamePattern, HashSet<String>)>>,
    /// There is an entry, if only one that no bean can have.
    in_use: bool,
}

impl AttributeLists {
    /// Adds attributes of a bean; those given earlier for the same bean stay.
    pub(super) fn add(&mut self, name: ObjectNamePattern, attributes: impl Iterator<Item = String>) {
        self.in_use = true;
        // Nothing is ever equal to a name with wildcards.
        if !name.is_pattern() {
            self.by_domain.entry(name.domain().to_owned()).or_default().push((name, attributes.collect()));
        }
    }

    /// Whether anything was added.
    pub(super) fn in_use(&self) -> bool {
        self.in_use
    }

    fn names_bean(&self, name: &ObjectName<'_>) -> bool {
        self.of_bean(name).next().is_some()
    }

    fn names(&self, name: &ObjectName<'_>, attribute: &str) -> bool {
        self.of_bean(name).any(|attributes| attributes.contains(attribute))
    }

    fn of_bean(&self, name: &ObjectName<'_>) -> impl Iterator<Item = &HashSet<String>> {
        let of_domain = self.by_domain.get(name.domain).map(Vec::as_slice).unwrap_or_default();
        of_domain.iter().filter(|(listed, _)| listed.matches(name)).map(|(_, attributes)| attributes)
    }
}

impl Filter {
    /// Whether any attribute of the bean may count.
    pub fn bean(&self, name: &ObjectName<'_>) -> bool {
        let any = |patterns: &[ObjectNamePattern]| patterns.iter().any(|pattern| pattern.matches(name));
        if let Some(include) = &self.include
            && !any(include)
        {
            return false;
        }
        // What an include pattern names is read even if it is a bean of the JDK.
        let hidden = self.exclude_jvm && self.include.is_none() && JVM_DOMAINS.contains(&name.domain);
        !hidden
            && !any(&self.exclude)
            && !is_single(name, "jdk.management.jfr", "FlightRecorder")
            && (!self.include_attributes.in_use || self.include_attributes.names_bean(name))
    }

    /// The patterns that exclude the bean.
    pub fn excluded_by<'f>(&'f self, name: &'f ObjectName<'_>) -> impl Iterator<Item = &'f ObjectNamePattern> {
        self.exclude.iter().filter(|pattern| pattern.matches(name))
    }

    /// Whether the attribute of a bean that passed [`bean`](Self::bean) may count.
    pub fn attribute(&self, name: &ObjectName<'_>, attribute: &str) -> bool {
        if self.exclude_attributes.names(name, attribute)
            || (self.include_attributes.in_use && !self.include_attributes.names(name, attribute))
        {
            return false;
        }
        let skipped = SKIPPED_OF_RUNTIME.iter().any(|skipped| skipped.eq_ignore_ascii_case(attribute));
        !(skipped && is_single(name, "java.lang", "Runtime"))
    }

    /// Why no bean of the domain can count, if that is so.
    pub(super) fn hides_domain(&self, domain: &str) -> Option<String> {
        let hiding =
            self.exclude.iter().find(|pattern| pattern.means_whole_domains() && pattern.matches_domain(domain));
        if let Some(pattern) = hiding {
            return Some(format!("{pattern} is excluded"));
        }
        match &self.include {
            Some(include) if !include.iter().any(|pattern| pattern.matches_domain(domain)) => {
                Some("no include pattern names this domain".to_owned())
            }
            None if self.exclude_jvm && JVM_DOMAINS.contains(&domain) => Some("excludeJvmMetrics is on".to_owned()),
            _ => None,
        }
    }
}

/// Whether it is the bean with this type and no other property.
fn is_single(name: &ObjectName<'_>, domain: &str, kind: &str) -> bool {
    name.domain == domain && name.properties.len() == 1 && name.get("type") == Some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Vec<ObjectNamePattern> {
        texts.iter().map(|text| ObjectNamePattern::parse(text).unwrap()).collect()
    }

    fn filter(include: Option<&[&str]>, exclude: &[&str], exclude_jvm: bool) -> Filter {
        Filter { include: include.map(patterns), exclude: patterns(exclude), exclude_jvm, ..Filter::default() }
    }

    fn lists(entries: &[(&str, &[&str])]) -> AttributeLists {
        let mut lists = AttributeLists::default();
        for (name, attributes) in entries {
            let name = ObjectNamePattern::parse(name).unwrap();
            lists.add(name, attributes.iter().map(|attribute| (*attribute).to_owned()));
        }
        lists
    }

    #[test]
    fn beans_are_included_then_excluded() {
        const NONE: &[&str] = &[];
        let kafka: &[&str] = &["kafka.server:*", "java.lang:type=Memory"];
        for (include, exclude, jvm, name, expected) in [
            (None, NONE, false, "kafka.server:type=a", true),
            (Some(NONE), NONE, false, "kafka.server:type=a", false),
            (Some(kafka), NONE, false, "kafka.server:type=a", true),
            (Some(kafka), NONE, false, "kafka.log:type=a", false),
            (Some(kafka), &["kafka.server:type=a"], false, "kafka.server:type=a", false),
            (Some(kafka), &["kafka.server:type=a"], false, "kafka.server:type=a,b=c", true),
            (None, &["kafka.consumer:type=*,id=*"], false, "kafka.consumer:type=x,id=1", false),
            (None, &["kafka.consumer:type=*,id=*"], false, "kafka.consumer:type=x,client-id=1", true),
            (None, NONE, true, "java.lang:type=Memory", false),
            (None, NONE, true, "java.lang.x:type=Memory", true),
            (Some(kafka), NONE, true, "java.lang:type=Memory", true),
            (Some(kafka), NONE, true, "java.lang:type=Threading", false),
            (Some(&["*:*"]), NONE, true, "java.lang:type=Threading", true),
            (Some(kafka), &["java.lang:*"], true, "java.lang:type=Memory", false),
            (None, NONE, false, "jdk.management.jfr:type=FlightRecorder", false),
            (None, NONE, false, "jdk.management.jfr:type=FlightRecorder,a=b", true),
        ] {
            let name = ObjectName::parse(name).unwrap();
            assert_eq!(filter(include, exclude, jvm).bean(&name), expected, "{include:?} {exclude:?} {jvm} {name}");
        }
    }

    #[test]
    fn lists_of_attributes_are_for_the_beans_that_they_name_in_full() {
        let excluding = Filter {
            exclude_attributes: lists(&[("d:type=a,k=v", &["X", "Y"]), ("d:k=*", &["Z"]), ("d:k=v,type=a", &["W"])]),
            ..Filter::default()
        };
        let including = Filter { include_attributes: lists(&[("d:type=a,k=v", &["X"])]), ..Filter::default() };
        let wild = Filter { include_attributes: lists(&[("d:*", &["X"])]), ..Filter::default() };
        let (named, other) = (ObjectName::parse("d:k=v,type=a").unwrap(), ObjectName::parse("d:k=v").unwrap());
        for (filter, name, attribute, bean, expected) in [
            (&excluding, &named, "X", true, false),
            (&excluding, &named, "W", true, false),
            (&excluding, &named, "Z", true, true),
            (&excluding, &other, "X", true, true),
            (&excluding, &other, "Z", true, true),
            (&including, &named, "X", true, true),
            (&including, &named, "Y", true, false),
            (&including, &other, "X", false, false),
            (&wild, &named, "X", false, false),
        ] {
            assert_eq!(filter.bean(name), bean, "{name}");
            assert_eq!(filter.attribute(name, attribute), expected, "{name} {attribute}");
        }
    }

    #[test]
    fn class_paths_and_system_properties_are_left_out() {
        let runtime = ObjectName::parse("java.lang:type=Runtime").unwrap();
        let filter = Filter::default();
        assert!(filter.bean(&runtime) && filter.attribute(&runtime, "Uptime"));
        for attribute in ["SystemProperties", "ClassPath", "BootClassPath", "libraryPath"] {
            assert!(!filter.attribute(&runtime, attribute), "{attribute}");
        }
        assert!(filter.attribute(&ObjectName::parse("java.lang:type=Runtime,a=b").unwrap(), "ClassPath"));
    }

    #[test]
    fn domains_without_any_bean_that_counts_are_known() {
        let blacklisted = filter(None, &["kafka.log:*", "kafka.server:type=a,*"], false);
        assert_eq!(blacklisted.hides_domain("kafka.log").unwrap(), "kafka.log:* is excluded");
        assert_eq!(blacklisted.hides_domain("kafka.server"), None);
        assert!(filter(Some(&["kafka.*:*"]), &[], false).hides_domain("java.lang").is_some());
        assert!(filter(None, &[], true).hides_domain("java.lang").is_some());
        assert_eq!(filter(Some(&["java.lang:type=a"]), &[], true).hides_domain("java.lang"), None);
    }
}
