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
