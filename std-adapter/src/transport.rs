//! What a connection runs over.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::net::{SendAncillaryBuffer, SendFlags};

/// A stream as a connection needs it: waiting for bytes and sending them are
/// apart, so both can be done at once from two threads.
///
/// Nothing in it is one direction's alone, as TLS needs it.
pub(crate) trait Transport: Send + Sync + 'static {
    /// Waits for bytes. A timeout is `WouldBlock`, or `TimedOut`.
    fn read(&self, buf: &mut [u8]) -> io::Result<usize>;

    /// Bounds each read from now on.
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// Sends, and waits while there is no room. The time that one call waits
    /// is bounded where the stream can be.
    fn write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Sends what there is room for now; `WouldBlock` when that is nothing.
    fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Ends one direction, or both.
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;

    /// What to poll, where the stream can be polled.
    fn fd(&self) -> Option<BorrowedFd<'_>>;
}

impl Transport for TcpStream {
    fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        Read::read(&mut &*self, buf)
    }

    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        Self::set_read_timeout(self, timeout)
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
            parts => rustix::net::sendmsg(self, parts, &mut SendAncillaryBuffer::default(), flags),
        };
        Ok(sent?)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        Self::shutdown(self, how)
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }
}

#[cfg(not(target_vendor = "apple"))]
const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const NO_SIGNAL: SendFlags = SendFlags::empty();

/// A stream that only one thread can use at a time: whoever reads has it. So
/// only the reading thread sends on it, between reads.
pub(crate) struct Unsplit<S>(Mutex<S>);

impl<S> Unsplit<S> {
    pub(crate) fn new(stream: S) -> Self {
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
}

/// Whether a read or write ended because its time was up.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
