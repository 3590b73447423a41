//! `metricCustomizers`.

use super::{Loader, Scalar};
use crate::mbean::Value;
use crate::rules::{ExtraMetric, MetricCustomizer};
use crate::yaml::{Spanned, Yaml};

const KEY: &str = "metricCustomizers";

impl<'t> Loader<'t> {
    pub(super) fn customizers(&mut self, line: u64, value: &Spanned<Yaml>) -> Vec<MetricCustomizer> {
        let Yaml::List(items) = &value.value else {
            self.problem(line, format!("{KEY} must be a list"));
            return Vec::new();
        };
        items.iter().filter_map(|item| self.customizer(item)).collect()
    }

    fn customizer(&mut self, item: &Spanned<Yaml>) -> Option<MetricCustomizer> {
        let line = item.referenced.line();
        let entries = self.map_of(KEY, line, item)?;
        let mut domain = None;
        let mut properties = Vec::new();
        let (mut attributes_as_labels, mut extra_metrics) = (None, None);
        let mut has_filter = false;
        for (key, line, value) in entries {
            match key {
                "mbeanFilter" => {
                    has_filter = true;
                    (domain, properties) = self.mbean_filter(line, value)?;
                }
                "attributesAsLabels" if matches!(value.value, Yaml::Null) => {}
                "extraMetrics" if matches!(value.value, Yaml::Null) => {}
                "attributesAsLabels" => attributes_as_labels = Some(self.attributes(key, line, value)?),
                "extraMetrics" => extra_metrics = Some(self.extra_metrics(line, value)?),
                _ => self.warn(line, format!("{KEY}: unknown key {key:?} is ignored, as in jmx_exporter")),
            }
        }
        if !has_filter {
            self.problem(line, format!("{KEY}: an entry needs a mbeanFilter"));
            return None;
        }
        let Some(domain) = domain else {
            self.problem(line, format!("{KEY}: a mbeanFilter needs a domain"));
            return None;
        };
        if attributes_as_labels.is_none() && extra_metrics.is_none() {
            self.problem(line, format!("{KEY}: an entry needs attributesAsLabels or extraMetrics"));
            return None;
        }
        Some(MetricCustomizer {
            domain,
            properties,
            attributes_as_labels: attributes_as_labels.unwrap_or_default(),
            extra_metrics: extra_metrics.unwrap_or_default(),
        })
    }

    /// The domain, if there is one, and the key properties.
    #[expect(clippy::type_complexity, reason = "the two parts of the filter, taken apart at once by the one caller")]
    fn mbean_filter(&mut self, line: u64, value: &Spanned<Yaml>) -> Option<(Option<String>, Vec<(String, String)>)> {
        let entries = self.map_of("mbeanFilter", line, value)?;
        let (mut domain, mut properties) = (None, Vec::new());
        for (key, line, value) in entries {
            match (key, Scalar::of(value, self.text)) {
                ("domain", Some(Scalar::Null)) => {}
                ("domain", Some(Scalar::Text(text))) => domain = Some(text),
                ("domain", _) => {
                    self.problem(line, "mbeanFilter: the domain must be a text; put it in quotes");
                    return None;
                }
                ("properties", _) => {
                    for (key, line, value) in self.map_of("mbeanFilter.properties", line, value)? {
                        let Some(Scalar::Text(text)) = Scalar::of(value, self.text) else {
                            // The agent compares a number with texts, which is never true.
                            self.problem(
                                line,
                                format!("mbeanFilter: the value of {key} must be a text; put it in quotes"),
                            );
                            return None;
                        };
                        properties.push((key.to_owned(), text));
                    }
                }
                _ => self.warn(line, format!("mbeanFilter: unknown key {key:?} is ignored, as in jmx_exporter")),
            }
        }
        Some((domain, properties))
    }

    fn extra_metrics(&mut self, line: u64, value: &Spanned<Yaml>) -> Option<Vec<ExtraMetric>> {
        let Yaml::List(items) = &value.value else {
            self.problem(line, "extraMetrics must be a list");
            return None;
        };
        items.iter().map(|item| self.extra_metric(item)).collect()
    }

    fn extra_metric(&mut self, item: &Spanned<Yaml>) -> Option<ExtraMetric> {
        let line = item.referenced.line();
        let entries = self.map_of("extraMetrics", line, item)?;
        let (mut name, mut number, mut description) = (None, None, String::new());
        for (key, line, value) in entries {
            match (key, Scalar::of(value, self.text)) {
                ("name" | "value" | "description", Some(Scalar::Null)) => {}
                ("name", Some(Scalar::Text(text))) => name = Some(text),
                ("description", Some(Scalar::Text(text))) => description = text,
                ("value", Some(Scalar::Bool(truth))) => number = Some(Value::Bool(truth)),
                ("value", Some(Scalar::Float(float))) => number = Some(Value::Double(float)),
                ("value", Some(Scalar::Integer(digits))) => {
                    let Ok(integer) = digits.parse() else {
                        self.problem(line, "extraMetrics: the value has more digits than 64 bits hold");
                        return None;
                    };
                    number = Some(Value::Long(integer));
                }
                ("value", _) => {
                    self.problem(line, "extraMetrics: the value must be a number, true or false, without quotes");
                    return None;
                }
                ("name" | "description", _) => {
                    self.problem(line, format!("extraMetrics: the {key} must be a text; put it in quotes"));
                    return None;
                }
                _ => self.warn(line, format!("extraMetrics: unknown key {key:?} is ignored, as in jmx_exporter")),
            }
        }
        match (name, number) {
            (Some(name), Some(value)) => Some(ExtraMetric { name, value, description }),
            (None, _) => {
                self.problem(line, "extraMetrics: an entry needs a name");
                None
            }
            (_, None) => {
                self.problem(line, "extraMetrics: an entry needs a value");
                None
            }
        }
    }

    fn map_of<'y>(&mut self, what: &str, line: u64, value: &'y Spanned<Yaml>) -> Option<Vec<super::Entry<'y>>> {
        match &value.value {
            Yaml::Map(entries) => Some(self.entries(entries)),
            _ => {
                self.problem(line, format!("{what} needs a map"));
                None
            }
        }
    }
}
