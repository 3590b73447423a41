//! Distance between clients and a broker: TCP bytes in, the same bytes out some milliseconds later, and a count of round trips.
//!
//! A delay line, not a throttle: each piece of data leaves a fixed time after it came, however many are under way, so that pipelining and
//! throughput are those of a long fat line. What connecting costs on such a line, one round trip, is added before a client's first bytes.
//! TCP's slow start and losses are not imitated. A broker that is down shows as a connection that is closed at once.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, sleep},
    time::{Duration, Instant},
};

use crate::{Result, error::IoContext};

/// What went over the slow lines since the last reset. Each connection counts for itself a round trip for being made and one for each write of
/// the client that follows an answer, or part of one, that it got on this connection.
///
/// How many of them lie one after the other for a client with several connections cannot be told from outside: it is at least
/// [`longest`](Self::longest) and at most [`total`](Self::total). What the user waits for is wall time; it over the round trip's time is the
/// measure of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoundTrips {
    /// Connections made.
    pub opened: u64,
    /// Connections used, new or not.
    pub connections: u64,
    /// Round trips of the connection that had most.
    pub longest: u64,
    /// Round trips of all connections together.
    pub total: u64,
}

/// Counts for all lines of a cluster.
#[derive(Debug, Default)]
pub(crate) struct Counter(Mutex<Vec<Arc<Counts>>>);

#[derive(Debug)]
struct Counts {
    trips: AtomicU64,
    /// Whether the client got something since it last wrote.
    answered: AtomicBool,
    /// Whether it was made since the last reset.
    new: AtomicBool,
}

impl Counter {
    pub(crate) fn round_trips(&self) -> RoundTrips {
        let mut sum = RoundTrips::default();
        for counts in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let trips = counts.trips.load(Ordering::Relaxed);
            sum.opened += u64::from(counts.new.load(Ordering::Relaxed));
            sum.connections += u64::from(trips > 0);
            sum.longest = sum.longest.max(trips);
            sum.total += trips;
        }
        sum
    }

    pub(crate) fn reset(&self) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Of a closed connection only this reference is left.
        all.retain(|counts| Arc::strong_count(counts) > 1);
        for counts in all.iter() {
            counts.trips.store(0, Ordering::Relaxed);
            counts.new.store(false, Ordering::Relaxed);
        }
    }

    fn connection(&self) -> Arc<Counts> {
        let counts =
            Arc::new(Counts { trips: AtomicU64::new(1), answered: AtomicBool::new(true), new: AtomicBool::new(true) });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&counts));
        counts
    }
}

/// A proxy in front of one broker; it takes no new connection after it was dropped.
#[derive(Debug)]
pub(crate) struct DelayLine {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl DelayLine {
    /// Passes on what comes in at `listener` to `target`, `delay` later each way.
    pub(crate) fn start(
        listener: TcpListener,
        target: SocketAddr,
        delay: Duration,
        counter: &Arc<Counter>,
    ) -> Result<Self> {
        let address = listener.local_addr().context(|| "ask for a listener's address".into())?;
        let stop = Arc::new(AtomicBool::new(false));
        let (stopping, counter) = (Arc::clone(&stop), Arc::clone(counter));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if stopping.load(Ordering::Relaxed) {
                    return;
                }
                let counts = counter.connection();
                // Fails for a broker that is down, or a client that went away: the connection closes.
                thread::spawn(move || drop(connect(&client, target, delay, counts)));
            }
        });
        Ok(Self { address, stop })
    }
}

impl Drop for DelayLine {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.address));
    }
}

/// Both directions of a connection, each with a thread that reads and one that writes.
fn connect(client: &TcpStream, target: SocketAddr, delay: Duration, counts: Arc<Counts>) -> std::io::Result<()> {
    let connected = Instant::now() + 2 * delay;
    let broker = TcpStream::connect(target)?;
    client.set_nodelay(true)?;
    broker.set_nodelay(true)?;
    let (to_broker, from_client) = channel();
    let (to_client, from_broker) = channel();
    let (client_in, client_out, broker_in, broker_out) =
        (client.try_clone()?, client.try_clone()?, broker.try_clone()?, broker);
    let (written, answered) = (Arc::clone(&counts), counts);
    let written = move || {
        if written.answered.swap(false, Ordering::Relaxed) {
            written.trips.fetch_add(1, Ordering::Relaxed);
        }
    };
    thread::spawn(move || read(client_in, &to_broker, connected, delay, written));
    thread::spawn(move || read(broker_in, &to_client, connected, delay, || {}));
    thread::spawn(move || write(broker_out, &from_client, || {}));
    thread::spawn(move || write(client_out, &from_broker, move || answered.answered.store(true, Ordering::Relaxed)));
    Ok(())
}

/// Some bytes and when they are due; none stand for the end of the stream.
type Piece = (Instant, Vec<u8>);

fn read(mut from: TcpStream, to: &Sender<Piece>, not_before: Instant, delay: Duration, seen: impl Fn()) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        // A connection that broke has ended, as far as the other side can tell.
        let length = from.read(&mut buffer).unwrap_or(0);
        if length > 0 {
            seen();
        }
        let due = Instant::now().max(not_before) + delay;
        let piece = buffer.get(..length).unwrap_or_default().to_vec();
        if to.send((due, piece)).is_err() || length == 0 {
            return;
        }
    }
}

fn write(mut to: TcpStream, from: &Receiver<Piece>, before: impl Fn()) {
    while let Ok((due, piece)) = from.recv() {
        sleep(due.saturating_duration_since(Instant::now()));
        if piece.is_empty() {
            // The other direction may go on.
            let _ = to.shutdown(Shutdown::Write);
            return;
        }
        before();
        if to.write_all(&piece).is_err() {
            // Nobody reads any more: what still comes is dropped with the channel.
            let _ = to.shutdown(Shutdown::Both);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_millis(20);
    /// Long enough for a busy machine to make some writes before the first answer.
    const LONG: Duration = Duration::from_millis(150);

    /// A server that sends back what it gets, behind a line.
    fn echo(delay: Duration) -> (DelayLine, Arc<Counter>) {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let target = server.local_addr().expect("an address");
        thread::spawn(move || {
            for stream in server.incoming().flatten() {
                thread::spawn(move || std::io::copy(&mut &stream, &mut &stream));
            }
        });
        let (counter, front) = (Arc::new(Counter::default()), TcpListener::bind("127.0.0.1:0").expect("a port"));
        (DelayLine::start(front, target, delay, &counter).expect("a line"), counter)
    }

    #[test]
    fn bytes_arrive_unchanged_and_not_before_their_time() {
        let (line, counter) = echo(DELAY);
        let start = Instant::now();
        let mut stream = TcpStream::connect(line.address).expect("connects");
        let mut byte = [0];
        for (number, trips) in [(7, 2_u32), (8, 3)] {
            stream.write_all(&[number]).expect("written");
            stream.read_exact(&mut byte).expect("read");
            assert_eq!(byte, [number]);
            assert!(start.elapsed() >= 2 * DELAY * trips, "{:?} after {trips} round trips", start.elapsed());
        }
        // More than the buffers of both sockets hold, which a line that waits for each piece would take long for.
        let sent: Vec<u8> = (0..=255).cycle().take(8 << 20).collect();
        let mut received = Vec::new();
        thread::scope(|scope| {
            let mut writer = stream.try_clone().expect("a second handle");
            let sent = &sent;
            scope.spawn(move || {
                writer.write_all(sent).expect("written");
                writer.shutdown(Shutdown::Write).expect("ended");
            });
            stream.read_to_end(&mut received).expect("read to the end");
        });
        assert!(received == sent, "{} bytes of {}", received.len(), sent.len());
        assert_eq!(counter.round_trips().connections, 1);
    }

    #[test]
    fn round_trips_count_waits_for_answers_and_not_pipelined_writes() {
        let (line, counter) = echo(LONG);
        let mut streams = [0, 1].map(|_| TcpStream::connect(line.address).expect("connects"));
        let mut exchange = |stream: usize, writes: u8| {
            (0..writes).for_each(|byte| streams[stream].write_all(&[byte]).expect("written"));
            let mut answer = vec![0; usize::from(writes)];
            streams[stream].read_exact(&mut answer).expect("read");
        };
        exchange(0, 3);
        exchange(0, 1);
        exchange(1, 2);
        assert_eq!(counter.round_trips(), RoundTrips { opened: 2, connections: 2, longest: 3, total: 5 });
        counter.reset();
        exchange(1, 1);
        assert_eq!(counter.round_trips(), RoundTrips { opened: 0, connections: 1, longest: 1, total: 1 });
    }

    #[test]
    fn a_broker_that_is_down_shows_as_a_closed_connection() {
        let gone = TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).expect("an address");
        let front = TcpListener::bind("127.0.0.1:0").expect("a port");
        let line = DelayLine::start(front, gone, DELAY, &Arc::default()).expect("a line");
        let mut stream = TcpStream::connect(line.address).expect("connects");
        assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
    }
}
