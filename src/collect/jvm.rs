//! A node's JVM: its platform beans in, the JVM and process families of both generations of jmx_exporter out. What only
//! operations tell (thread states, deadlocks) and what JMX does not know (resident memory) is left out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::mbean::{Bean, ObjectName, Value};
use crate::metrics::catalogue::Metric;
use crate::metrics::catalogue::jvm::{
    BUFFER_POOL, CLASSES_CURRENT, CLASSES_LOADED, CLASSES_UNLOADED, COMPILATION, CPU, GC, INFO_NEW, INFO_OLD, MAX_FDS,
    MEMORY_NEW, MEMORY_OLD, OPEN_FDS, PENDING_FINALIZATION, POOL_COLLECTION, POOL_NEW, POOL_OLD, START_TIME,
    THREADS_CURRENT, THREADS_DAEMON, THREADS_PEAK, THREADS_STARTED, VIRTUAL_MEMORY,
};
use crate::metrics::{Family, Labels, Sample, Suffix};

const MILLI: f64 = 1e3;
const NANO: f64 = 1e9;

/// Attributes that are one number: bean type, attribute, metric, units per base unit.
const NUMBERS: [(&str, &str, Metric, f64); 14] = [
    ("Memory", "ObjectPendingFinalizationCount", PENDING_FINALIZATION, 1.0),
    ("ClassLoading", "LoadedClassCount", CLASSES_CURRENT, 1.0),
    ("ClassLoading", "TotalLoadedClassCount", CLASSES_LOADED, 1.0),
    ("ClassLoading", "UnloadedClassCount", CLASSES_UNLOADED, 1.0),
    ("Compilation", "TotalCompilationTime", COMPILATION, MILLI),
    ("Threading", "ThreadCount", THREADS_CURRENT, 1.0),
    ("Threading", "DaemonThreadCount", THREADS_DAEMON, 1.0),
    ("Threading", "PeakThreadCount", THREADS_PEAK, 1.0),
    ("Threading", "TotalStartedThreadCount", THREADS_STARTED, 1.0),
    ("OperatingSystem", "ProcessCpuTime", CPU, NANO),
    ("OperatingSystem", "OpenFileDescriptorCount", OPEN_FDS, 1.0),
    ("OperatingSystem", "MaxFileDescriptorCount", MAX_FDS, 1.0),
    ("OperatingSystem", "CommittedVirtualMemorySize", VIRTUAL_MEMORY, 1.0),
    ("Runtime", "StartTime", START_TIME, MILLI),
];

/// Items of a memory usage, in the order of the catalogue's arrays.
const USAGE: [&str; 4] = ["used", "committed", "max", "init"];

/// Collects the JVM's families of one read.
#[derive(Debug, Default)]
pub struct JvmFamilies {
    families: BTreeMap<&'static str, Family>,
}

impl JvmFamilies {
    /// Takes what it knows from a bean; others than the platform's are ignored.
    pub fn bean(&mut self, bean: &Bean<'_>) {
        if !bean.name.starts_with("java.lang:") && !bean.name.starts_with("java.nio:") {
            return;
        }
        let Ok(name) = ObjectName::parse(bean.name) else { return };
        let (Some(kind), own) = (name.get("type"), name.get("name").unwrap_or("")) else { return };
        for (attribute, value) in bean.attributes {
            match (kind, attribute.as_ref()) {
                ("Memory", "HeapMemoryUsage") => self.usage(&[MEMORY_OLD, MEMORY_NEW], ("area", "heap"), value),
                ("Memory", "NonHeapMemoryUsage") => self.usage(&[MEMORY_OLD, MEMORY_NEW], ("area", "nonheap"), value),
                ("MemoryPool", "Usage") => self.usage(&[POOL_OLD, POOL_NEW], ("pool", own), value),
                ("MemoryPool", "CollectionUsage") => self.usage(&[POOL_COLLECTION], ("pool", own), value),
                ("BufferPool", "MemoryUsed") => self.number(&BUFFER_POOL[0], ("pool", own), value),
                ("BufferPool", "TotalCapacity") => self.number(&BUFFER_POOL[1], ("pool", own), value),
                ("BufferPool", "Count") => self.number(&BUFFER_POOL[2], ("pool", own), value),
                ("GarbageCollector", "CollectionCount") => self.collections(Suffix::Count, own, value, 1.0),
                ("GarbageCollector", "CollectionTime") => self.collections(Suffix::Sum, own, value, MILLI),
                ("Runtime", "SystemProperties") => self.info(value),
                (kind, attribute) => self.plain(kind, attribute, value),
            }
        }
    }

    /// The families so far, sorted by name, samples sorted by labels.
    pub fn families(&self) -> Vec<Family> {
        let mut families: Vec<Family> = self.families.values().cloned().collect();
        for family in &mut families {
            family.samples.sort_by(|a, b| a.labels.cmp(&b.labels));
        }
        families
    }

    fn usage(&mut self, generations: &[[Metric; 4]], label: (&str, &str), value: &Value<'_>) {
        let Value::Composite(items) = value else { return };
        let item = |name: &str| items.iter().find(|(key, _)| key == name).and_then(|(_, value)| number(value));
        let labels = Labels::new([label]);
        for (at, name) in USAGE.iter().enumerate() {
            let Some(value) = item(name) else { continue };
            for metrics in generations {
                self.push(&metrics[at], Suffix::None, labels.clone(), value);
            }
        }
    }

    fn number(&mut self, metric: &Metric, label: (&str, &str), value: &Value<'_>) {
        if let Some(value) = number(value) {
            self.push(metric, Suffix::None, Labels::new([label]), value);
        }
    }

    fn collections(&mut self, suffix: Suffix, collector: &str, value: &Value<'_>, unit: f64) {
        // -1 = the collector does not tell.
        if let Some(value) = number(value).filter(|&value| value >= 0.0) {
            self.push(&GC, suffix, Labels::new([("gc", collector)]), value / unit);
        }
    }

    fn plain(&mut self, kind: &str, attribute: &str, value: &Value<'_>) {
        let known = NUMBERS.iter().find(|(of, name, ..)| *of == kind && *name == attribute);
        if let (Some((_, _, metric, unit)), Some(value)) = (known, number(value)) {
            self.push(metric, Suffix::None, Labels::none(), value / unit);
        }
    }

    fn info(&mut self, value: &Value<'_>) {
        let Value::Tabular { rows, .. } = value else { return };
        let property =
            |name: &str| rows.iter().find(|row| text(row, "key") == Some(name)).and_then(|row| text(row, "value"));
        let pairs =
            [("runtime", "java.runtime.name"), ("vendor", "java.vm.vendor"), ("version", "java.runtime.version")];
        let labels = pairs.map(|(label, name)| (label, property(name).unwrap_or("unknown")));
        for metric in [&INFO_OLD, &INFO_NEW] {
            self.push(metric, Suffix::None, Labels::new(labels), 1.0);
        }
    }

    fn push(&mut self, metric: &Metric, suffix: Suffix, labels: Labels, value: f64) {
        let family = self.families.entry(metric.name).or_insert_with(|| metric.family());
        family.samples.push(Sample { suffix, labels, value });
    }
}

/// The attributes of this bean that [`JvmFamilies`] needs, in no order; not every JVM has all of them. `None` = it does not
/// need the bean.
pub fn needed(name: &ObjectName<'_>) -> Option<&'static [&'static str]> {
    Some(match (name.domain, name.get("type")?) {
        ("java.lang", "Memory") => &["HeapMemoryUsage", "NonHeapMemoryUsage", "ObjectPendingFinalizationCount"],
        ("java.lang", "MemoryPool") => &["Usage", "CollectionUsage"],
        ("java.lang", "GarbageCollector") => &["CollectionCount", "CollectionTime"],
        ("java.lang", "ClassLoading") => &["LoadedClassCount", "TotalLoadedClassCount", "UnloadedClassCount"],
        ("java.lang", "Compilation") => &["TotalCompilationTime"],
        ("java.lang", "Threading") => {
            &["ThreadCount", "DaemonThreadCount", "PeakThreadCount", "TotalStartedThreadCount"]
        }
        ("java.lang", "OperatingSystem") => {
            &["ProcessCpuTime", "OpenFileDescriptorCount", "MaxFileDescriptorCount", "CommittedVirtualMemorySize"]
        }
        ("java.lang", "Runtime") => &["StartTime", "SystemProperties"],
        ("java.nio", "BufferPool") => &["MemoryUsed", "TotalCapacity", "Count"],
        _ => return None,
    })
}

fn number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Long(number) => Some(*number as f64),
        Value::Double(number) => Some(*number),
        _ => None,
    }
}

fn text<'v>(row: &'v [(Cow<'_, str>, Value<'_>)], column: &str) -> Option<&'v str> {
    row.iter().find(|(key, _)| key == column).and_then(|(_, value)| match value {
        Value::String(text) => Some(text.as_ref()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(used: i64) -> Value<'static> {
        let items = [("committed", 20), ("init", 10), ("max", -1), ("used", used)];
        Value::Composite(items.map(|(name, value)| (name.into(), Value::Long(value))).to_vec())
    }

    fn lines(beans: &[(&str, &[(&str, Value<'_>)])]) -> Vec<String> {
        let mut jvm = JvmFamilies::default();
        for (name, attributes) in beans {
            let attributes: Vec<_> = attributes.iter().map(|(key, value)| ((*key).into(), value.clone())).collect();
            jvm.bean(&Bean { name, attributes: &attributes });
        }
        let mut lines = Vec::new();
        for family in jvm.families() {
            for sample in family.samples {
                lines.push(format!(
                    "{}{}{{{}}} {}",
                    family.name,
                    sample.suffix.as_str(),
                    sample.labels.as_str(),
                    sample.value
                ));
            }
        }
        lines
    }

    #[test]
    fn memory_appears_under_the_names_of_both_generations() {
        let beans: &[(&str, &[_])] = &[
            ("java.lang:type=Memory", &[("HeapMemoryUsage", usage(5))]),
            ("java.lang:name=Eden,type=MemoryPool", &[("Usage", usage(6)), ("CollectionUsage", Value::Null)]),
        ];
        let lines = lines(beans);
        for line in [
            r#"jvm_memory_bytes_used{area="heap"} 5"#,
            r#"jvm_memory_used_bytes{area="heap"} 5"#,
            r#"jvm_memory_bytes_max{area="heap"} -1"#,
            r#"jvm_memory_pool_bytes_used{pool="Eden"} 6"#,
            r#"jvm_memory_pool_init_bytes{pool="Eden"} 10"#,
        ] {
            assert!(lines.iter().any(|other| other == line), "{line} in {lines:?}");
        }
        assert_eq!(lines.len(), 16);
    }

    #[test]
    fn times_are_in_seconds() {
        let beans: &[(&str, &[_])] = &[
            (
                "java.lang:type=GarbageCollector,name=G1",
                &[("CollectionCount", Value::Long(3)), ("CollectionTime", Value::Long(1500))],
            ),
            ("java.lang:type=OperatingSystem", &[("ProcessCpuTime", Value::Long(2_500_000_000))]),
            ("java.lang:type=Runtime", &[("StartTime", Value::Long(1_700_000_000_500))]),
        ];
        assert_eq!(
            lines(beans),
            [
                r#"jvm_gc_collection_seconds_count{gc="G1"} 3"#,
                r#"jvm_gc_collection_seconds_sum{gc="G1"} 1.5"#,
                "process_cpu_seconds_total{} 2.5",
                "process_start_time_seconds{} 1700000000.5",
            ]
        );
    }

    #[test]
    fn every_attribute_that_makes_a_family_is_needed() {
        let plain = NUMBERS.map(|(kind, attribute, ..)| ("java.lang", kind, attribute));
        let others = [
            ("java.lang", "Memory", "HeapMemoryUsage"),
            ("java.lang", "Memory", "NonHeapMemoryUsage"),
            ("java.lang", "MemoryPool", "Usage"),
            ("java.lang", "MemoryPool", "CollectionUsage"),
            ("java.lang", "GarbageCollector", "CollectionCount"),
            ("java.lang", "GarbageCollector", "CollectionTime"),
            ("java.lang", "Runtime", "SystemProperties"),
            ("java.nio", "BufferPool", "MemoryUsed"),
            ("java.nio", "BufferPool", "TotalCapacity"),
            ("java.nio", "BufferPool", "Count"),
        ];
        let all: Vec<_> = plain.into_iter().chain(others).collect();
        let needed_of = |text: &str| needed(&ObjectName::parse(text).unwrap()).map(<[_]>::to_vec);
        for (domain, kind, attribute) in &all {
            let attributes = needed_of(&format!("{domain}:type={kind},name=a")).unwrap();
            assert!(attributes.contains(attribute), "{kind} {attribute}");
        }
        let kinds: std::collections::BTreeSet<_> = all.iter().map(|(domain, kind, _)| (domain, kind)).collect();
        let count: usize =
            kinds.iter().map(|(domain, kind)| needed_of(&format!("{domain}:type={kind}")).unwrap().len()).sum();
        assert_eq!(count, all.len(), "something is needed that makes no family");
        assert_eq!(needed_of("kafka.server:type=Runtime"), None);
    }

    #[test]
    fn no_name_is_in_the_catalogue_twice() {
        let mut names: Vec<_> = crate::metrics::catalogue::jvm::all().map(|metric| metric.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
