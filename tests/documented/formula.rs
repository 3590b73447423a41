//! Formulas of docs/metrics.md: `3 classic + consumer`, `≤ 2 N`.

/// What a formula says with numbers put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Exactly(usize),
    AtMost(usize),
}

impl Bound {
    pub(crate) fn allows(self, number: usize) -> bool {
        match self {
            Self::Exactly(exact) => number == exact,
            Self::AtMost(most) => number <= most,
        }
    }
}

/// Puts the terms' numbers in; `None` if the formula has another term.
pub(crate) fn bound(formula: &str, terms: &[(&str, usize)]) -> Option<Bound> {
    let factor = |word: &str| {
        let term = terms.iter().find(|(term, _)| *term == word).map(|(_, number)| *number);
        word.parse().ok().or(term)
    };
    let product = |product: &str| product.split(' ').map(factor).product::<Option<usize>>();
    let sum = |sum: &str| sum.split(" + ").map(product).sum::<Option<usize>>();
    match formula.strip_prefix("≤ ") {
        Some(most) => sum(most).map(Bound::AtMost),
        None => sum(formula).map(Bound::Exactly),
    }
}

#[test]
fn formulas_are_sums_of_products_exact_or_at_most() {
    let terms = [("N", 3), ("T", 5), ("share", 2)];
    for (formula, expected) in [
        ("1", Some(Bound::Exactly(1))),
        ("N T", Some(Bound::Exactly(15))),
        ("≤ 2 N T + N", Some(Bound::AtMost(33))),
        ("2 share + T", Some(Bound::Exactly(9))),
        ("N + 2 E", None),
    ] {
        assert_eq!(bound(formula, &terms), expected, "{formula}");
    }
    assert!(Bound::AtMost(2).allows(1) && !Bound::AtMost(2).allows(3) && !Bound::Exactly(2).allows(1));
}
