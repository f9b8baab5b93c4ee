//! Every close code, received and requested (§7.4).

use tubesock_core::{CloseCode, ProtocolError, SendError, Server};
use tubesock_tests::endpoint::{Endpoint, Mode, NO_DEADLINES, Seen, Side, Sizes, TestClient, at};
use tubesock_tests::frames::close;
use tubesock_tests::script::replies;

/// Which codes may stand in a Close frame: §7.4.1 defines 1000–1003 and 1007–1011, the registry
/// of §11.7 added 1012–1014 since, and §7.4.2 leaves 3000–4999 to libraries and programs. 1004 is
/// reserved; 1005, 1006 and 1015 "MUST NOT be set as a status code in a Close control frame".
fn may_be_sent(code: u16) -> bool {
    let defined = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    defined.contains(&code) || (3000..5000).contains(&code)
}

const SMALL: Sizes = Sizes { receive: 200, replies: 252, transmit: 200 };

fn received<R: Side>() {
    for code in 0..=u16::MAX {
        let mut endpoint = Endpoint::<R>::new(SMALL, &NO_DEADLINES, Mode::Whole);
        endpoint.receive(&close(R::PEER, code, "why"), 0);
        let answer = &replies::<R>(&endpoint.all_output())[..];
        let (expected, answered) = if may_be_sent(code) {
            (Seen::Close(code, "why".to_owned()), code)
        } else {
            (Seen::Failed(ProtocolError::CloseCode), 1002)
        };
        assert_eq!(endpoint.seen, [expected], "{code}");
        assert!(answer.len() == 1 && answer[0].0 == 0x88, "{code}");
        assert_eq!(answer[0].1[..2], answered.to_be_bytes(), "{code}");
        assert!(endpoint.session.is_finished());
    }
}

fn requested<R: Side>() {
    for code in 0..=u16::MAX {
        let mut endpoint = Endpoint::<R>::new(SMALL, &NO_DEADLINES, Mode::Whole);
        let result = endpoint.session.close(CloseCode(code), "why", at(0));
        let sent = replies::<R>(&endpoint.all_output());
        if may_be_sent(code) {
            assert_eq!(result, Ok(()), "{code}");
            let payload = [&code.to_be_bytes()[..], b"why"].concat();
            assert_eq!(sent, [(0x88, payload)], "{code}");
        } else {
            assert_eq!(result, Err(SendError::CloseCode), "{code}");
            assert_eq!(sent, []);
            assert_eq!(endpoint.session.close(CloseCode::NORMAL, "", at(0)), Ok(()), "still open");
        }
    }
}

#[test]
fn each_close_code_that_may_be_sent_is_received_and_each_other_fails_with_1002() {
    received::<Server>();
    received::<TestClient>();
}

#[test]
fn each_close_code_that_may_be_sent_is_sent_and_each_other_is_refused() {
    requested::<Server>();
    requested::<TestClient>();
}

#[test]
fn a_code_says_of_itself_whether_it_may_be_sent() {
    for code in 0..=u16::MAX {
        assert_eq!(CloseCode(code).is_sendable(), may_be_sent(code), "{code}");
    }
}
