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
    /// Reads `0.x`, `1.x` and what else people write for them.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "0" | "0.x" | "v0" => Some(Self::V0),
            "1" | "1.x" | "v1" => Some(Self::V1),
            _ => None,
        }
    }

    /// `0.x` or `1.x`.
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
        }
    }
}

impl Default for Rules {
    /// Every attribute in the default format, family names in lower case.
    fn default() -> Self {
        Self { lowercase_output_name: true, ..Self::empty() }
    }
}
