//! Bytes that may be anything: honest answers with bits flipped, cut, spliced, inflated and with extreme lengths, and
//! noise. No reader may panic, or hold more memory than a small multiple of the bytes it was given.
//! KAFKA_VITALS_FUZZ_SECONDS says for how long, 3 by default; KAFKA_VITALS_FUZZ_SEED where to start.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::allocator::peak;
use super::{NAMES, Target, targets};

/// The most that a reader may hold per byte of an answer. A `Member` of 144 bytes may stand as seven bytes, an array
/// that grows is there twice for a moment.
const MULTIPLE: usize = 32;

/// Likewise of StreamsGroupDescribe, where a byte may stand for four topic partitions of 24 bytes.
const STREAMS_MULTIPLE: usize = 320;

/// What does not depend on the answer: a place for each item asked for.
const ASKED: usize = 4 << 10;

/// The most that reading `length` bytes may take.
fn allowance(target: &Target, length: usize) -> usize {
    if target.api.name == "StreamsGroupDescribe" {
        return length * STREAMS_MULTIPLE + NAMES.all_partitions() * 512 + ASKED;
    }
    length * MULTIPLE + ASKED
}

/// Reads `body`; whether it was an answer does not matter. Returns what was held at most.
pub(super) fn attack(target: &Target, version: i16, body: &[u8]) -> usize {
    let shown = Shown { name: target.api.name, version, body };
    let (_, held) = peak(|| drop((target.decode)(version, body)));
    assert!(held <= allowance(target, body.len()), "{held} bytes were held for an answer of {}", body.len());
    drop(shown);
    held
}

/// Tells what was read, if reading it panics.
struct Shown<'a> {
    name: &'static str,
    version: i16,
    body: &'a [u8],
}

impl Drop for Shown<'_> {
    #[allow(clippy::print_stderr, reason = "what a failed test says")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (start, _) = self.body.split_at(self.body.len().min(4000));
            eprintln!("{} version {}, {} bytes: {start:?}", self.name, self.version, self.body.len());
        }
    }
}

/// SplitMix64: numbers that look random.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `limit`; 0 where that is 0.
    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % (limit.max(1) as u64)).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }
}

const EXTREMES: [&[u8]; 14] = [
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0xff],
    &[0x80, 0x80, 0x80, 0x80, 0x08],
    &[0xff, 0x7f],
    &[0x7f, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0xff],
    &[0x80, 0, 0, 0],
    &[0, 0, 0xff, 0xff],
    &[0, 0, 0, 1],
    &[0x7f, 0xff],
    &[0xff, 0xff],
    &[0x80, 0],
    &[0],
    &[1],
];

fn mutate(numbers: &mut Numbers, body: &mut Vec<u8>, other: &[u8]) {
    let at = numbers.below(body.len());
    match numbers.below(9) {
        0 => {
            if let Some(byte) = body.get_mut(at) {
                *byte ^= 1 << numbers.below(8);
            }
        }
        1 => body.truncate(at),
        2 => {
            let end = at + numbers.below(body.len() - at.min(body.len()));
            body.drain(at..end);
        }
        3 => {
            let from = numbers.below(other.len());
            let length = numbers.below(other.len() - from.min(other.len()));
            let piece = other.iter().skip(from).take(length).copied();
            body.splice(at.min(body.len()).., piece.collect::<Vec<_>>());
        }
        4 | 5 => {
            let extreme = EXTREMES[numbers.below(EXTREMES.len())];
            let end = if numbers.below(2) == 0 { at } else { (at + extreme.len()).min(body.len()) };
            body.splice(at.min(end)..end, extreme.iter().copied());
        }
        6 => {
            let end = (at + numbers.below(64)).min(body.len());
            let piece = body[at.min(end)..end].to_vec();
            for _ in 0..numbers.below(20) {
                body.splice(at..at, piece.iter().copied());
            }
        }
        7 => {
            // Room for what a length claims: empty strings, arrays and fields.
            let filler = [0, 1, 2, numbers.byte()][numbers.below(4)];
            body.resize(body.len() + numbers.below(20_000), filler);
        }
        _ => {
            let end = (at + numbers.below(16)).min(body.len());
            body[at.min(end)..end].iter_mut().for_each(|byte| *byte = numbers.byte());
        }
    }
}

#[test]
fn no_answer_makes_a_reader_panic_or_hold_more_than_a_multiple_of_its_length() {
    let number = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().expect("a whole number"));
    let end = Instant::now() + Duration::from_secs(number("KAFKA_VITALS_FUZZ_SECONDS").unwrap_or(3));
    let now = || u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos());
    let seed = number("KAFKA_VITALS_FUZZ_SEED").unwrap_or_else(now);
    let mut numbers = Numbers(seed);
    let bytes: Vec<u8> = (0..32).map(|_| numbers.byte()).collect();
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let targets = targets();
    let (mut attacks, mut worst) = (0u64, vec![(0.0f64, 0); targets.len()]);
    let mut other = Vec::new();
    // Every reader at least once, however short the time.
    while attacks == 0 || Instant::now() < end {
        for (target, worst) in targets.iter().zip(&mut worst) {
            for version in target.api.versions.clone() {
                let honest = (target.sample)(&mut runner, version);
                attack(target, version, &honest);
                for _ in 0..24 {
                    let mut body = honest.clone();
                    if numbers.below(24) == 0 {
                        body = (0..numbers.below(300)).map(|_| numbers.byte()).collect();
                    }
                    for _ in 0..=numbers.below(5) {
                        mutate(&mut numbers, &mut body, &other);
                    }
                    let held = attack(target, version, &body);
                    let ratio = held.saturating_sub(ASKED) as f64 / body.len().max(1) as f64;
                    if ratio > worst.0 {
                        *worst = (ratio, body.len());
                    }
                    attacks += 1;
                }
                other = honest;
            }
        }
    }
    println!("{attacks} attacks from seed {seed}; most bytes held per byte of an answer, and its length:");
    for (target, (ratio, length)) in targets.iter().zip(worst) {
        println!("{:26} {ratio:6.1} {length}", target.api.name);
    }
}
