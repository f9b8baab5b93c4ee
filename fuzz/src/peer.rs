//! The same bytes into our session and into `tungstenite`.

use std::io::{self, ErrorKind, Read, Write};

use tubesock_core::{Config, ProtocolError, Server};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

use crate::endpoint::{Endpoint, Mode, NO_DEADLINES, Seen, Side, Sizes, TestClient};
use crate::pieces::{pieces, split};

/// The largest message, in bytes.
const LIMIT: usize = 700;

/// Both see the same messages, pings and pongs, and the same Close; where `tungstenite` fails we
/// fail, and where we fail it does, at the same place. [`is_stricter`] is the list of exceptions.
pub fn check(bytes: &[u8]) {
    let ([cut], bytes) = split(bytes);
    let bytes = &bytes[..bytes.len().min(4096)];
    compare::<Server>(bytes, cut);
    compare::<TestClient>(bytes, cut);
}

fn compare<R: Side>(bytes: &[u8], cut: u8) {
    let config = Config { max_message: LIMIT, ..NO_DEADLINES };
    let sizes = Sizes { receive: LIMIT + 131, replies: 16 << 10, transmit: 16 << 10 };
    let mut endpoint = Endpoint::<R>::new(sizes, &config, Mode::Whole);
    pieces(bytes, cut).for_each(|piece| endpoint.receive(piece, 0));
    let mut ours = endpoint.seen;
    let error = match ours.last() {
        Some(Seen::Failed(error)) => Some(*error),
        _ => None,
    };
    ours.retain(|seen| !matches!(seen, Seen::Failed(_)));
    for seen in &mut ours {
        // The one place where it is stricter: it takes 1014, registered after the RFC, for 1002.
        if matches!(seen, Seen::Close(1014, _)) {
            *seen = Seen::Close(1002, "Protocol violation".to_owned());
        }
    }
    let (mut theirs, their_error) = tungstenite::<R>(bytes);
    match (error, their_error) {
        (None, None) => assert_eq!(ours, theirs),
        (Some(error), their_error) => {
            let is_earlier = their_error.is_none() && !ends_between_frames(bytes);
            if is_stricter(error) || is_earlier {
                theirs.truncate(ours.len());
            } else {
                assert!(their_error.is_some(), "only we say {error:?}");
            }
            assert_eq!(ours, theirs, "before {error:?}");
        }
        (None, Some(their)) => panic!("only tungstenite says {their}"),
    }
}

/// Where we fail and `tungstenite` 0.30 goes on, and why we do.
fn is_stricter(error: ProtocolError) -> bool {
    match error {
        // RFC 6455 §5.2: "the minimal number of bytes MUST be used to encode the length".
        // So a control frame in the form for 126 bytes and more is too long whatever it says (§5.5).
        ProtocolError::NonMinimalLength | ProtocolError::ControlTooLong => true,
        // §7.4: it takes 1004, 1015 and the like for a Close with 1002 of the peer's; codes that
        // may not be sent fail the connection here.
        ProtocolError::CloseCode => true,
        // §10.4: more than 64 empty fragments in a row.
        ProtocolError::EmptyFragments => true,
        _ => false,
    }
}

/// Whether the last frame is whole. Where it isn't we may have failed at its header, or at the
/// first bad byte of its text (§8.1), while `tungstenite` waits for the rest of the frame.
pub fn ends_between_frames(mut bytes: &[u8]) -> bool {
    while let [_, b1, rest @ ..] = bytes {
        let (length, form) = match (b1 & 0x7F, rest) {
            (126, [a, b, ..]) => (u64::from(u16::from_be_bytes([*a, *b])), 2),
            (127, long) if long.len() >= 8 => {
                (u64::from_be_bytes(long[..8].try_into().expect("eight bytes")), 8)
            }
            (126 | 127, _) => return false,
            (short, _) => (u64::from(short), 0),
        };
        let head = form + if b1 & 0x80 != 0 { 4 } else { 0 };
        let Some(whole) = usize::try_from(length).ok().and_then(|n| n.checked_add(head)) else {
            return false;
        };
        let Some(after) = rest.get(whole..) else { return false };
        bytes = after;
    }
    bytes.is_empty()
}

/// What `tungstenite` sees, and the error that ended it, if one did.
fn tungstenite<R: Side>(bytes: &[u8]) -> (Vec<Seen>, Option<Error>) {
    let config =
        WebSocketConfig::default().max_message_size(Some(LIMIT)).max_frame_size(Some(LIMIT));
    let role = if R::IS_SERVER { Role::Server } else { Role::Client };
    let mut socket = WebSocket::from_raw_socket(Wire(bytes), role, Some(config));
    let mut seen = Vec::new();
    loop {
        seen.push(match socket.read() {
            Ok(Message::Text(text)) => Seen::Text(text.as_str().to_owned()),
            Ok(Message::Binary(payload)) => Seen::Binary(payload.to_vec()),
            Ok(Message::Ping(payload)) => Seen::Ping(payload.to_vec()),
            Ok(Message::Pong(payload)) => Seen::Pong(payload.to_vec()),
            Ok(Message::Close(frame)) => {
                let close = frame.map_or((1005, String::new()), |frame| {
                    (frame.code.into(), frame.reason.as_str().to_owned())
                });
                seen.push(Seen::Close(close.0, close.1));
                // What follows a Close is ignored (§5.5.1), by us.
                return (seen, None);
            }
            Ok(Message::Frame(_)) => unreachable!("reading gives no frames"),
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return (seen, None),
            Err(error) => return (seen, Some(error)),
        });
    }
}

/// A wire that brings the bytes, then nothing, and takes everything.
struct Wire<'a>(&'a [u8]);

impl Read for Wire<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buf)? {
            0 => Err(ErrorKind::WouldBlock.into()),
            n => Ok(n),
        }
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
