//! Where rules come from: a place in, the text of the rules file out. A place is a file, or the name of a rule set that comes
//! with kafka-vitals.

use std::borrow::Cow;

/// What a place for a rules file says to mean a bundled set.
const PREFIX: &str = "bundled:";

/// Names and texts. The first is used when no rules are given.
const SETS: [(&str, &str); 4] = [
    ("bundled:kafka", include_str!("../../rules/kafka.yaml")),
    ("bundled:strimzi", include_str!("../../rules/strimzi.yaml")),
    ("bundled:confluent", include_str!("../../rules/confluent.yaml")),
    ("bundled:all", include_str!("../../rules/all.yaml")),
];

/// The name of the set that is used when no rules are given.
pub const DEFAULT_SET: &str = SETS[0].0;

/// The text of the rules at `place`: a bundled set, such as `bundled:kafka`, or a file.
///
/// # Errors
/// There is no such set, or the file cannot be read.
pub fn read(place: &str) -> Result<Cow<'static, str>, String> {
    if !place.starts_with(PREFIX) {
        return std::fs::read_to_string(place).map(Cow::Owned).map_err(|error| format!("{place}: {error}"));
    }
    let set = SETS.iter().find(|(name, _)| *name == place);
    set.map(|&(_, text)| Cow::Borrowed(text)).ok_or_else(|| {
        let names: Vec<&str> = SETS.iter().map(|(name, _)| *name).collect();
        format!("there is no rule set {place}, only {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Compat, Rules};

    #[test]
    fn every_set_loads_in_both_generations_without_a_warning() {
        for (name, text) in SETS {
            for compat in [Compat::V0, Compat::V1] {
                let rules = Rules::load_with(text, name, Some(compat)).unwrap();
                assert_eq!(rules.warnings, [], "{name}");
            }
            assert_eq!(read(name).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_set_is_a_file_or_an_error() {
        for (place, part) in
            [("/does/not/exist.yaml", "/does/not/exist.yaml: No such"), ("bundled:kafak", "bundled:kafka,")]
        {
            let error = read(place).unwrap_err();
            assert!(error.contains(place) && error.contains(part), "{error}");
        }
    }
}
