//! Formulas of numbers of series in, their sum out.

/// `≤ ` in front of what is a bound.
const AT_MOST: &str = "≤ ";

/// A sum of products: terms with their factors, in the order in which they came first, the plain number last.
#[derive(Debug, Default)]
struct Sum(Vec<(String, u32)>);

impl Sum {
    fn add(&mut self, formula: &str) {
        for product in formula.split(" + ") {
            let (factor, term) = product.split_once(' ').unwrap_or((product, ""));
            match factor.parse::<u32>() {
                Ok(factor) => self.add_product(factor, term),
                Err(_) => self.add_product(1, product),
            }
        }
    }

    fn add_product(&mut self, factor: u32, term: &str) {
        match self.0.iter_mut().find(|(other, _)| other == term) {
            Some((_, sum)) => *sum += factor,
            None => self.0.push((term.to_owned(), factor)),
        }
    }
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let number = self.0.iter().filter(|(term, _)| term.is_empty());
        for (at, (term, factor)) in self.0.iter().filter(|(term, _)| !term.is_empty()).chain(number).enumerate() {
            f.write_str(if at == 0 { "" } else { " + " })?;
            match (factor, term.as_str()) {
                (factor, "") => write!(f, "{factor}")?,
                (1, term) => f.write_str(term)?,
                (factor, term) => write!(f, "{factor} {term}")?,
            }
        }
        Ok(())
    }
}

/// What there is together, then what there may be besides; nothing if there is no formula.
pub(super) fn total<'f>(formulas: impl Iterator<Item = &'f str>) -> String {
    let (mut exact, mut bounds) = (Sum::default(), Sum::default());
    for formula in formulas {
        match formula.strip_prefix(AT_MOST) {
            Some(formula) => bounds.add(formula),
            None => exact.add(formula),
        }
    }
    match (exact.0.is_empty(), bounds.0.is_empty()) {
        (_, true) => exact.to_string(),
        (true, false) => format!("{AT_MOST}{bounds}"),
        (false, false) => format!("{exact}, and {AT_MOST}{bounds}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_terms_add_up_and_bounds_stand_apart() {
        for (formulas, expected) in [
            (&["P", "T", "P", "3 P", "1", "2"][..], "5 P + T + 3"),
            (&["N + 6", "≤ 2 N T + N", "≤ N"], "N + 6, and ≤ 2 N T + 2 N"),
            (&["≤ 4 N"], "≤ 4 N"),
            (&[], ""),
        ] {
            assert_eq!(total(formulas.iter().copied()), expected);
        }
    }
}
