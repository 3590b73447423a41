//! A cursor over the bytes of one answer. In: bytes from outside; out: values, or where and why they are malformed.
//! Formats: Kafka protocol guide, "Protocol Primitive Types"; flexible versions and tagged fields: KIP-482.

use std::fmt;

use kafka_admin::ErrorCode;

/// Why bytes are not the answer that they should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// Bytes before the fault, from the start of the body.
    pub(crate) at: usize,
    /// What is wrong.
    pub(crate) what: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

/// Reads one body. `flexible` versions have compact lengths and tagged fields.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
    flexible: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(body: &'a [u8], flexible: bool) -> Self {
        Self { rest: body, length: body.len(), flexible }
    }

    /// The fault `what` at the present position.
    pub(crate) fn malformed(&self, what: &'static str) -> Malformed {
        Malformed { at: self.length - self.rest.len(), what }
    }

    /// How many bytes are left.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(self.malformed("the answer ends too early"));
        };
        self.rest = rest;
        Ok(taken)
    }

    fn array_of<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let Some((taken, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(self.malformed("the answer ends too early"));
        };
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn i8(&mut self) -> Result<i8, Malformed> {
        self.array_of().map(i8::from_be_bytes)
    }

    pub(crate) fn bool(&mut self) -> Result<bool, Malformed> {
        Ok(self.i8()? != 0)
    }

    pub(crate) fn i16(&mut self) -> Result<i16, Malformed> {
        self.array_of().map(i16::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array_of().map(u16::from_be_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, Malformed> {
        self.array_of().map(i32::from_be_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Malformed> {
        self.array_of().map(i64::from_be_bytes)
    }

    pub(crate) fn uuid(&mut self) -> Result<u128, Malformed> {
        self.array_of().map(u128::from_be_bytes)
    }

    pub(crate) fn unsigned_varint(&mut self) -> Result<u32, Malformed> {
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.array_of()?;
            let bits = u32::from(byte & 0x7f);
            if shift == 28 && bits > 0x0f {
                return Err(self.malformed("a variable-length number has too many bits"));
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.malformed("a variable-length number does not end"))
    }

    /// A length as it stands before strings (`i16` in versions that are not flexible), `None` for null.
    fn string_length(&mut self) -> Result<Option<usize>, Malformed> {
        if self.flexible {
            return self.compact_length();
        }
        match self.i16()? {
            -1 => Ok(None),
            length => usize::try_from(length).map(Some).map_err(|_| self.malformed("a string has a negative length")),
        }
    }

    /// A length as it stands before bytes and arrays (`i32` in versions that are not flexible), `None` for null.
    fn long_length(&mut self) -> Result<Option<usize>, Malformed> {
        if self.flexible {
            return self.compact_length();
        }
        match self.i32()? {
            -1 => Ok(None),
            length => usize::try_from(length).map(Some).map_err(|_| self.malformed("a negative length")),
        }
    }

    fn compact_length(&mut self) -> Result<Option<usize>, Malformed> {
        let length = self.unsigned_varint()?;
        let length = length.checked_sub(1).map(usize::try_from).transpose();
        length.map_err(|_| self.malformed("a length is too large"))
    }

    pub(crate) fn nullable_string(&mut self) -> Result<Option<&'a str>, Malformed> {
        let Some(length) = self.string_length()? else { return Ok(None) };
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map(Some).map_err(|_| self.malformed("a string is not UTF-8"))
    }

    pub(crate) fn string(&mut self) -> Result<&'a str, Malformed> {
        self.nullable_string()?.ok_or_else(|| self.malformed("a string is null"))
    }

    /// Passes over a string or null, whatever its bytes are.
    pub(crate) fn skip_string(&mut self) -> Result<(), Malformed> {
        if let Some(length) = self.string_length()? {
            self.take(length)?;
        }
        Ok(())
    }

    pub(crate) fn nullable_bytes(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        self.long_length()?.map(|length| self.take(length)).transpose()
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        self.nullable_bytes()?.ok_or_else(|| self.malformed("bytes are null"))
    }

    /// The number of items of an array, `None` for null. Each takes at least a byte, so a number that the rest cannot
    /// hold is refused before anything is reserved for it.
    pub(crate) fn nullable_array(&mut self) -> Result<Option<usize>, Malformed> {
        let length = self.long_length()?;
        if length.is_some_and(|length| length > self.rest.len()) {
            return Err(self.malformed("an array is longer than the answer"));
        }
        Ok(length)
    }

    /// The number of items of an array.
    pub(crate) fn array(&mut self) -> Result<usize, Malformed> {
        self.nullable_array()?.ok_or_else(|| self.malformed("an array is null"))
    }

    /// The items of an array, `smallest` bytes each at least: what is reserved is bounded by the bytes at hand.
    pub(crate) fn items<T>(
        &mut self,
        smallest: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        self.items_if(smallest, |reader| read(reader).map(Some))
    }

    /// Likewise, without those that `read` gives nothing for.
    pub(crate) fn items_if<T>(
        &mut self,
        smallest: usize,
        mut read: impl FnMut(&mut Self) -> Result<Option<T>, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let count = self.array_of_at_least(smallest)?;
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.extend(read(self)?);
        }
        Ok(items)
    }

    /// Likewise, after those that `items` holds already.
    pub(crate) fn append<T>(
        &mut self,
        items: &mut Vec<T>,
        smallest: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<(), Malformed> {
        let count = self.array_of_at_least(smallest)?;
        items.reserve(count);
        for _ in 0..count {
            items.push(read(self)?);
        }
        Ok(())
    }

    /// The number of items of an array of which each takes `smallest` bytes at least.
    fn array_of_at_least(&mut self, smallest: usize) -> Result<usize, Malformed> {
        let count = self.array()?;
        if count.saturating_mul(smallest) > self.rest.len() {
            return Err(self.malformed("an array is longer than the answer"));
        }
        Ok(count)
    }

    /// Reads each item of an array. What `read` keeps of an item must be bounded by the bytes that it takes.
    pub(crate) fn each(&mut self, mut read: impl FnMut(&mut Self) -> Result<(), Malformed>) -> Result<(), Malformed> {
        for _ in 0..self.array()? {
            read(self)?;
        }
        Ok(())
    }

    /// Passes over an array of `i32`.
    pub(crate) fn skip_i32s(&mut self) -> Result<(), Malformed> {
        let count = self.array()?;
        self.take(count.saturating_mul(4)).map(drop)
    }

    /// Whether a nullable structure follows: a byte before it tells (-1: null).
    pub(crate) fn is_present(&mut self) -> Result<bool, Malformed> {
        Ok(self.i8()? >= 0)
    }

    /// An error code, `None` for 0.
    pub(crate) fn error(&mut self) -> Result<Option<ErrorCode>, Malformed> {
        Ok(match self.i16()? {
            0 => None,
            code => Some(ErrorCode(code)),
        })
    }

    /// A port that stands as `i32`.
    pub(crate) fn port(&mut self) -> Result<u16, Malformed> {
        u16::try_from(self.i32()?).map_err(|_| self.malformed("a port is out of range"))
    }

    /// A host, without brackets around an IPv6 address.
    pub(crate) fn host(&mut self) -> Result<&'a str, Malformed> {
        let host = self.string()?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        Ok(bare.unwrap_or(host))
    }

    /// The tagged fields at the end of a structure of a flexible version, none of which is known; nothing in others.
    pub(crate) fn tagged_fields(&mut self) -> Result<(), Malformed> {
        if self.flexible {
            for _ in 0..self.unsigned_varint()? {
                self.unsigned_varint()?;
                let length = self.unsigned_varint()?;
                let length = usize::try_from(length).map_err(|_| self.malformed("a length is too large"))?;
                self.take(length)?;
            }
        }
        Ok(())
    }

    /// Nothing may follow.
    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.malformed("the answer goes on after its end")) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn fault<T>(result: Result<T, Malformed>) -> (usize, &'static str) {
        let Malformed { at, what } = result.err().unwrap();
        (at, what)
    }

    #[test]
    fn variable_length_numbers_have_up_to_32_bits() {
        for (bytes, value) in [
            (&[0][..], 0),
            (&[0x7f], 127),
            (&[0x80, 1], 128),
            (&[0xff, 0xff, 0xff, 0xff, 0x0f], u32::MAX),
            (&[0x80, 0x80, 0x80, 0x80, 0], 0),
        ] {
            let mut reader = Reader::new(bytes, true);
            assert_eq!(reader.unsigned_varint(), Ok(value), "{bytes:?}");
            assert_eq!(reader.end(), Ok(()));
        }
        for bytes in [&[][..], &[0x80], &[0xff, 0xff, 0xff, 0xff, 0x1f], &[0x80, 0x80, 0x80, 0x80, 0x80, 1]] {
            assert!(Reader::new(bytes, true).unsigned_varint().is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn strings_have_a_length_of_two_bytes_or_of_variable_length_plus_one() {
        let text = |bytes, flexible| Reader::new(bytes, flexible).nullable_string();
        assert_eq!(text(&[0, 2, b'a', b'b'], false), Ok(Some("ab")));
        assert_eq!(text(&[0xff, 0xff], false), Ok(None));
        assert_eq!(text(&[3, b'a', b'b'], true), Ok(Some("ab")));
        assert_eq!(text(&[1], true), Ok(Some("")));
        assert_eq!(text(&[0], true), Ok(None));
        assert_eq!(fault(text(&[0xff, 0xfe], false)), (2, "a string has a negative length"));
        assert_eq!(fault(text(&[0, 2, b'a'], false)), (2, "the answer ends too early"));
        assert_eq!(fault(text(&[2, 0xff], true)), (2, "a string is not UTF-8"));
        assert_eq!(fault(Reader::new(&[0], true).string()), (1, "a string is null"));
    }

    #[test]
    fn what_is_passed_over_may_be_any_bytes_but_must_be_there() {
        let mut reader = Reader::new(&[3, 0xff, 0xfe, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 9], true);
        reader.skip_string().unwrap();
        reader.skip_string().unwrap();
        reader.skip_i32s().unwrap();
        assert_eq!(reader.i8(), Ok(9));
        assert!(Reader::new(&[3, 0xff], true).skip_string().is_err());
        assert!(Reader::new(&[3, 0, 0, 0, 1, 0, 0, 0], true).skip_i32s().is_err());
    }

    #[test]
    fn hosts_lose_their_brackets_and_ports_are_those_of_tcp() {
        for (host, bare) in [("::1", "::1"), ("[::1]", "::1"), ("kafka-1", "kafka-1"), ("[", "["), ("", "")] {
            let mut body = vec![u8::try_from(host.len() + 1).unwrap()];
            body.extend(host.as_bytes());
            assert_eq!(Reader::new(&body, true).host(), Ok(bare));
        }
        assert_eq!(Reader::new(&[0, 0, 0xff, 0xff], true).port(), Ok(65535));
        assert!(Reader::new(&[0, 1, 0, 0], true).port().is_err());
        assert!(Reader::new(&[0xff, 0xff, 0xff, 0xff], true).port().is_err());
    }

    #[test]
    fn arrays_are_refused_where_the_rest_cannot_hold_their_items() {
        let items = |bytes: &[u8], smallest| Reader::new(bytes, true).items(smallest, Reader::i8);
        assert_eq!(items(&[3, 7, 8], 1), Ok(vec![7, 8]));
        assert_eq!(fault(items(&[3, 7, 8], 2)), (1, "an array is longer than the answer"));
        assert_eq!(fault(items(&[4, 7, 8], 1)), (1, "an array is longer than the answer"));
        assert_eq!(fault(items(&[0], 1)), (1, "an array is null"));
        let negative = Reader::new(&[0xff, 0xff, 0xff, 0xfe], false).array();
        assert_eq!(fault(negative), (4, "a negative length"));
        let claimed = Reader::new(&[4, 7, 8], true).array();
        assert_eq!(fault(claimed), (1, "an array is longer than the answer"), "even where nothing is reserved for it");
        let odd =
            Reader::new(&[4, 1, 2, 3], true).items_if(1, |body| Ok(Some(body.i8()?).filter(|item| item % 2 == 1)));
        assert_eq!(odd, Ok(vec![1, 3]));
        let mut more = vec![1];
        Reader::new(&[3, 2, 3], true).append(&mut more, 1, Reader::i8).unwrap();
        assert_eq!(more, [1, 2, 3]);
    }

    #[test]
    fn tagged_fields_are_passed_over_and_absent_in_versions_that_are_not_flexible() {
        let mut reader = Reader::new(&[2, 0, 1, 9, 0x80, 1, 0, 5], true);
        reader.tagged_fields().unwrap();
        assert_eq!(reader.i8(), Ok(5));
        assert_eq!(Reader::new(&[], false).tagged_fields(), Ok(()));
        assert!(Reader::new(&[1, 0, 9], true).tagged_fields().is_err());
    }

    #[test]
    fn a_nullable_structure_is_there_unless_a_negative_byte_says_no() {
        assert_eq!(Reader::new(&[0xff], true).is_present(), Ok(false));
        assert_eq!(Reader::new(&[1], true).is_present(), Ok(true));
    }
}
