//! An attribute's value in, its leaves out: the numbers and texts that jmx_exporter matches its rules against.

use crate::mbean::{Bean, Value, java_double, java_float};

/// What one match string is made of, besides the bean's name.
#[derive(Debug, Clone, Copy)]
pub struct Leaf<'l> {
    /// The names around it: the attribute and composite items or table columns, without its own.
    pub keys: &'l [&'l str],
    /// Its own name: of the attribute, the item or the column.
    pub name: &'l str,
    /// The index columns of the tables around it, outermost first; they become key properties.
    pub columns: &'l [Column<'l>],
    /// Tells the rows of the tables around it apart; empty outside of tables.
    pub row: &'l str,
    /// A number, a boolean or a text; or `Null` for what may hold leaves at another time: null and tables without rows.
    pub value: &'l Value<'l>,
}

/// An index column of a table's row.
#[derive(Debug, Clone, Copy)]
pub struct Column<'l> {
    /// The column's name.
    pub name: &'l str,
    /// The row's value in it.
    pub value: &'l Value<'l>,
}

impl Leaf<'_> {
    /// The attribute of the bean that it comes from.
    pub fn attribute(&self) -> &str {
        self.keys.first().copied().unwrap_or(self.name)
    }
}

/// Calls `each` for all leaves of the bean, in the order of its attributes.
pub fn flatten(bean: &Bean<'_>, mut each: impl FnMut(&Leaf<'_>)) {
    let mut keys = Vec::new();
    for (name, value) in bean.attributes {
        walk(&mut keys, name, &[], "", value, &mut each);
    }
}

fn walk<'v>(
    keys: &mut Vec<&'v str>,
    name: &'v str,
    columns: &[Column<'v>],
    row: &str,
    value: &'v Value<'v>,
    each: &mut impl FnMut(&Leaf<'_>),
) {
    match value {
        Value::Null | Value::Bool(_) | Value::Long(_) | Value::Double(_) | Value::Float(_) | Value::String(_) => {
            each(&Leaf { keys, name, columns, row, value });
        }
        Value::Composite(items) => {
            keys.push(name);
            for (item, value) in items {
                walk(keys, item, columns, row, value, each);
            }
            keys.pop();
        }
        Value::Tabular { rows, .. } if rows.is_empty() => {
            each(&Leaf { keys, name, columns, row, value: &Value::Null });
        }
        Value::Tabular { index, rows } => {
            for cells in rows {
                let mut columns = columns.to_vec();
                let mut row = format!("{row}\u{1}");
                for column in index {
                    if let Some((name, value)) = cells.iter().find(|(name, _)| name == column) {
                        columns.push(Column { name, value });
                        row.push_str(&row_text(value));
                        row.push('\u{2}');
                    }
                }
                for (column, value) in cells.iter().filter(|(name, _)| !index.contains(name)) {
                    if column.eq_ignore_ascii_case("value") {
                        walk(keys, name, &columns, &row, value, each);
                    } else {
                        keys.push(name);
                        walk(keys, column, &columns, &row, value, each);
                        keys.pop();
                    }
                }
            }
        }
        Value::Other => {}
    }
}

/// What tells one index value from another.
fn row_text(value: &Value<'_>) -> String {
    match value {
        Value::Composite(items) => {
            items.iter().map(|(name, value)| format!("{name}\u{3}{}", row_text(value))).collect()
        }
        _ => index_text(value).unwrap_or_default(),
    }
}

/// An index column's value as the value of a key property; `None` for what has no text.
pub(super) fn index_text(value: &Value<'_>) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone().into_owned()),
        Value::Long(number) => Some(number.to_string()),
        Value::Double(number) => Some(java_double(*number)),
        Value::Float(number) => Some(java_float(*number)),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Composite(_) | Value::Tabular { .. } | Value::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::testing::{composite, row, table};
    use super::*;

    fn leaves(name: &str, attributes: &[(&str, Value<'_>)]) -> Vec<String> {
        let attributes: Vec<(Cow<'_, str>, Value<'_>)> = row(attributes);
        let mut leaves = Vec::new();
        flatten(&Bean { name, attributes: &attributes }, |leaf| {
            let columns: Vec<String> =
                leaf.columns.iter().map(|column| format!("{}={}", column.name, row_text(column.value))).collect();
            leaves.push(format!("<{}><{}>{} {:?}", columns.join(","), leaf.keys.join(","), leaf.name, leaf.value));
        });
        leaves
    }

    #[test]
    fn numbers_booleans_and_texts_are_leaves_null_may_become_one_and_the_rest_is_left_out() {
        let attributes = [
            ("n", Value::Null),
            ("l", Value::Long(1)),
            ("d", Value::Double(0.5)),
            ("f", Value::Float(0.5)),
            ("b", Value::Bool(true)),
            ("s", Value::String("x".into())),
            ("o", Value::Other),
        ];
        let expected = ["n Null", "l Long(1)", "d Double(0.5)", "f Float(0.5)", "b Bool(true)", "s String(\"x\")"];
        assert_eq!(leaves("a:b=c", &attributes), expected.map(|leaf| format!("<><>{leaf}")));
    }

    #[test]
    fn items_of_composites_have_the_names_around_them_as_keys() {
        let nested = composite(&[("a", Value::Long(1)), ("in", composite(&[("alpha", Value::Long(2))]))]);
        assert_eq!(leaves("a:b=c", &[("Nest", nested)]), ["<><Nest>a Long(1)", "<><Nest,in>alpha Long(2)"]);
    }

    #[test]
    fn index_columns_become_properties_and_a_column_called_value_has_no_name_of_its_own() {
        let key = |key: &'static str| ("key", Value::String(key.into()));
        for (attribute, expected) in [
            (table(&["key"], vec![row(&[key("k"), ("VALUE", Value::Long(1))])]), vec!["<key=k><>T Long(1)"]),
            (
                table(
                    &["host", "port"],
                    vec![row(&[
                        ("hits", Value::Long(3)),
                        ("host", Value::String("h".into())),
                        ("port", Value::Long(80)),
                        ("value", Value::Long(4)),
                    ])],
                ),
                vec!["<host=h,port=80><T>hits Long(3)", "<host=h,port=80><>T Long(4)"],
            ),
            (
                table(&["key"], vec![row(&[key("k"), ("value", composite(&[("alpha", Value::Long(4))]))])]),
                vec!["<key=k><T>alpha Long(4)"],
            ),
            (
                table(
                    &["key"],
                    vec![row(&[
                        key("o"),
                        ("value", table(&["key"], vec![row(&[key("i"), ("value", Value::Long(5))])])),
                    ])],
                ),
                vec!["<key=o,key=i><>T Long(5)"],
            ),
            (table(&["key"], vec![]), vec!["<><>T Null"]),
        ] {
            assert_eq!(leaves("a:b=c", &[("T", attribute)]), expected);
        }
    }
}
