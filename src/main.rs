//! kafka-vitals.
fn main() {}
