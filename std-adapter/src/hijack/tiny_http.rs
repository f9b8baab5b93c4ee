//! `tiny_http` 0.12.

use std::fmt;
use std::io;

use tiny_http::{Header, ReadWrite, Response, StatusCode};
use tubesock_core::Server;

use super::accept_fields;
use crate::request::Head;
use crate::{Config, Handlers, Refusal, Unsplit, WebSocket};

/// Takes the connection of a `tiny_http` request, and runs handlers on this
/// thread until it is over.
///
/// Such a connection can't be split, so handlers answer messages and there is
/// no sender for other threads; and it has no deadlines. What was read past
/// the head is kept.
///
/// ```no_run
/// use tubesock_std::{Config, hijack_tiny_http};
///
/// let server = tiny_http::Server::http("127.0.0.1:0").unwrap();
/// for request in server.incoming_requests() {
///     std::thread::spawn(|| {
///         let hijacked = hijack_tiny_http(request, &Config::default(), |tubesock| {
///             tubesock.on_message(|out, message| out.send(message));
///         });
///         if let Err(refused) = hijacked {
///             let _ = refused.respond();
///         }
///     });
/// }
/// ```
///
/// # Errors
///
/// [`TinyHttpRefused`], with the request in it and the status to answer.
pub fn hijack_tiny_http<'env>(
    request: tiny_http::Request,
    config: &Config,
    setup: impl FnOnce(&mut Handlers<'env>),
) -> Result<(), TinyHttpRefused> {
    let fields = match accept_fields(&head(&request), config) {
        Ok(fields) => fields,
        Err(reason) => return Err(TinyHttpRefused { reason, request: Box::new(request) }),
    };
    let mut response = Response::empty(StatusCode(101));
    for (name, value) in fields {
        if let Ok(header) = Header::from_bytes(name, value) {
            response.add_header(header);
        }
    }
    let stream: Box<dyn ReadWrite + Send> = request.upgrade("websocket", response);
    let transport = Unsplit::new(stream);
    WebSocket::from_transport(transport, Server, &[], config).run_handlers(setup);
    Ok(())
}

fn head(request: &tiny_http::Request) -> Head {
    let version = request.http_version();
    Head {
        method: request.method().as_str().to_owned(),
        target: request.url().to_owned(),
        is_http_1_1: (version.0, version.1) >= (1, 1),
        headers: request
            .headers()
            .iter()
            .map(|header| {
                (header.field.as_str().as_str().to_owned(), header.value.as_bytes().to_vec())
            })
            .collect(),
    }
}

/// A `tiny_http` request that didn't become a WebSocket.
pub struct TinyHttpRefused {
    /// Why, with the status to answer.
    pub reason: Refusal,
    /// The request, to be answered.
    pub request: Box<tiny_http::Request>,
}

impl TinyHttpRefused {
    /// Answers with the status and a sentence.
    ///
    /// # Errors
    ///
    /// The transport's.
    pub fn respond(self) -> io::Result<()> {
        let mut response = Response::from_string(format!("{}\n", self.reason))
            .with_status_code(self.reason.status());
        for (name, value) in self.reason.headers() {
            // `Upgrade` is not for a response of tiny_http's to carry.
            if let Ok(header) = Header::from_bytes(*name, *value) {
                response.add_header(header);
            }
        }
        self.request.respond(response)
    }
}

impl fmt::Debug for TinyHttpRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TinyHttpRefused").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl fmt::Display for TinyHttpRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for TinyHttpRefused {}
