//! A connection whose other end must take what it is sent.

use std::io::{Error, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// A connection that ends when nothing of what is sent is taken for too long. Whoever takes a little goes on.
pub(super) struct Taken {
    stream: TcpStream,
    most: Duration,
    /// Runs while something waits to be taken.
    wait: Option<Pin<Box<Sleep>>>,
}

impl Taken {
    pub(super) fn within(most: Duration, stream: TcpStream) -> Self {
        Self { stream, most, wait: None }
    }

    /// What became of an attempt to send, or that it took too long.
    fn sent<T>(
        &mut self,
        context: &mut Context<'_>,
        attempt: Poll<Result<T, Error>>,
    ) -> Poll<Result<T, Error>> {
        if attempt.is_ready() {
            self.wait = None;
            return attempt;
        }
        let most = self.most;
        let wait = self.wait.get_or_insert_with(|| Box::pin(sleep(most)));
        ready!(wait.as_mut().poll(context));
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "nothing was taken for too long")))
    }
}

impl AsyncRead for Taken {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Taken {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, Error>> {
        let attempt = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.sent(context, attempt)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<Result<usize, Error>> {
        let attempt = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.sent(context, attempt)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
