//! Frames on the wire: four bytes of length, then a header with the correlation id, then a body. In: bytes as they
//! come from a socket; out: whole frames, with no more memory taken than bytes have come (and a chunk).
//! Format: Kafka protocol guide, "Protocol Structure"; header versions: KIP-482.

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::Fault;
use crate::api::{Api, Call, Unencodable};

/// Read at once while no frame's length is known.
const CHUNK: usize = 16 * 1024;
/// Reserved at once for a frame whose length is known: it may lie.
const GROWTH: usize = 1024 * 1024;
/// Length and correlation id.
const HEAD: usize = 8;

/// A request with its header (version 2 for flexible versions, else 1) and its length.
///
/// # Errors
/// As [`Call::encode`].
pub(super) fn request<C: Call>(call: &C, version: i16, id: i32, client_id: &str) -> Result<Bytes, Unencodable> {
    let mut out = BytesMut::with_capacity(64);
    out.put_i32(0);
    out.put_i16(C::API.key);
    out.put_i16(version);
    out.put_i32(id);
    let length = i16::try_from(client_id.len()).map_err(|_| Unencodable("client.id is too long".to_owned()))?;
    out.put_i16(length);
    out.put_slice(client_id.as_bytes());
    if C::API.is_flexible(version) {
        out.put_u8(0);
    }
    call.encode(version, &mut out)?;
    let length = i32::try_from(out.len() - 4).map_err(|_| Unencodable("the request is too long".to_owned()))?;
    let mut head: &mut [u8] = &mut out;
    head.put_i32(length);
    Ok(out.freeze())
}

/// Whether the answer's header is version 1, which ends in tagged fields.
pub(super) fn has_tagged_header(api: &Api, version: i16) -> bool {
    /// ApiVersions, whose answer must be readable by who does not know its version (KIP-511).
    const API_VERSIONS: i16 = 18;
    api.key != API_VERSIONS && api.is_flexible(version)
}

/// Puts frames together.
#[derive(Debug)]
pub(super) struct Frames {
    buffer: BytesMut,
    limit: usize,
    /// Bytes still to come of a frame that nobody waits for.
    discard: usize,
}

/// The next step with what has come so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// More bytes are needed.
    Incomplete,
    /// A frame from its correlation id on.
    Frame(Bytes),
    /// A frame that was not wanted has gone by, or is going by.
    Discarded,
}

impl Frames {
    pub(super) fn new(limit: usize) -> Self {
        Self { buffer: BytesMut::new(), limit, discard: 0 }
    }

    /// Reads once, `Ok(0)` at the end. Cancellation loses nothing.
    pub(super) async fn read(&mut self, from: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
        // Up to the frame's end and not beyond it, so that a large frame's memory is that frame's alone.
        let missing = match (self.discard, self.length()) {
            (0, Some(length)) => (length + 4).saturating_sub(self.buffer.len()),
            (discard, _) => discard,
        };
        let most = if missing == 0 { CHUNK } else { missing.min(GROWTH) };
        if self.buffer.capacity() == self.buffer.len() {
            self.buffer.reserve(if self.discard > 0 { most.min(CHUNK) } else { most });
        }
        let count = from.read_buf(&mut (&mut self.buffer).limit(most)).await?;
        if self.discard > 0 {
            self.discard = self.discard.saturating_sub(count);
            self.buffer.clear();
        }
        Ok(count)
    }

    /// Whether bytes of the next frame have come.
    pub(super) fn is_midway(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// The next frame. `wanted` is asked by correlation id as soon as that is known, and may refuse it.
    ///
    /// # Errors
    /// A length that no answer has, or what `wanted` says.
    pub(super) fn next(&mut self, peer: &str, wanted: impl FnOnce(i32) -> Result<bool, Fault>) -> Result<Next, Fault> {
        if self.discard > 0 {
            return Ok(Next::Incomplete);
        }
        let Some((mut head, _)) = self.buffer.split_at_checked(4) else { return Ok(Next::Incomplete) };
        let length = head.get_i32();
        match usize::try_from(length) {
            Ok(length) if (4..=self.limit).contains(&length) => {}
            _ => return Err(Fault::Protocol(no_frame(peer, length, self.limit))),
        }
        let total = self.length().unwrap_or(0) + 4;
        let Some((mut head, _)) = self.buffer.split_at_checked(HEAD) else { return Ok(Next::Incomplete) };
        head.advance(4);
        if !wanted(head.get_i32())? {
            let gone = total.min(self.buffer.len());
            self.buffer.advance(gone);
            self.discard = total - gone;
            return Ok(Next::Discarded);
        }
        if self.buffer.len() < total {
            return Ok(Next::Incomplete);
        }
        let mut frame =
            if self.buffer.len() == total { std::mem::take(&mut self.buffer) } else { self.buffer.split_to(total) };
        frame.advance(4);
        Ok(Next::Frame(frame.freeze()))
    }

    /// The length that the buffer begins with, if it is one.
    fn length(&self) -> Option<usize> {
        let (mut head, _) = self.buffer.split_at_checked(4)?;
        usize::try_from(head.get_i32()).ok().filter(|length| *length <= self.limit)
    }
}

/// What to say of a length that cannot be one. What speaks another protocol is recognised by its first bytes.
fn no_frame(peer: &str, length: i32, limit: usize) -> String {
    match length.to_be_bytes() {
        // ContentType alert, then the legacy version (RFC 8446 section 5.1).
        [0x15, 0x03, ..] => format!("{peer} answered with a TLS alert: it expects TLS"),
        [b'H', b'T', b'T', b'P'] => format!("{peer} answered in HTTP: no Kafka broker"),
        [b'S', b'S', b'H', b'-'] => format!("{peer} answered in SSH: no Kafka broker"),
        _ if length < 0 => format!("{peer} announced an answer of {length} bytes: no Kafka broker, or TLS expected?"),
        _ => {
            format!(
                "{peer} announced an answer of {length} bytes, the limit is {limit}: no Kafka broker, or TLS expected?"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 200 * 1024 * 1024;

    /// What comes of bytes that arrive in pieces of these sizes: frames, then how it ended.
    async fn read(bytes: &[u8], sizes: &[usize], wanted: fn(i32) -> bool) -> (Vec<Bytes>, Result<(), Fault>, Frames) {
        let (mut frames, mut found) = (Frames::new(LIMIT), Vec::new());
        let (mut rest, mut sizes) = (bytes, sizes.iter().cycle());
        while !rest.is_empty() {
            let size = (*sizes.next().unwrap_or(&1)).clamp(1, rest.len());
            let mut piece = &rest[..size];
            rest = &rest[size..];
            while !piece.is_empty() {
                frames.read(&mut piece).await.unwrap();
                loop {
                    match frames.next("broker", |id| Ok(wanted(id))) {
                        Ok(Next::Frame(frame)) => found.push(frame),
                        Ok(Next::Discarded) => {}
                        Ok(Next::Incomplete) => break,
                        Err(fault) => return (found, Err(fault), frames),
                    }
                }
            }
        }
        (found, Ok(()), frames)
    }

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
    }

    proptest! {
        #[test]
        fn frames_come_out_whole_however_the_bytes_are_cut_and_the_unwanted_do_not(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..70_000), 1..6),
            sizes in prop::collection::vec(1usize..40_000, 1..8),
        ) {
            let mut bytes = BytesMut::new();
            for (id, body) in (0..).zip(&bodies) {
                bytes.put_i32(i32::try_from(body.len() + 4).unwrap());
                bytes.put_i32(id);
                bytes.put_slice(body);
            }
            let (all, ended, _) = run(read(&bytes, &sizes, |_| true));
            prop_assert!(ended.is_ok());
            prop_assert_eq!(all.iter().map(|frame| &frame[4..]).collect::<Vec<_>>(), bodies.iter().map(|body| &body[..]).collect::<Vec<_>>());
            let (odd, ended, frames) = run(read(&bytes, &sizes, |id| id % 2 == 1));
            prop_assert!(ended.is_ok() && !frames.is_midway());
            prop_assert_eq!(odd, all.iter().skip(1).step_by(2).cloned().collect::<Vec<_>>());
        }

        #[test]
        fn whatever_comes_is_frames_or_a_fault(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
            let (found, _, frames) = run(read(&bytes, &[7], |id| id % 3 != 0));
            prop_assert!(found.iter().map(Bytes::len).sum::<usize>() <= bytes.len());
            prop_assert!(frames.buffer.capacity() <= CHUNK + GROWTH + bytes.len());
        }
    }

    #[test]
    fn a_length_that_lies_takes_memory_for_what_has_come_only() {
        for (length, sent) in [(LIMIT, 9), (LIMIT, 3_000_000)] {
            let mut bytes = i32::try_from(length).unwrap().to_be_bytes().to_vec();
            bytes.resize(sent, 0);
            let (found, ended, frames) = run(read(&bytes, &[10_000], |_| true));
            assert!(found.is_empty() && ended.is_ok());
            assert!(frames.buffer.capacity() <= 2 * sent + GROWTH, "{} for {sent}", frames.buffer.capacity());
            let (_, _, discarding) = run(read(&bytes, &[10_000], |_| false));
            assert!(discarding.buffer.capacity() <= GROWTH, "{} for {sent}", discarding.buffer.capacity());
        }
    }
}
