//! Streams in memory, which are always ready.

use std::convert::Infallible;
use std::hint::black_box;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::frames::{Content, block};

/// Gives the same frames without end, and takes whatever it is given.
pub(super) struct Memory {
    frames: Vec<u8>,
    at: usize,
    pub(super) taken: usize,
}

impl Memory {
    pub(super) fn new(content: Content, len: usize) -> Self {
        Self { frames: block(content, len), at: 0, taken: 0 }
    }

    pub(super) fn silent() -> Self {
        Self { frames: Vec::new(), at: 0, taken: 0 }
    }

    /// The copy that stands for a read. It has a name of its own, so that a
    /// profiler can leave it out.
    #[inline(never)]
    pub(super) fn bench_feed(&mut self, to: &mut [u8]) -> usize {
        let from = &self.frames[self.at..];
        let n = from.len().min(to.len());
        to[..n].copy_from_slice(&from[..n]);
        self.at += n;
        if self.at == self.frames.len() {
            self.at = 0;
        }
        n
    }

    /// What stands for a write.
    #[inline(never)]
    pub(super) fn bench_take(&mut self, bytes: &[u8]) -> usize {
        self.taken += black_box(bytes).len();
        bytes.len()
    }
}

impl io::Read for Memory {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.bench_feed(buf))
    }
}

impl io::Write for Memory {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(self.bench_take(buf))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Memory {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Without unsafe only what is initialised can be written to; a socket is not so.
        let this = self.get_mut();
        this.bench_fill(buf);
        Poll::Ready(Ok(()))
    }
}

impl Memory {
    #[inline(never)]
    fn bench_fill(&mut self, buf: &mut ReadBuf<'_>) {
        let from = &self.frames[self.at..];
        let n = from.len().min(buf.remaining());
        buf.put_slice(&from[..n]);
        self.at += n;
        if self.at == self.frames.len() {
            self.at = 0;
        }
    }
}

impl AsyncWrite for Memory {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.get_mut().bench_take(buf)))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        Poll::Ready(Ok(parts.iter().map(|part| this.bench_take(part)).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl embedded_io_async::ErrorType for Memory {
    type Error = Infallible;
}

impl embedded_io_async::Read for Memory {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
        Ok(self.bench_feed(buf))
    }
}

impl embedded_io_async::Write for Memory {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Infallible> {
        Ok(self.bench_take(buf))
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Runs a future over memory, which never has to wait.
#[inline(always)]
pub(super) fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("memory is always ready"),
    }
}
