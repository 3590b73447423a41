//! Bytes that may be anything: honest answers with bits flipped, cut, spliced, inflated and with extreme lengths, and
//! noise. No reader may panic, or hold more memory than a small multiple of the bytes it was given.
//! KAFKA_VITALS_FUZZ_SECONDS says for how long each reader is attacked, 0.3 by default, as many at a time as there are
//! processors; KAFKA_VITALS_FUZZ_SEED where to start.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::allocator::peak;
use super::{Target, targets};
use crate::{connection, sasl};

/// Reads `body`; whether it was an answer does not matter. Returns what was held at most.
pub(super) fn attack(target: &Target, version: i16, body: &[u8]) -> usize {
    let shown = Shown { name: target.name, version, body };
    let (_, held) = peak(|| drop((target.decode)(version, body)));
    let most = body.len() * target.multiple + target.besides;
    assert!(held <= most, "{held} bytes were held for an answer of {}", body.len());
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
        if thread::panicking() {
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

/// What attacks on one reader came to.
struct Outcome {
    name: &'static str,
    attacks: u64,
    /// Most bytes held per byte read, and the length of that body.
    worst: (f64, usize),
}

/// Attacks one reader for `time`, but in each version at least once. `others` are honest bodies of any reader.
fn besiege(target: &Target, time: Duration, numbers: &mut Numbers, others: &[Vec<u8>]) -> Outcome {
    let end = Instant::now() + time;
    let mut runner = runner(numbers);
    let mut outcome = Outcome { name: target.name, attacks: 0, worst: (0.0, 0) };
    while outcome.attacks == 0 || Instant::now() < end {
        for version in target.versions.clone() {
            let honest = (target.sample)(&mut runner, version);
            attack(target, version, &honest);
            for _ in 0..24 {
                let mut body = honest.clone();
                if numbers.below(24) == 0 {
                    body = (0..numbers.below(300)).map(|_| numbers.byte()).collect();
                }
                for _ in 0..=numbers.below(5) {
                    let other = &others[numbers.below(others.len())];
                    mutate(numbers, &mut body, other);
                }
                let held = attack(target, version, &body);
                let ratio = held.saturating_sub(target.besides) as f64 / body.len().max(1) as f64;
                if ratio > outcome.worst.0 {
                    outcome.worst = (ratio, body.len());
                }
                outcome.attacks += 1;
            }
        }
    }
    outcome
}

fn runner(numbers: &mut Numbers) -> TestRunner {
    let bytes: Vec<u8> = (0..32).map(|_| numbers.byte()).collect();
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// A variable of the environment, if it is set.
fn variable<T: std::str::FromStr<Err: std::fmt::Debug>>(name: &str) -> Option<T> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|error| panic!("{name}={value}: {error:?}")))
}

#[test]
fn no_answer_makes_a_reader_panic_or_hold_more_than_a_multiple_of_its_length() {
    let time = Duration::from_secs_f64(variable("KAFKA_VITALS_FUZZ_SECONDS").unwrap_or(0.3));
    let now = || u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos());
    let seed = variable("KAFKA_VITALS_FUZZ_SEED").unwrap_or_else(now);
    let next = AtomicUsize::new(0);
    // Takes the next reader until there is none.
    let work = || {
        let targets = targets();
        let mut runner = runner(&mut Numbers(seed));
        let others: Vec<_> =
            targets.iter().map(|target| (target.sample)(&mut runner, *target.versions.end())).collect();
        let mut outcomes = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(target) = targets.get(at) else { return outcomes };
            outcomes.push(besiege(target, time, &mut Numbers(seed.wrapping_add(at as u64)), &others));
        }
    };
    let outcomes: Vec<Outcome> = thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("told above")).collect()
    });
    assert_eq!(outcomes.len(), targets().len(), "each reader was attacked");
    println!("seed {seed}; attacks, most bytes held per byte read, and the length of what was read then:");
    for Outcome { name, attacks, worst: (ratio, length) } in outcomes {
        println!("{name:26} {attacks:9} {ratio:6.1} {length}");
    }
}

#[test]
fn what_the_attacks_on_connections_begin_with_is_honest() {
    let mut runner = runner(&mut Numbers(7));
    for target in connection::tests::targets::all().into_iter().chain(sasl::targets::all()) {
        for version in target.versions.clone() {
            for _ in 0..20 {
                let honest = (target.sample)(&mut runner, version);
                let read = (target.decode)(version, &honest);
                // Nobody but a broker can sign.
                let is_read = read.is_ok() || target.name == "SCRAM's last message";
                assert!(is_read, "{} version {version}: {read:?}: {honest:?}", target.name);
            }
        }
    }
}
