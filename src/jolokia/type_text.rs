//! What the text of a value, as the JDK's `toString` makes it, tells of its type: for agents and beans that do not tell it
//! otherwise.

use std::collections::BTreeMap;

use super::declared::{Declared, Table};

/// Nested types of this depth are no real ones.
const DEEPEST: usize = 20;

/// What a text tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// The type, as if it were declared.
    Type(Declared),
    /// That the text tells more than JSON does.
    Text,
}

/// What the text of a value of an unknown type tells of it; `None` = nothing.
pub(super) fn told_by(text: &str) -> Option<Told> {
    let is_text = matches!(text, "NaN" | "Infinity" | "-Infinity" | "Optional.empty") || text.starts_with("Optional[");
    if is_text {
        return Some(Told::Text);
    }
    if is_date(text) { Some(Told::Type(Declared::Date)) } else { open_type(text).map(Told::Type) }
}

/// Whether it is what `java.util.Date.toString` gives, such as `Tue Nov 14 22:13:20 UTC 2023`.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split(' ').collect();
    let [day, month, date, time, _, year] = parts[..] else { return false };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].contains(&day)
        && month.len() == 3
        && date.len() == 2
        && year.len() >= 4
        && digits(date)
        && digits(year)
        && time.len() == 8
        && time.split(':').all(|part| part.len() == 2 && digits(part))
}

/// The type of a CompositeData or TabularData by its text; `None` for the text of anything else.
fn open_type(text: &str) -> Option<Declared> {
    let mut rest = Rest { text: text.strip_prefix("javax.management.openmbean.")?, depth: 0 };
    if rest.eat("CompositeDataSupport(compositeType=").is_some()
        || rest.eat("TabularDataSupport(tabularType=").is_some()
    {
        return rest.open_type();
    }
    None
}

/// What has not been looked at yet.
struct Rest<'a> {
    text: &'a str,
    depth: usize,
}

impl<'a> Rest<'a> {
    fn eat(&mut self, prefix: &str) -> Option<()> {
        self.text = self.text.strip_prefix(prefix)?;
        Some(())
    }

    /// What stands before `end`, which is eaten too.
    fn until(&mut self, end: &str) -> Option<&'a str> {
        let (found, rest) = self.text.split_once(end)?;
        self.text = rest;
        Some(found)
    }

    fn open_type(&mut self) -> Option<Declared> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        self.eat("javax.management.openmbean.")?;
        let found = if self.eat("SimpleType(name=").is_some() {
            Declared::of_class(self.until(")")?)
        } else if self.eat("CompositeType(name=").is_some() {
            Declared::Composite(Some(self.items()?))
        } else if self.eat("TabularType(name=").is_some() {
            self.until(",rowType=javax.management.openmbean.CompositeType(name=")?;
            let columns = self.items()?;
            self.eat(",indexNames=(")?;
            let index = self.until("))")?.split(',').map(Into::into).collect();
            Declared::Table(Some(Table { index, columns }))
        } else {
            self.eat("ArrayType(name=")?;
            self.until(",elementType=")?;
            self.open_type()?;
            self.until(")")?;
            Declared::Skip
        };
        self.depth -= 1;
        Some(found)
    }

    /// From within the name of a CompositeType to its end.
    fn items(&mut self) -> Option<BTreeMap<Box<str>, Declared>> {
        self.until(",items=(")?;
        let mut items = BTreeMap::new();
        loop {
            self.eat("(itemName=")?;
            let name = self.until(",itemType=")?;
            items.insert(name.into(), self.open_type()?);
            self.eat(")")?;
            if self.eat(",").is_none() {
                self.eat("))")?;
                return Some(items);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As OpenJDK 17 writes them.
    const ROW: &str = "javax.management.openmbean.CompositeType(name=java.util.Map<java.lang.String, java.lang.Long>,items=(\
        (itemName=key,itemType=javax.management.openmbean.SimpleType(name=java.lang.String)),\
        (itemName=list,itemType=javax.management.openmbean.ArrayType(name=[J,dimension=1,\
        elementType=javax.management.openmbean.SimpleType(name=java.lang.Long),primitiveArray=true)),\
        (itemName=value,itemType=javax.management.openmbean.SimpleType(name=java.lang.Float))))";

    fn columns() -> BTreeMap<Box<str>, Declared> {
        [("key", Declared::Text), ("list", Declared::Skip), ("value", Declared::Float)]
            .map(|(name, declared)| (name.into(), declared))
            .into()
    }

    #[test]
    fn composites_and_tables_tell_their_types() {
        let composite =
            format!("javax.management.openmbean.CompositeDataSupport(compositeType={ROW},contents={{key=k}})");
        assert_eq!(open_type(&composite), Some(Declared::Composite(Some(columns()))));
        let tabular = format!("javax.management.openmbean.TabularType(name=T,rowType={ROW},indexNames=(value,key))");
        let table = Declared::Table(Some(Table { index: vec!["value".into(), "key".into()], columns: columns() }));
        let text = format!("javax.management.openmbean.TabularDataSupport(tabularType={tabular},contents={{}})");
        assert_eq!(open_type(&text), Some(table.clone()));
        let holder = format!(
            "javax.management.openmbean.CompositeDataSupport(compositeType=javax.management.openmbean.CompositeType(\
             name=H,items=((itemName=t,itemType={tabular}))),contents={{}})"
        );
        assert_eq!(open_type(&holder), Some(Declared::Composite(Some([("t".into(), table)].into()))));
    }

    #[test]
    fn numbers_dates_and_optionals_are_told_by_their_texts() {
        for (text, told) in [
            ("Tue Nov 14 22:13:20 UTC 2023", Some(Told::Type(Declared::Date))),
            ("Tue Nov 14 22:13:20 GMT+01:00 2023", Some(Told::Type(Declared::Date))),
            ("NaN", Some(Told::Text)),
            ("-Infinity", Some(Told::Text)),
            ("Optional[5]", Some(Told::Text)),
            ("Die Nov 14 22:13:20 UTC 2023", None),
            ("Tue Nov 14 22:13 UTC 2023", None),
            ("a b c d e f", None),
            ("1.5", None),
            ("", None),
        ] {
            assert_eq!(told_by(text), told, "{text}");
        }
    }

    #[test]
    fn other_texts_tell_none() {
        for text in
            ["", "5", "{a=1}", "javax.management.openmbean.X", "javax.management.openmbean.CompositeDataSupport("]
        {
            assert_eq!(open_type(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_cut_or_changed_text_never_panics(cut in 0..600usize, insert in r#"[(),=a-z]{0,5}"#) {
            let text = format!("javax.management.openmbean.CompositeDataSupport(compositeType={ROW},contents={{}})");
            let cut = cut.min(text.len());
            open_type(&text[..cut]);
            open_type(&format!("{}{insert}{}", &text[..cut], &text[cut..]));
        }
    }
}
