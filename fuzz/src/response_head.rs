//! Any bytes as the response to our request.

use tubesock_core::handshake::{ClientRequest, HeaderSlots, ResponseHead, accept_key};

use crate::heads::{SLOTS, any_pieces, lists, response, response_fields, values};
use crate::pieces::split;

/// The subprotocols that the request offers.
const OFFERED: [&str; 2] = ["chat", "echo"];

/// In any pieces a head is read as at once, or refused for the same reason, and what follows it is
/// all there. A response that is taken for a WebSocket has everything that RFC 6455 §4.1 asks for,
/// read naively: the status, both tokens, one accept key, the right one, at most one subprotocol
/// and that one offered, and no extension where none was offered.
pub fn check(bytes: &[u8]) {
    let ([size, cut], bytes) = split(bytes);
    let bytes = &bytes[..bytes.len().min(4096)];
    any_pieces(bytes, size, cut, response);

    let mut slots = HeaderSlots::<SLOTS>::new();
    let Ok(Some((head, length))) = ResponseHead::parse(bytes, &mut slots) else { return };
    assert!(length <= bytes.len() && bytes[..length].ends_with(b"\n"));
    for extensions in [None, Some("permessage-deflate")] {
        let mut request = ClientRequest::new("localhost", "/").subprotocols(&OFFERED);
        if let Some(offer) = extensions {
            request = request.extensions(offer);
        }
        let mut out = [0; 512];
        // The key of the RFC's own example, so that a corpus can hold its answer.
        let (_, awaiting) =
            request.write(*b"the sample nonce", &mut out).expect("it is room enough");
        let read = response_fields(&head);
        match awaiting.verify(&head) {
            Err(error) => assert!(!error.to_string().is_empty()),
            Ok(established) => {
                assert_eq!(head.status(), 101);
                assert!(lists(&values(&read, "upgrade"), "websocket"));
                assert!(lists(&values(&read, "connection"), "upgrade"));
                let right = accept_key(b"dGhlIHNhbXBsZSBub25jZQ==").expect("it is a key");
                assert_eq!(values(&read, "sec-websocket-accept"), [right.as_str().as_bytes()]);
                let chosen = values(&read, "sec-websocket-protocol");
                assert_eq!(chosen.len(), usize::from(established.subprotocol.is_some()));
                if let Some(name) = established.subprotocol {
                    assert!(OFFERED.contains(&name) && lists(&chosen, name));
                }
                let named = values(&read, "sec-websocket-extensions");
                let named = named.iter().find(|value| value.iter().any(|b| !b" \t,".contains(b)));
                assert_eq!(established.extensions, named.copied());
                assert!(extensions.is_some() || named.is_none());
            }
        }
    }
}
