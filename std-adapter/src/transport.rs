//! What a connection runs over.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags};

use crate::config::MILLISECOND;

/// A stream as a connection needs it: waiting for bytes and sending them are
/// apart, so both can be done at once from two threads.
///
/// `TcpStream` and `UnixStream` are transports; [`Unsplit`] makes one of any
/// `Read + Write`. Implement it for a stream of your own.
pub trait Transport: Send + Sync + 'static {
    /// Waits for bytes; 0 is the peer's end.
    ///
    /// # Errors
    ///
    /// The stream's; a timeout is `WouldBlock` or `TimedOut`.
    fn read(&self, buf: &mut [u8]) -> io::Result<usize>;

    /// Reads what is there now. By default nothing is known to be there.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when that is nothing; the stream's.
    fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let _ = buf;
        Err(ErrorKind::WouldBlock.into())
    }

    /// Bounds each read from now on. A stream that can't has no deadlines.
    ///
    /// # Errors
    ///
    /// The stream's.
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// Sends, and waits while there is no room. A call that has waited for
    /// the time given to [`prepare`](Self::prepare) sends what it could, or
    /// is `WouldBlock` or `TimedOut`.
    ///
    /// # Errors
    ///
    /// The stream's.
    fn write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Sends what there is room for now.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when that is nothing; the stream's.
    fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Ends one direction, or both; a read that waits ends with it.
    ///
    /// # Errors
    ///
    /// The stream's.
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;

    /// What to poll for room to send. Without one, nothing is ever queued.
    fn fd(&self) -> Option<BorrowedFd<'_>>;

    /// Bounds the wait of each [`write`](Self::write), and has small messages
    /// sent at once (Nagle's algorithm off).
    ///
    /// # Errors
    ///
    /// The stream's.
    fn prepare(&self, write_timeout: Duration) -> io::Result<()>;
}

/// A transport that two threads can use at once: one reads, others send.
pub trait Split: Transport {}

macro_rules! socket {
    ($stream:ty, $prepare:expr) => {
        impl Transport for $stream {
            fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
                Read::read(&mut &*self, buf)
            }

            fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
                Ok(rustix::net::recv(self, buf, RecvFlags::DONTWAIT)?.0)
            }

            fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
                <$stream>::set_read_timeout(self, timeout)
            }

            fn write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
                match parts {
                    [one] => Write::write(&mut &*self, one),
                    parts => Write::write_vectored(&mut &*self, parts),
                }
            }

            fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
                let flags = SendFlags::DONTWAIT | NO_SIGNAL;
                let sent = match parts {
                    [one] => rustix::net::send(self, one, flags),
                    parts => {
                        let mut control = SendAncillaryBuffer::default();
                        rustix::net::sendmsg(self, parts, &mut control, flags)
                    }
                };
                Ok(sent?)
            }

            fn shutdown(&self, how: Shutdown) -> io::Result<()> {
                <$stream>::shutdown(self, how)
            }

            fn fd(&self) -> Option<BorrowedFd<'_>> {
                Some(self.as_fd())
            }

            fn prepare(&self, write_timeout: Duration) -> io::Result<()> {
                // Whoever gave the stream away may have polled it.
                self.set_nonblocking(false)?;
                self.set_write_timeout(Some(write_timeout.max(MILLISECOND)))?;
                let prepare: fn(&$stream) -> io::Result<()> = $prepare;
                prepare(self)
            }
        }

        impl Split for $stream {}
    };
}

socket!(TcpStream, |stream| stream.set_nodelay(true));
socket!(UnixStream, |_| Ok(()));

#[cfg(not(target_vendor = "apple"))]
const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const NO_SIGNAL: SendFlags = SendFlags::empty();

/// A stream that only one thread can use at a time: whoever reads has it. So
/// only the reading thread sends on it, between reads: handlers can answer,
/// and there is no [`Sender`](crate::Sender). It knows no timeouts, so a
/// connection over it has no deadlines.
#[derive(Debug)]
pub struct Unsplit<S>(Mutex<S>);

impl<S> Unsplit<S> {
    /// A transport over `stream`.
    #[must_use]
    pub fn new(stream: S) -> Self {
        Self(Mutex::new(stream))
    }
}

impl<S: Read + Write + Send + 'static> Transport for Unsplit<S> {
    fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).read(buf)
    }

    fn set_read_timeout(&self, _timeout: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let n = stream.write_vectored(parts)?;
        stream.flush()?;
        Ok(n)
    }

    fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write(parts)
    }

    fn shutdown(&self, _how: Shutdown) -> io::Result<()> {
        Ok(())
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn prepare(&self, _write_timeout: Duration) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a read or write ended because its time was up.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
