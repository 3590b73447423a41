//! How much one answer may hold: asked before each value, it says no when time or number is used up, so that no answer
//! can keep a thread or fill the memory.

use std::time::Instant;

use serde::de::Error;

/// Most values and beans of one answer. The largest real nodes have a tenth of it.
pub(super) const MAX_VALUES: u32 = 1_000_000;

/// Most values of one bean, items of composites and tables included. Real ones have some hundreds.
pub(super) const MAX_VALUES_OF_BEAN: u32 = 10_000;

/// What may still be read of an answer.
#[derive(Debug)]
pub(super) struct Budget {
    deadline: Instant,
    values: u32,
    of_bean: u32,
    /// Why there is no more.
    pub(super) spent: Option<Spent>,
}

/// What was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spent {
    /// The deadline has passed.
    Time,
    /// More than [`MAX_VALUES`].
    Values,
    /// More than [`MAX_VALUES_OF_BEAN`].
    OfBean,
}

impl Budget {
    pub(super) fn new(deadline: Instant) -> Self {
        Self { deadline, values: MAX_VALUES, of_bean: 0, spent: None }
    }

    /// Before a bean.
    pub(super) fn bean<E: Error>(&mut self) -> Result<(), E> {
        self.of_bean = MAX_VALUES_OF_BEAN;
        self.entry()
    }

    /// Before a value of a bean, at whatever depth.
    pub(super) fn value<E: Error>(&mut self) -> Result<(), E> {
        match self.of_bean.checked_sub(1) {
            Some(left) => self.of_bean = left,
            None => return self.end(Spent::OfBean),
        }
        self.entry()
    }

    /// Before anything else of which there may be many.
    pub(super) fn entry<E: Error>(&mut self) -> Result<(), E> {
        match self.values.checked_sub(1) {
            Some(left) => self.values = left,
            None => return self.end(Spent::Values),
        }
        if self.values.is_multiple_of(256) && Instant::now() >= self.deadline {
            return self.end(Spent::Time);
        }
        Ok(())
    }

    fn end<E: Error>(&mut self, spent: Spent) -> Result<(), E> {
        self.spent = Some(spent);
        Err(E::custom("more than may be read"))
    }
}
