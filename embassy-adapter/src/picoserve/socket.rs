//! The socket that picoserve serves, and that turns into a WebSocket.

use embassy_net::tcp::{TcpReader, TcpSocket, TcpWriter};
use picoserve::io::{BaseWrite, ErrorType, Read, Socket, Write};
use picoserve::mem::{BorrowedBuffer, BorrowedCursor};
use picoserve::{Timeouts, Timer};
use tubesock_core::Server;
use tubesock_core::driver::Error;
use tubesock_core::driver::asynch::WebSocket;

use super::watch::Watch;
use crate::fmt::complain;
use crate::server::{converse, finish};
use crate::{Buffers, EmbassyTimer, Options, ServerSocket, TcpError, abort, end};

/// A TCP connection that picoserve serves until a route answers 101, and on
/// which `program` runs then. It is told the number of the
/// [route](super::Hijack::route).
///
/// Lend it to `picoserve::Server::serve`. Afterwards the socket can accept
/// again. Of `options`, it uses the session's own: who is let in is the
/// route's to say.
pub struct HttpSocket<'x, 's, 'b, P> {
    socket: &'x mut TcpSocket<'s>,
    buffers: Buffers<'b>,
    options: &'x Options<'x>,
    program: P,
    watch: Watch,
}

impl<'x, 's, 'b, P> HttpSocket<'x, 's, 'b, P>
where
    P: AsyncFnOnce(u8, &mut ServerSocket<'_, '_>) -> Result<(), Error<TcpError>>,
{
    /// A socket that has accepted, with what its WebSocket will need.
    pub fn new(
        socket: &'x mut TcpSocket<'s>,
        buffers: Buffers<'b>,
        options: &'x Options<'x>,
        program: P,
    ) -> Self {
        socket.set_nagle_enabled(false);
        Self { socket, buffers, options, program, watch: Watch::default() }
    }

    async fn run(self) {
        let Self { socket, buffers, options, program, watch } = self;
        let limit = options.config.close_timeout.unwrap_or(options.handshake_timeout);
        let Some(route) = watch.hijacked() else { return end(socket, limit).await };
        let io = socket.split();
        let Ok(mut websocket) =
            WebSocket::new(Server, io, EmbassyTimer, buffers, 0..0, &options.config)
        else {
            complain!("websocket: a buffer is too small; see `Buffers`");
            return end(socket, limit).await;
        };
        let outcome = converse(&mut websocket, async |it: &mut ServerSocket<'_, '_>| {
            program(route, it).await
        })
        .await;
        finish(socket, outcome, limit).await;
    }
}

impl<'s, P, Runtime> Socket<Runtime> for HttpSocket<'_, 's, '_, P>
where
    P: AsyncFnOnce(u8, &mut ServerSocket<'_, '_>) -> Result<(), Error<TcpError>>,
{
    type Error = TcpError;
    type ReadHalf<'a>
        = Reader<'a>
    where
        Self: 'a;
    type WriteHalf<'a>
        = Writer<'a>
    where
        Self: 'a;

    fn split(&mut self) -> (Reader<'_>, Writer<'_>) {
        let (reader, writer) = self.socket.split();
        (Reader { reader, watch: &self.watch }, Writer { writer, watch: &self.watch })
    }

    async fn abort<T: Timer<Runtime>>(
        self,
        _: &Timeouts,
        _: &T,
    ) -> Result<(), picoserve::Error<TcpError>> {
        abort(self.socket).await;
        Ok(())
    }

    async fn shutdown<T: Timer<Runtime>>(
        self,
        _: &Timeouts,
        _: &T,
    ) -> Result<(), picoserve::Error<TcpError>> {
        self.run().await;
        Ok(())
    }
}

/// What picoserve reads requests from: no further than their heads, so that
/// the WebSocket's first bytes stay in the socket.
pub struct Reader<'a> {
    reader: TcpReader<'a>,
    watch: &'a Watch,
}

impl ErrorType for Reader<'_> {
    type Error = TcpError;
}

impl Read for Reader<'_> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, TcpError> {
        if self.watch.hijacked().is_some() {
            return Ok(0); // no further request
        }
        // The first byte waits, and says whether it is the end; the rest doesn't wait.
        let Some((first, rest)) = buf.split_at_mut_checked(1) else { return Ok(0) };
        let read = self.reader.read(first).await?;
        let (_, head_ends) = self.watch.head_in(first.get(..read).unwrap_or_default());
        if read == 0 || head_ends || rest.is_empty() || self.reader.recv_queue() == 0 {
            return Ok(read);
        }
        let watch = self.watch;
        let take = |bytes: &mut [u8]| {
            let (n, _) = watch.head_in(bytes.get(..rest.len()).unwrap_or(bytes));
            if let (Some(to), Some(from)) = (rest.get_mut(..n), bytes.get(..n)) {
                to.copy_from_slice(from);
            }
            (n, n)
        };
        Ok(read + self.reader.read_with(take).await?)
    }
}

/// What picoserve writes responses to.
pub struct Writer<'a> {
    writer: TcpWriter<'a>,
    watch: &'a Watch,
}

impl ErrorType for Writer<'_> {
    type Error = TcpError;
}

impl BaseWrite for Writer<'_> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, TcpError> {
        let n = self.writer.write(buf).await?;
        self.watch.written(buf.get(..n).unwrap_or_default());
        Ok(n)
    }

    async fn flush(&mut self) -> Result<(), TcpError> {
        self.writer.flush().await
    }
}

impl Write for Writer<'_> {
    async fn write_with<F: FnOnce(BorrowedCursor<'_>) -> R, R>(
        &mut self,
        f: F,
    ) -> Result<R, TcpError> {
        let watch = self.watch;
        let put = |bytes: &mut [u8]| {
            let mut buffer = BorrowedBuffer::new(bytes);
            let output = f(buffer.unfilled());
            watch.written(buffer.filled());
            (buffer.len(), output)
        };
        self.writer.write_with(put).await
    }
}
