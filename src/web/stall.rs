//! A connection in, the same connection out, which fails once a write has made no progress for a while: a client that
//! never reads its answer must not keep its place for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// The connection with its limit.
#[derive(Debug)]
pub(super) struct WriteLimited<S> {
    inner: S,
    limit: Duration,
    /// Runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> WriteLimited<S> {
    /// A single write may wait for `limit`.
    pub(super) fn new(inner: S, limit: Duration) -> Self {
        Self { inner, limit, waiting: None }
    }

    fn limited<T>(&mut self, context: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.waiting = None;
            return polled;
        }
        let limit = self.limit;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read its answer")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteLimited<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteLimited<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.limited(context, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.limited(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A TCP stream holds nothing back: flushing never waits.
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    const LIMIT: Duration = Duration::from_millis(200);

    #[tokio::test]
    async fn a_write_to_a_client_that_does_not_read_fails() {
        let (ours, _theirs) = duplex(8);
        let mut stream = WriteLimited::new(ours, LIMIT);
        stream.write_all(b"12345678").await.unwrap();
        let error = stream.write_all(b"9").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_slow_client_is_served_as_long_as_it_reads() {
        let (ours, mut theirs) = duplex(1);
        let mut stream = WriteLimited::new(ours, LIMIT);
        let reader = tokio::spawn(async move {
            let mut byte = [0];
            for _ in 0..8 {
                sleep(LIMIT / 4).await;
                theirs.read_exact(&mut byte).await.unwrap();
            }
        });
        let start = std::time::Instant::now();
        stream.write_all(b"12345678").await.unwrap();
        assert!(start.elapsed() > LIMIT, "{:?}", start.elapsed());
        reader.await.unwrap();
    }

    #[tokio::test]
    async fn a_pause_between_answers_is_not_limited() {
        let (ours, mut theirs) = duplex(8);
        let mut stream = WriteLimited::new(ours, LIMIT);
        for _ in 0..2 {
            stream.write_all(b"1234").await.unwrap();
            theirs.read_exact(&mut [0; 4]).await.unwrap();
            sleep(LIMIT + LIMIT / 2).await;
        }
    }
}
