//! Formulas of docs/metrics.md: `3 classic + consumer`, `≤ 2 N`.

/// What a formula says with numbers put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Exactly(usize),
    AtMost(usize),
}

/// Puts the terms' numbers in.
pub(crate) fn bound(formula: &str, terms: &[(&str, usize)]) -> Bound {
    let factor = |word: &str| {
        let term = terms.iter().find(|(term, _)| *term == word).map(|(_, number)| *number);
        word.parse().ok().or(term).unwrap_or_else(|| panic!("{formula}: nobody knows {word}"))
    };
    let product = |product: &str| product.split(' ').map(factor).product::<usize>();
    let sum = |sum: &str| sum.split(" + ").map(product).sum();
    formula.strip_prefix("≤ ").map_or_else(|| Bound::Exactly(sum(formula)), |most| Bound::AtMost(sum(most)))
}

#[test]
fn formulas_are_sums_of_products_exact_or_at_most() {
    let terms = [("N", 3), ("T", 5), ("share", 2)];
    for (formula, expected) in [
        ("1", Bound::Exactly(1)),
        ("N T", Bound::Exactly(15)),
        ("≤ 2 N T + N", Bound::AtMost(33)),
        ("2 share + T", Bound::Exactly(9)),
    ] {
        assert_eq!(bound(formula, &terms), expected, "{formula}");
    }
}
