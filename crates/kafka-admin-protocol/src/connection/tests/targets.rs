//! What is read before any call's answer, as targets for the attacks of `api::tests::fuzz`.

use bytes::BufMut;
use futures_util::FutureExt;
use kafka_protocol::messages::{ApiVersionsResponse, api_versions_response::ApiVersion};
use proptest::prelude::*;

use crate::{
    api::tests::{Target, body, code, tags},
    connection::{
        Fault,
        frame::{Frames, Next},
        versions::ApiVersions,
    },
    wire::Malformed,
};

/// As `receive.message.max.bytes` may limit them.
const LIMIT: usize = 100_000;

pub(crate) fn all() -> [Target; 2] {
    [api_versions(), frames()]
}

fn api_versions() -> Target {
    let ranges = prop::collection::vec((0..100i16, 0..20i16, 0..20i16), 0..90);
    Target::new(ApiVersions, (code(), ranges), |version, (code, ranges)| {
        let tags = || tags::<ApiVersions>(version);
        let range = |&(key, min, max)| {
            let range = ApiVersion::default().with_api_key(key).with_min_version(min).with_max_version(max);
            range.with_unknown_tagged_fields(tags())
        };
        // 35, which a broker says in version 0 whatever was asked, is left to the attacks.
        let answer = ApiVersionsResponse::default().with_error_code(if *code == 35 { 0 } else { *code });
        // Below 4 they are known: features, and whether ZooKeeper may be left.
        let tags = tags().split_off(&4);
        body(version, &answer.with_api_keys(ranges.iter().map(range).collect()).with_unknown_tagged_fields(tags))
    })
}

/// Frames in pieces, of which nobody waits for each third, and some come out of order.
fn frames() -> Target {
    let frames = prop::collection::vec((1..1000i32, prop::collection::vec(any::<u8>(), 0..2000)), 0..6);
    let frames = frames.prop_map(|frames| {
        let mut bytes = Vec::new();
        for (id, body) in frames {
            bytes.put_i32(i32::try_from(body.len() + 4).unwrap());
            bytes.put_i32(id);
            bytes.extend(body);
        }
        bytes
    });
    let malformed = |what| Malformed { at: 0, what };
    // What was read of a piece is in the buffer, a chunk or more; frames pass one at a time.
    Target::of_bytes("frames", frames, move |mut rest| {
        let (mut frames, mut framed, whole) = (Frames::new(LIMIT), 0, rest.len());
        for size in [1, 3, 4, 7, 1000, 20_000].into_iter().cycle() {
            let (mut piece, after) = rest.split_at(rest.len().min(size));
            rest = after;
            while !piece.is_empty() {
                frames.read(&mut piece).now_or_never().expect("bytes are there").expect("no socket");
                loop {
                    let wanted = |id| if id < 0 { Err(Fault::Timeout) } else { Ok(id % 3 != 0) };
                    match frames.next("broker", wanted).map_err(|_| malformed("a frame that nobody owes"))? {
                        Next::Frame(frame) => {
                            assert!((4..=LIMIT).contains(&frame.len()));
                            framed += frame.len() + 4;
                        }
                        Next::Discarded => {}
                        Next::Incomplete => break,
                    }
                }
            }
            if rest.is_empty() {
                break;
            }
        }
        assert!(framed <= whole, "{framed} bytes of frames from {whole}");
        Ok(())
    })
    .holding(4, 3 * LIMIT)
}
