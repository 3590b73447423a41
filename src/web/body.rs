//! What an answer's body is made of: a whole text, or a page's pieces from the thread that writes them, which waits while
//! the client does not read. A page that is not finished ends its connection, so that nobody takes it for whole.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// A piece's size in bytes. The next two are made while one is sent, and hyper keeps some 400 kB for a connection.
const PIECE: usize = 128 << 10;
const WAITING: usize = 2;

/// A body.
#[derive(Debug)]
pub struct Body(Content);

#[derive(Debug)]
enum Content {
    /// All of it; absent when it has been taken.
    Whole(Option<Bytes>),
    /// The next piece and where others come from.
    Streamed(Option<Bytes>, Receiver<Piece>),
}

#[derive(Debug)]
enum Piece {
    More(Bytes),
    Last(Bytes),
}

/// Where the writer of a page puts it. It is given up by dropping it.
#[derive(Debug)]
pub(super) struct Pieces {
    gathered: Vec<u8>,
    sender: Sender<Piece>,
}

/// A page before its first piece.
#[derive(Debug)]
pub(super) struct Unbegun(Receiver<Piece>);

/// The two ends of a page's body.
pub(super) fn pieces() -> (Pieces, Unbegun) {
    let (sender, receiver) = channel(WAITING);
    (Pieces { gathered: Vec::new(), sender }, Unbegun(receiver))
}

impl Pieces {
    /// The page is whole.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.gathered);
        self.send(Piece::Last(rest.into()))
    }

    fn send(&self, piece: Piece) -> io::Result<()> {
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone");
        self.sender.blocking_send(piece).map_err(gone)
    }
}

/// Blocks while the client does not read: not for async threads.
impl io::Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= PIECE {
            let next = Vec::with_capacity(self.gathered.len());
            let full = std::mem::replace(&mut self.gathered, next);
            self.send(Piece::More(full.into()))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Unbegun {
    /// The body, once its first piece is there; a page of one piece has a known length. `None` when the page was given
    /// up before.
    pub(super) async fn begun(mut self) -> Option<Body> {
        Some(Body(match self.0.recv().await? {
            Piece::Last(whole) => Content::Whole(Some(whole)),
            Piece::More(first) => Content::Streamed(Some(first), self.0),
        }))
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(whole: T) -> Self {
        Self(Content::Whole(Some(whole.into())))
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let bytes = match &mut self.0 {
            Content::Whole(whole) => whole.take(),
            Content::Streamed(first @ Some(_), _) => first.take(),
            Content::Streamed(None, rest) => match ready!(rest.poll_recv(context)) {
                Some(Piece::More(piece)) => Some(piece),
                Some(Piece::Last(last)) => {
                    self.0 = Content::Whole(None);
                    Some(last)
                }
                None => return Poll::Ready(Some(Err(io::Error::other("the page could not be written to its end")))),
            },
        };
        Poll::Ready(bytes.filter(|bytes| !bytes.is_empty()).map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Content::Whole(whole) => whole.as_ref().is_none_or(Bytes::is_empty),
            Content::Streamed(..) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Content::Whole(whole) => SizeHint::with_exact(whole.as_ref().map_or(0, |whole| whole.len() as u64)),
            Content::Streamed(..) => SizeHint::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::time::Duration;

    use hyper::body::Body as _;
    use hyper::service::service_fn;
    use hyper::{Request, Response};
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    /// What a client reads of an answer whose body `write` makes, on a connection that holds `window` bytes.
    fn ask(write: impl FnOnce(Pieces) + Send + 'static, window: usize) -> DuplexStream {
        let (theirs, ours) = duplex(window);
        let write = std::sync::Mutex::new(Some(write));
        tokio::spawn(async move {
            let service = service_fn(move |_: Request<hyper::body::Incoming>| {
                let write = write.lock().unwrap().take().unwrap();
                async move {
                    let (out, body) = pieces();
                    tokio::task::spawn_blocking(move || write(out));
                    Ok::<_, std::convert::Infallible>(Response::new(body.begun().await.unwrap()))
                }
            });
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(ours), service).await
        });
        theirs
    }

    async fn answer(write: impl FnOnce(Pieces) + Send + 'static) -> String {
        let mut stream = ask(write, 1 << 20);
        stream.write_all(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await.unwrap();
        String::from_utf8(read).unwrap()
    }

    const LINES: usize = 3 * PIECE / 8;

    #[tokio::test]
    async fn a_long_page_comes_in_chunks_and_is_ended() {
        let answer = answer(|mut out| {
            (0..LINES).for_each(|_| out.write_all(b"8 bytes\n").unwrap());
            out.finish().unwrap();
        })
        .await;
        assert!(answer.contains("transfer-encoding: chunked") && answer.ends_with("\r\n0\r\n\r\n"));
        assert_eq!(answer.matches("8 bytes").count(), LINES);
    }

    #[tokio::test]
    async fn a_short_page_has_its_length() {
        let answer = answer(|mut out| {
            out.write_all(b"8 bytes\n").unwrap();
            out.finish().unwrap();
        })
        .await;
        assert!(answer.contains("content-length: 8\r\n") && answer.ends_with("\r\n\r\n8 bytes\n"), "{answer}");
    }

    #[tokio::test]
    async fn a_page_that_is_given_up_in_the_middle_is_not_ended() {
        for panics in [false, true] {
            let answer = answer(move |mut out| {
                (0..LINES).for_each(|_| out.write_all(b"8 bytes\n").unwrap());
                assert!(!panics, "a panic in the middle");
            })
            .await;
            assert!(answer.contains("8 bytes") && !answer.ends_with("0\r\n\r\n"), "{}", answer.len());
        }
    }

    #[tokio::test]
    async fn a_page_that_is_given_up_before_its_first_piece_has_no_body() {
        let (out, body) = pieces();
        drop(out);
        assert!(body.begun().await.is_none());
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_stops_the_writer_and_one_that_leaves_ends_it() {
        let (tell, told) = std::sync::mpsc::channel();
        let mut stream = ask(
            move |mut out| {
                let line = [b'x'; 1 << 10];
                let error = (0..).find_map(|_| {
                    tell.send(line.len()).unwrap();
                    out.write_all(&line).err()
                });
                drop(tell);
                assert_eq!(error.unwrap().kind(), io::ErrorKind::BrokenPipe);
            },
            1 << 10,
        );
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut written: usize = 0;
        tokio::time::sleep(Duration::from_millis(300)).await;
        written += told.try_iter().sum::<usize>();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(told.try_iter().sum::<usize>(), 0, "it waits");
        assert!(written < 2 << 20, "{written}");
        drop(stream);
        let ended = tokio::task::spawn_blocking(move || while told.recv().is_ok() {});
        tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap().unwrap();
    }

    #[test]
    fn an_empty_body_has_ended() {
        let body = Body::from("");
        assert!(body.is_end_stream() && body.size_hint().exact() == Some(0));
    }
}
