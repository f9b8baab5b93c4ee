//! `rouille` 3.

use std::thread;

use rouille::{ReadWrite, Response, Upgrade};
use tubesock_core::Server;

use super::accept_fields;
use crate::request::Head;
use crate::{Config, Handlers, Refusal, Unsplit, WebSocket};

/// A response that takes the connection of a `rouille` request, and runs
/// handlers on a thread of their own: rouille's threads are a fixed few.
///
/// Such a connection can't be split, so handlers answer messages and there is
/// no sender for other threads; and it has no deadlines. Return the response
/// as it is.
///
/// ```no_run
/// use tubesock_std::{Config, hijack_rouille};
///
/// rouille::start_server("127.0.0.1:8000", |request| {
///     hijack_rouille(request, &Config::default(), |tubesock| {
///         tubesock.on_message(|out, message| out.send(message));
///     })
///     .unwrap_or_else(|refused| {
///         rouille::Response::text(refused.to_string()).with_status_code(refused.status())
///     })
/// });
/// ```
///
/// # Errors
///
/// [`Refusal`], with the status to answer.
pub fn hijack_rouille(
    request: &rouille::Request,
    config: &Config,
    setup: impl FnOnce(&mut Handlers<'static>) + Send + 'static,
) -> Result<Response, Refusal> {
    let head = Head {
        method: request.method().to_owned(),
        target: request.raw_url().to_owned(),
        is_http_1_1: true, // rouille doesn't say
        headers: request
            .headers()
            .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
            .collect(),
    };
    let fields = accept_fields(&head, config)?;
    let mut response = Response::empty_204().with_status_code(101);
    response.headers = fields.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
    response.headers.push(("Upgrade".into(), "websocket".into()));
    response.upgrade = Some(Box::new(Hijack { config: config.clone(), setup: Some(setup) }));
    Ok(response)
}

struct Hijack<F> {
    config: Config,
    setup: Option<F>,
}

impl<F: FnOnce(&mut Handlers<'static>) + Send + 'static> Upgrade for Hijack<F> {
    fn build(&mut self, socket: Box<dyn ReadWrite + Send>) {
        let (config, Some(setup)) = (self.config.clone(), self.setup.take()) else { return };
        let run = move || {
            WebSocket::from_transport(Unsplit::new(socket), Server, &[], &config)
                .run_handlers(setup);
        };
        // Without a thread the connection is dropped, which the peer sees.
        let _ = thread::Builder::new().name("tubesock".to_owned()).spawn(run);
    }
}
