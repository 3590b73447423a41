//! Names of metrics and labels, as jmx_exporter makes them from JMX's.

/// A valid metric or label name: `_` before a leading digit; each run of underscores and of characters outside
/// `[A-Za-z0-9_:]` becomes one underscore.
pub(super) fn safe_name(text: &str, lowercase: bool) -> String {
    let mut name = String::with_capacity(text.len() + 1);
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        name.push('_');
    }
    let mut in_run = false;
    for character in text.chars() {
        if character.is_ascii_alphanumeric() || character == ':' {
            name.push(if lowercase { character.to_ascii_lowercase() } else { character });
            in_run = false;
        } else if !in_run {
            name.push('_');
            in_run = true;
        }
    }
    name
}

/// A valid label name: as [`safe_name`], which jmx_exporter uses for labels too, but never empty and without the colons
/// that only names of metrics may have. Prometheus refuses a whole page for one bad label name.
pub(crate) fn safe_label(text: &str, lowercase: bool) -> String {
    let name = safe_name(&text.replace(':', "_"), lowercase);
    if name.is_empty() { "_".to_owned() } else { name }
}

/// The snake case of `attrNameSnakeCase`: lower case, with an underscore before an upper-case letter unless it follows
/// another one, an underscore, or nothing.
pub(super) fn snake_case(text: &str) -> String {
    let mut name = String::with_capacity(text.len() + 4);
    let mut joined = true;
    for character in text.chars() {
        // Java looks at units of UTF-16, of which none beyond the basic plane is a letter, and lowers one to one.
        let is_basic = u32::from(character) <= 0xFFFF;
        let is_upper = is_basic && character.is_uppercase();
        if is_upper && !joined {
            name.push('_');
        }
        name.push(if is_basic { character.to_lowercase().next().unwrap_or(character) } else { character });
        joined = is_upper || character == '_';
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    // What toSnakeAndLowerCase of the agent 0.20.0 gives for these.
    #[test]
    fn snake_case_is_jmx_exporters() {
        for (text, name) in [
            ("ConnInfo", "conn_info"),
            ("JVMVersion", "jvmversion"),
            ("99thPercentile", "99th_percentile"),
            ("OneMinuteRate", "one_minute_rate"),
            ("request-Rate", "request-_rate"),
            ("A_B", "a_b"),
            ("a_B", "a_b"),
            ("aB_cD", "a_b_c_d"),
            ("Größe", "größe"),
            ("aÄb", "a_äb"),
            ("xİ", "x_i"),
            ("", ""),
            ("B", "b"),
        ] {
            assert_eq!(snake_case(text), name, "{text}");
        }
    }

    #[test]
    fn names_are_made_safe_as_jmx_exporter_does() {
        for (text, name) in [
            ("kafka.server_Produce_byte-rate", "kafka_server_Produce_byte_rate"),
            ("a__b", "a_b"),
            ("a-_- b", "a_b"),
            ("9lab", "_9lab"),
            ("_x", "_x"),
            ("lab.dom-ain_9digit_Value", "lab_dom_ain_9digit_Value"),
            ("a:b", "a:b"),
            ("größe", "gr_e"),
            ("", ""),
        ] {
            assert_eq!(safe_name(text, false), name);
        }
        assert_eq!(safe_name("Kafka.JVM", true), "kafka_jvm");
    }

    #[test]
    fn label_names_are_always_valid_and_jmx_exporters_where_those_are() {
        for (text, name) in [
            ("", "_"),
            (":", "_"),
            ("a:b", "a_b"),
            ("::a", "_a"),
            ("9:", "_9_"),
            ("client-id", "client_id"),
            ("_x", "_x"),
        ] {
            assert_eq!(safe_label(text, false), name);
        }
        assert_eq!(safe_label("clientId", true), "clientid");
    }
}
