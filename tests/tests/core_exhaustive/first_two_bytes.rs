//! All 65,536 pairs of a frame's first two bytes, to both roles, in three states, against the
//! rules of §5.2, §5.4 and §5.5 written down a second time.

use tubesock_core::{CloseCode, Config, Event, ProtocolError, Server, Session};
use tubesock_tests::endpoint::{NO_DEADLINES, Seen, Side, TestClient, at, seen_message};
use tubesock_tests::frames::{From, KEY, frame};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    InsideText,
    Closing,
}

/// What RFC 6455 says of a frame that begins with these two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The connection fails, and two bytes are enough to know.
    Fails,
    Message {
        text: bool,
        last: bool,
    },
    Ping,
    Pong,
    Close,
}

/// The table of the RFC, in its order: the bits of §5.2 from left to right, then §5.4 and §5.5.
fn rfc(b0: u8, b1: u8, to: From, state: State) -> Verdict {
    let fin = b0 & 0b1000_0000 != 0;
    let reserved = b0 & 0b0111_0000;
    let opcode = b0 & 0b0000_1111;
    let mask = b1 & 0b1000_0000 != 0;
    let length = b1 & 0b0111_1111;
    if reserved != 0 {
        return Verdict::Fails; // "MUST be 0 unless an extension is negotiated"
    }
    if mask != (to == From::Server) {
        return Verdict::Fails; // §5.1: all frames of a client, and none of a server
    }
    let control_is_sound = fin && length <= 125; // §5.5
    match (opcode, state) {
        (0x0, State::InsideText) => Verdict::Message { text: true, last: fin },
        (0x0, _) => Verdict::Fails,
        (0x1 | 0x2, State::InsideText) => Verdict::Fails,
        (0x1, _) => Verdict::Message { text: true, last: fin },
        (0x2, _) => Verdict::Message { text: false, last: fin },
        (0x8, _) if control_is_sound => Verdict::Close,
        (0x9, _) if control_is_sound => Verdict::Ping,
        (0xA, _) if control_is_sound => Verdict::Pong,
        _ => Verdict::Fails, // 0x3–0x7, 0xB–0xF, and unsound control frames
    }
}

type Tested<R> = Session<R, [u8; 1024], [u8; 252], [u8; 256]>;

const CONFIG: Config = NO_DEADLINES;

fn prepared<R: Side>(state: State) -> Tested<R> {
    let buffers = ([0; 1024], [0; 252], [0; 256]);
    let mut session = Session::new(R::new(), buffers, &CONFIG, at(0)).unwrap();
    match state {
        State::Idle => {}
        State::InsideText => {
            feed(&mut session, &frame(R::PEER, 0x01, b"<"));
            assert_eq!(poll(&mut session), Ok(None));
        }
        State::Closing => {
            session.close(CloseCode::NORMAL, "", at(0)).unwrap();
            let n = session.pending().len();
            assert!(n > 0);
            session.sent(n);
        }
    }
    session
}

fn feed<R: Side>(session: &mut Tested<R>, bytes: &[u8]) {
    session.space()[..bytes.len()].copy_from_slice(bytes);
    session.filled(bytes.len(), at(0));
}

fn poll<R: Side>(session: &mut Tested<R>) -> Result<Option<Seen>, ProtocolError> {
    let Some(token) = session.poll_message()? else { return Ok(None) };
    Ok(Some(match session.event(token)?.0 {
        Event::Data(message) => seen_message(message),
        Event::Ping(payload) => Seen::Ping(payload.to_vec()),
        Event::Pong(payload) => Seen::Pong(payload.to_vec()),
        Event::Close(frame) => Seen::Close(frame.code.0, frame.reason.to_owned()),
    }))
}

/// What follows the first two bytes of a frame with a payload of `length` times 3; for the two
/// longer forms, the shortest length that they are for.
fn rest<R: Side>(b1: u8) -> (Vec<u8>, u64) {
    let (mut bytes, length) = match b1 & 0x7F {
        126 => (126u16.to_be_bytes().to_vec(), 126),
        127 => (65_536u64.to_be_bytes().to_vec(), 65_536),
        length => (Vec::new(), u64::from(length)),
    };
    if R::IS_SERVER {
        bytes.extend(KEY);
    }
    let key = if R::IS_SERVER { KEY } else { [0; 4] };
    let payload = (0..length.min(200)).map(|i| 3 ^ key[i as usize % 4]);
    bytes.extend(payload);
    (bytes, length)
}

fn check<R: Side>(b0: u8, b1: u8, state: State) {
    let mut session = prepared::<R>(state);
    let verdict = rfc(b0, b1, R::IS, state);
    let context = || format!("{b0:02x} {b1:02x} to the {:?}, {state:?}: {verdict:?}", R::IS);
    feed(&mut session, &[b0]);
    assert_eq!(poll(&mut session), Ok(None), "one byte tells nothing: {}", context());
    feed(&mut session, &[b1]);
    let after_two = poll(&mut session);
    if verdict == Verdict::Fails {
        let error = after_two.expect_err(&context());
        assert_eq!(error.close_code(), CloseCode::PROTOCOL_ERROR, "{}", context());
        let (b0, code) = (0x88, &[0x03, 0xEA][..]);
        let sent = tubesock_tests::frames::read_all(session.pending());
        match state {
            State::Closing => assert_eq!(sent, [], "{}", context()),
            _ => assert!(sent.len() == 1 && sent[0].b0 == b0 && sent[0].payload[..2] == *code),
        }
        assert!(session.incoming.is_finished());
        return;
    }
    let (bytes, length) = rest::<R>(b1);
    let unmasked_and_empty = !R::IS_SERVER && length == 0;
    if !unmasked_and_empty {
        assert_eq!(after_two, Ok(None), "{}", context());
        feed(&mut session, &bytes);
    }
    let seen = if unmasked_and_empty { after_two } else { poll(&mut session) };
    let payload = vec![3; usize::try_from(length).unwrap()];
    let text = |begin: &str| Seen::Text(format!("{begin}{}", "\u{3}".repeat(payload.len())));
    let begin = if state == State::InsideText { "<" } else { "" };
    let expected = match verdict {
        Verdict::Message { .. } if length == 65_536 => Err(ProtocolError::MessageTooBig),
        Verdict::Message { last: false, .. } => Ok(None),
        Verdict::Message { text: true, .. } => Ok(Some(text(begin))),
        Verdict::Message { text: false, .. } => Ok(Some(Seen::Binary(payload))),
        Verdict::Ping => Ok(Some(Seen::Ping(payload))),
        Verdict::Pong => Ok(Some(Seen::Pong(payload))),
        // §5.5.1: no payload, or two bytes of a code and a reason. Code 0x0303 may not be sent.
        Verdict::Close if length == 0 => Ok(Some(Seen::Close(1005, String::new()))),
        Verdict::Close if length == 1 => Err(ProtocolError::CloseLength),
        Verdict::Close => Err(ProtocolError::CloseCode),
        Verdict::Fails => unreachable!("it has returned"),
    };
    assert_eq!(seen, expected, "{}", context());
    let answers = tubesock_tests::frames::read_all(session.pending());
    let answer = match (verdict, &expected) {
        _ if state == State::Closing => None, // nothing follows our Close
        (Verdict::Ping, _) => Some(0x8A),
        (Verdict::Close, _) | (_, Err(_)) => Some(0x88),
        _ => None,
    };
    assert_eq!(answers.first().map(|frame| frame.b0), answer, "{}", context());
}

fn all<R: Side>(state: State) {
    let mut fails = 0u32;
    for pair in 0..=u16::MAX {
        let [b0, b1] = pair.to_be_bytes();
        fails += u32::from(rfc(b0, b1, R::IS, state) == Verdict::Fails);
        check::<R>(b0, b1, state);
    }
    // Of 256 first bytes 2 × 2 may begin a message or 2 continue one, with 128 second bytes each,
    // and 3 may begin a control frame, with 126.
    let sound = if state == State::InsideText { 2 * 128 } else { 4 * 128 } + 3 * 126;
    assert_eq!(65_536 - fails, sound);
}

#[test]
fn each_first_two_bytes_of_a_frame_to_an_idle_server() {
    all::<Server>(State::Idle);
}

#[test]
fn each_first_two_bytes_of_a_frame_to_an_idle_client() {
    all::<TestClient>(State::Idle);
}

#[test]
fn each_first_two_bytes_of_a_frame_to_a_server_inside_a_fragmented_text() {
    all::<Server>(State::InsideText);
}

#[test]
fn each_first_two_bytes_of_a_frame_to_a_client_inside_a_fragmented_text() {
    all::<TestClient>(State::InsideText);
}

#[test]
fn each_first_two_bytes_of_a_frame_to_a_server_that_has_sent_its_close() {
    all::<Server>(State::Closing);
}

#[test]
fn each_first_two_bytes_of_a_frame_to_a_client_that_has_sent_its_close() {
    all::<TestClient>(State::Closing);
}
