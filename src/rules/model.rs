//! What a rules file says, checked and compiled: plain data.

use super::filter::Filter;
use super::pattern::Pattern;
use super::template::Template;
use crate::metrics::MetricType;

/// Which generation of jmx_exporter's names, types and treatment of duplicates is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compat {
    /// 0.x: names as the rules make them; of equal series the first stays.
    #[default]
    V0,
    /// 1.x: `_total`, `_created`, `_bucket` and `_info` are taken off names, counters end in `_total`; equal series are
    /// told apart by a label `_objectname`.
    V1,
}

impl Compat {
    /// The generation of this name: `0.x` or `0`, `1.x` or `1`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "0.x" | "0" => Some(Self::V0),
            "1.x" | "1" => Some(Self::V1),
            _ => None,
        }
    }

    /// The generation that this one is not.
    pub fn other(self) -> Self {
        match self {
            Self::V0 => Self::V1,
            Self::V1 => Self::V0,
        }
    }

    /// Its name: `0.x` or `1.x`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V0 => "0.x",
            Self::V1 => "1.x",
        }
    }
}

/// A rules file: what is read, and what becomes of it.
#[derive(Debug)]
pub struct Rules {
    /// The generation to follow.
    pub compat: Compat,
    /// Family names in lower case.
    pub lowercase_output_name: bool,
    /// Label names in lower case.
    pub lowercase_output_label_names: bool,
    /// A family whose name ends in `_total` is a counter whatever its rule says (jmx_exporter 1.4 and later).
    pub infer_counter_type_from_name: bool,
    /// No JVM and process families, and no beans of the JDK's domains but those that are included by name.
    pub exclude_jvm_metrics: bool,
    /// Which beans and attributes count.
    pub filter: Filter,
    /// The first that applies to a bean does.
    pub customizers: Vec<MetricCustomizer>,
    /// The first that matches decides. The file's, or a single one that says nothing if the file has no such key.
    pub rules: Vec<Rule>,
    /// What is odd in the file and does not keep it from being used: to be logged at load and shown by `rules check`.
    pub warnings: Vec<Warning>,
}

/// A remark on a rules file that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Line, counted from 1; 0 = unknown.
    pub line: u64,
    /// The rule, counted from 1; `None` if it is about something else.
    pub rule: Option<usize>,
    /// What is odd and what to do, in one line.
    pub text: String,
}

/// What a rule's `type` says. Generation 0.x knows all of these; 1.x honours `COUNTER` and `GAUGE`, all else is untyped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RuleType {
    /// `UNTYPED` or `UNKNOWN`, or no type at all.
    #[default]
    Unknown,
    /// `GAUGE`.
    Gauge,
    /// `COUNTER`.
    Counter,
    /// `SUMMARY`. Text format 0.0.4 of 0.x: `# TYPE x summary`, the sample stays `x`.
    Summary,
    /// `HISTOGRAM`: `# TYPE x histogram`, the sample stays `x`.
    Histogram,
    /// `INFO`: `# TYPE x_info gauge`, the sample stays `x`.
    Info,
    /// `STATE_SET`: `# TYPE x gauge`.
    StateSet,
    /// `GAUGE_HISTOGRAM`: `# TYPE x histogram`, the sample stays `x`.
    GaugeHistogram,
}

impl RuleType {
    /// Every type with its name in rules files.
    pub const NAMES: [(&'static str, Self); 9] = [
        ("GAUGE", Self::Gauge),
        ("COUNTER", Self::Counter),
        ("UNTYPED", Self::Unknown),
        ("UNKNOWN", Self::Unknown),
        ("SUMMARY", Self::Summary),
        ("HISTOGRAM", Self::Histogram),
        ("INFO", Self::Info),
        ("STATE_SET", Self::StateSet),
        ("GAUGE_HISTOGRAM", Self::GaugeHistogram),
    ];

    /// The type of this name in rules files; upper case only, as in jmx_exporter.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|&(_, kind)| kind)
    }

    /// What our writers can say of it: types of several samples have but one here, which no parser would take.
    pub fn metric_type(self) -> MetricType {
        match self {
            Self::Counter => MetricType::Counter,
            Self::Gauge | Self::StateSet => MetricType::Gauge,
            Self::Unknown | Self::Summary | Self::Histogram | Self::Info | Self::GaugeHistogram => MetricType::Unknown,
        }
    }
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Where it begins in the file, counted from 1; 0 = not from a file.
    pub line: u64,
    /// `None` matches everything and has no groups.
    pub pattern: Option<Pattern>,
    /// `None` = the default format. An empty expansion drops the attribute.
    pub name: Option<Template>,
    /// The value instead of the attribute's own; `None` also for an empty text.
    pub value: Option<Template>,
    /// What the value is multiplied with.
    pub value_factor: f64,
    /// Names and values of labels, in ascending order of the names' source.
    pub labels: Vec<(Template, Template)>,
    /// `None` = the default help.
    pub help: Option<Template>,
    /// What the family is, as far as we have that type.
    pub kind: MetricType,
    /// What the family is as the rule says it.
    pub rule_type: RuleType,
    /// Attribute names are matched, and used in names, in snake case.
    pub attr_name_snake_case: bool,
    /// The pattern sees `<cache>` in place of the value.
    pub cache: bool,
}

/// An entry of `metricCustomizers` (jmx_exporter 1.2 and later).
#[derive(Debug, Clone, PartialEq)]
pub struct MetricCustomizer {
    /// The domain of the beans it applies to.
    pub domain: String,
    /// Key properties that these beans have.
    pub properties: Vec<(String, String)>,
    /// Attributes whose text becomes a label, named as the attribute, of every sample of the bean.
    pub attributes_as_labels: Vec<String>,
    /// Attributes that the bean has besides its own.
    pub extra_metrics: Vec<ExtraMetric>,
}

/// An attribute with a constant value.
#[derive(Debug, Clone, PartialEq)]
pub struct ExtraMetric {
    /// The attribute's name.
    pub name: String,
    /// Its value: `Long`, `Double` or `Bool`.
    pub value: crate::mbean::Value<'static>,
    /// What it is for.
    pub description: String,
}

impl Default for Rule {
    /// The rule that a file without `rules` has: everything in the default format.
    fn default() -> Self {
        Self {
            line: 0,
            pattern: None,
            name: None,
            value: None,
            value_factor: 1.0,
            labels: Vec::new(),
            help: None,
            kind: MetricType::Unknown,
            rule_type: RuleType::Unknown,
            attr_name_snake_case: false,
            cache: false,
        }
    }
}

impl Rules {
    /// What an empty file says: every attribute in the default format, names as they are.
    pub fn empty() -> Self {
        Self {
            compat: Compat::V0,
            lowercase_output_name: false,
            lowercase_output_label_names: false,
            infer_counter_type_from_name: false,
            exclude_jvm_metrics: false,
            filter: Filter::default(),
            customizers: Vec::new(),
            rules: vec![Rule::default()],
            warnings: Vec::new(),
        }
    }
}

impl Default for Rules {
    /// Every attribute in the default format, family names in lower case.
    fn default() -> Self {
        Self { lowercase_output_name: true, ..Self::empty() }
    }
}
