//! `metricCustomizers`: the customizer that applies to a bean, and the labels that it makes of attributes.

use std::borrow::Cow;

use super::match_string::write_value;
use super::model::MetricCustomizer;
use super::naming::safe_label;
use crate::mbean::{ObjectName, Value};

/// The place of the first customizer for beans of this domain that have all its key properties.
pub(super) fn customizer_of(customizers: &[MetricCustomizer], name: &ObjectName<'_>) -> Option<usize> {
    customizers.iter().position(|customizer| {
        customizer.domain == name.domain
            && customizer.properties.iter().all(|(key, value)| name.get(key) == Some(value.as_str()))
    })
}

/// Names and values of the labels that all samples of the bean get: the texts of the attributes that it has of those the
/// customizer lists. Composites, tables and arrays have no text here.
pub(super) fn bean_labels(
    customizer: &MetricCustomizer,
    attributes: &[(Cow<'_, str>, Value<'_>)],
    lowercase: bool,
) -> Vec<(String, String)> {
    let mut labels: Vec<(String, String)> = Vec::new();
    for listed in &customizer.attributes_as_labels {
        let Some((_, value)) = attributes.iter().find(|(name, _)| name == listed) else { continue };
        if matches!(value, Value::Null | Value::Composite(_) | Value::Tabular { .. } | Value::Other) {
            continue;
        }
        let name = safe_label(listed, lowercase);
        if labels.iter().all(|(there, _)| *there != name) {
            let mut text = String::new();
            write_value(value, &mut text);
            labels.push((name, text));
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::super::testing::row;
    use super::*;

    fn customizer(domain: &str, properties: &[(&str, &str)]) -> MetricCustomizer {
        MetricCustomizer {
            domain: domain.to_owned(),
            properties: properties.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect(),
            attributes_as_labels: ["Text", "num-ber", "Null", "absent", "Text"].map(str::to_owned).to_vec(),
            extra_metrics: Vec::new(),
        }
    }

    #[test]
    fn the_first_customizer_whose_domain_and_properties_fit_applies() {
        let customizers =
            [customizer("a", &[("type", "b"), ("name", "n")]), customizer("a", &[]), customizer("b", &[])];
        for (name, place) in [
            ("a:name=n,x=1,type=b", Some(0)),
            ("a:type=b,name=m", Some(1)),
            ("b:type=b,name=n", Some(2)),
            ("c:type=b,name=n", None),
        ] {
            assert_eq!(customizer_of(&customizers, &ObjectName::parse(name).unwrap()), place, "{name}");
        }
    }

    #[test]
    fn attributes_become_labels_under_safe_names_with_javas_text() {
        let attributes =
            row(&[("num-ber", Value::Double(1e10)), ("Null", Value::Null), ("Text", Value::String("x\"".into()))]);
        let labels = bean_labels(&customizer("a", &[]), &attributes, true);
        let pairs: Vec<_> = labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("text", "x\""), ("num_ber", "1.0E10")]);
    }
}
