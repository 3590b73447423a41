//! Attribute values as JMX's open types.

use std::borrow::Cow;

/// One attribute value. Borrows its strings from the transport's buffer where it can.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`; a transport that knows better (a number that JSON cannot hold) has already said `Double(NaN)`.
    Null,
    /// `java.lang.Boolean`.
    Bool(bool),
    /// Any integral number that fits.
    Long(i64),
    /// Any other number; integral numbers beyond `i64` too.
    Double(f64),
    /// `java.lang.Float`, where the transport knows the declared type: its text has fewer digits than a double's.
    Float(f32),
    /// `java.lang.String`, `Character`, an enum constant's name.
    String(Cow<'a, str>),
    /// CompositeData: items in ascending order of name, as `CompositeType.keySet()` gives them.
    Composite(Vec<(Cow<'a, str>, Value<'a>)>),
    /// TabularData.
    Tabular {
        /// Index columns in declared order.
        index: Vec<Cow<'a, str>>,
        /// Rows; each holds all its columns in ascending order of name, the index columns too.
        rows: Vec<Vec<(Cow<'a, str>, Value<'a>)>>,
    },
    /// Arrays, collections, maps, object names: nothing that jmx_exporter exports.
    Other,
}
