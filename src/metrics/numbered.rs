//! Samples of families per partition: a table in, one column of values per family out. The label sets of a row differ
//! from those of its neighbours in a number alone, so none of them is kept as text: a sample takes eight bytes.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::labels::render;

/// Families with the same label sets, under construction.
#[derive(Debug)]
pub struct Table<const N: usize> {
    /// The label whose value is the row's number.
    number: &'static str,
    rows: Rows,
    columns: [Column; N],
}

/// The label sets of all rows, shared by the columns.
#[derive(Debug, Default, PartialEq)]
struct Rows {
    blocks: Vec<BlockLabels>,
    numbers: Vec<i32>,
}

/// Rows whose label sets differ in the number alone.
#[derive(Debug, PartialEq)]
struct BlockLabels {
    /// The first row beyond.
    end: usize,
    /// The rendered labels up to the number and from there on.
    before: Box<str>,
    after: Box<str>,
}

/// The samples of one family, without suffix.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Column {
    rows: Arc<Rows>,
    /// By row; NaN where there is no sample.
    values: Vec<f64>,
    samples: usize,
}

/// A label set of a row.
#[derive(Debug, Clone, Copy)]
pub struct NumberedLabels<'p> {
    before: &'p str,
    number: i32,
    after: &'p str,
}

impl<const N: usize> Table<N> {
    /// An empty table whose rows are told apart by the label `number`, with room for so many of them.
    pub fn new(number: &'static str, rows: usize) -> Self {
        let column = || Column { values: Vec::with_capacity(rows), ..Column::default() };
        let labels = Rows { blocks: Vec::new(), numbers: Vec::with_capacity(rows) };
        Self { number, rows: labels, columns: std::array::from_fn(|_| column()) }
    }

    /// Rows with these labels besides the number's, in any order.
    pub fn block<const L: usize>(&mut self, mut labels: [(&str, &str); L]) -> Block<'_, N> {
        labels.sort_unstable();
        let at = labels.partition_point(|(name, _)| *name < self.number);
        let (mut before, mut after) = (render(&labels[..at]), String::from("\""));
        if at > 0 {
            before.push(',');
        }
        before.extend([self.number, "=\""]);
        if at < L {
            after.push(',');
            after.push_str(&render(&labels[at..]));
        }
        let end = self.rows.numbers.len();
        self.rows.blocks.push(BlockLabels { end, before: before.into(), after: after.into() });
        Block { rows: &mut self.rows, columns: &mut self.columns }
    }

    /// The columns, in the order in which each row gave its values.
    pub fn into_columns(self) -> [Column; N] {
        let rows = Arc::new(self.rows);
        self.columns.map(|column| Column { rows: Arc::clone(&rows), ..column })
    }
}

/// Where rows are added that differ in their number alone.
#[derive(Debug)]
pub struct Block<'t, const N: usize> {
    rows: &'t mut Rows,
    columns: &'t mut [Column; N],
}

impl<const N: usize> Block<'_, N> {
    /// Adds a row. `number` must not be in the block yet; no value may be NaN.
    pub fn push(&mut self, number: i32, values: [Option<f64>; N]) {
        self.rows.numbers.push(number);
        if let Some(block) = self.rows.blocks.last_mut() {
            block.end = self.rows.numbers.len();
        }
        for (column, value) in self.columns.iter_mut().zip(values) {
            column.values.push(value.unwrap_or(f64::NAN));
            column.samples += usize::from(value.is_some());
        }
    }
}

impl Column {
    /// The number of rows that have a sample.
    pub fn len(&self) -> usize {
        self.samples
    }

    /// Whether no row has one.
    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// Leaves the first `samples` samples.
    pub fn truncate(&mut self, samples: usize) {
        if samples >= self.samples {
            return;
        }
        let with_sample = self.values.iter().enumerate().filter(|(_, value)| !value.is_nan());
        let beyond = with_sample.map(|(row, _)| row).nth(samples);
        self.values.truncate(beyond.unwrap_or_default());
        self.samples = samples;
    }

    /// All rows.
    pub(crate) fn rows(&self) -> Range<usize> {
        0..self.values.len()
    }

    /// How many of these rows have a sample.
    pub(super) fn samples_in(&self, rows: &Range<usize>) -> usize {
        if *rows == self.rows() {
            return self.samples;
        }
        self.values[rows.clone()].iter().filter(|value| !value.is_nan()).count()
    }

    /// The samples of these rows, each with its row.
    pub(crate) fn samples(&self, rows: Range<usize>) -> impl Iterator<Item = (usize, NumberedLabels<'_>, f64)> {
        let blocks = &self.rows.blocks;
        let first = blocks.partition_point(|block| block.end <= rows.start);
        let mut start = rows.start;
        blocks[first..].iter().take_while(move |_| start < rows.end).flat_map(move |block| {
            let of_block = start.min(rows.end)..block.end.min(rows.end);
            start = of_block.end;
            let labels = NumberedLabels { before: &block.before, number: 0, after: &block.after };
            let values = self.rows.numbers[of_block.clone()].iter().zip(&self.values[of_block.clone()]);
            let numbered = of_block.zip(values).filter(|(_, (_, value))| !value.is_nan());
            numbered.map(move |(row, (number, value))| (row, NumberedLabels { number: *number, ..labels }, *value))
        })
    }

    /// Whether any label set holds this text, which must not be one that a number could be a part of.
    pub(super) fn labels_contain(&self, text: &str) -> bool {
        self.rows.blocks.iter().any(|block| block.before.contains(text) || block.after.contains(text))
    }
}

impl<'p> NumberedLabels<'p> {
    /// Appends the rendered form.
    pub(super) fn append_to(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.before.as_bytes());
        out.extend_from_slice(itoa::Buffer::new().format(self.number).as_bytes());
        out.extend_from_slice(self.after.as_bytes());
    }

    /// The rendered form.
    pub(crate) fn text(self) -> Cow<'p, str> {
        Cow::Owned(format!("{}{}{}", self.before, self.number, self.after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(column: &Column, rows: Range<usize>) -> Vec<(usize, String, f64)> {
        column.samples(rows).map(|(row, labels, value)| (row, labels.text().into_owned(), value)).collect()
    }

    #[test]
    fn rows_have_the_labels_of_their_block_and_their_own_number() {
        let mut table: Table<2> = Table::new("partition", 0);
        let mut block = table.block([("topic", "a\"b"), ("consumergroup", "g")]);
        block.push(0, [Some(1.0), Some(2.0)]);
        block.push(7, [None, Some(3.0)]);
        table.block([("topic", "none")]);
        table.block([("topic", "z")]).push(1, [Some(4.0), None]);
        table.block([("a", "x")]).push(2, [Some(5.0), None]);
        let [first, second] = table.into_columns();
        let labels = [
            r#"consumergroup="g",partition="0",topic="a\"b""#,
            r#"consumergroup="g",partition="7",topic="a\"b""#,
            r#"partition="1",topic="z""#,
            r#"a="x",partition="2""#,
        ];
        let line = |row: usize, value| (row, labels[row].to_owned(), value);
        assert_eq!(lines(&first, first.rows()), [line(0, 1.0), line(2, 4.0), line(3, 5.0)]);
        assert_eq!(lines(&second, second.rows()), [line(0, 2.0), line(1, 3.0)]);
        assert_eq!((first.len(), second.len()), (3, 2));
        assert!(first.labels_contain("topic=\"") && !first.labels_contain("broker=\""));
    }

    #[test]
    fn any_range_of_rows_gives_the_samples_of_these_rows() {
        let mut table: Table<1> = Table::new("n", 0);
        for topic in ["a", "b", "c"] {
            let mut block = table.block([("topic", topic)]);
            (0..3).for_each(|number| block.push(number, [(number != 1).then(|| f64::from(number))]));
        }
        let [column] = table.into_columns();
        let all = lines(&column, column.rows());
        assert_eq!(all.len(), 6);
        for start in 0..=9 {
            for end in start..=9 {
                let expected: Vec<_> = all.iter().filter(|(row, ..)| (start..end).contains(row)).cloned().collect();
                assert_eq!(lines(&column, start..end), expected, "{start}..{end}");
                assert_eq!(column.samples_in(&(start..end)), expected.len());
            }
        }
    }

    #[test]
    fn the_first_samples_stay_when_there_may_be_no_more() {
        let mut table: Table<1> = Table::new("n", 0);
        for topic in ["a", "b"] {
            let mut block = table.block([("topic", topic)]);
            (0..3).for_each(|number| block.push(number, [(number != 1).then(|| f64::from(number))]));
        }
        let [column] = table.into_columns();
        let all = lines(&column, column.rows());
        for left in 0..=5 {
            let mut column = column.clone();
            column.truncate(left);
            assert_eq!(lines(&column, column.rows()), all[..left.min(4)]);
            assert_eq!(column.len(), left.min(4));
        }
    }

    #[test]
    fn an_empty_table_has_no_samples() {
        let [column] = Table::<1>::new("n", 10).into_columns();
        assert!(column.is_empty() && lines(&column, column.rows()).is_empty());
    }
}
