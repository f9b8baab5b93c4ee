//! Frames that come with the head of the response, or right behind it.

use std::io::Write;

use tubesock_std::{CloseCode, Config, Connect, Message};

use crate::raw::{Raw, say, switching};

const FRAMES: &[u8] = b"\x81\x05Hello\x02\x02\x00\x01\x80\x01\x02\x89\x00\x88\x06\x03\xe8done";

#[test]
fn frames_in_the_segment_of_the_response_are_received() {
    let raw = Raw::new(|stream, key| say(stream, &[&switching(&key, ""), FRAMES].concat()));
    receives_all(&raw.url);
    raw.finish();
}

#[test]
fn frames_behind_the_response_are_received_wherever_the_segments_end() {
    let length = switching("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "").len() + FRAMES.len();
    for at in (1..length).step_by(7).chain(length - FRAMES.len() - 4..length) {
        let raw = Raw::new(move |mut stream, key| {
            let bytes = [&switching(&key, ""), FRAMES].concat();
            let (first, second) = bytes.split_at(at);
            stream.write_all(first).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(2));
            say(stream, second);
        });
        receives_all(&raw.url);
        raw.finish();
    }
}

/// More than any head may have, all of it read at once with the head.
#[test]
fn many_early_frames_are_received() {
    let raw = Raw::new(|stream, key| {
        let mut bytes = switching(&key, "");
        for _ in 0..10_000 {
            bytes.extend_from_slice(b"\x81\x05again");
        }
        bytes.extend_from_slice(b"\x88\x00");
        say(stream, &bytes);
    });
    let config = Config { max_head: 64 << 10, read_buffer: 1024, ..Config::default() };
    let mut websocket = Connect::new(&raw.url).config(config).connect().unwrap();
    for _ in 0..10_000 {
        assert_eq!(websocket.recv().unwrap(), Some(Message::Text("again")));
    }
    assert_eq!(websocket.recv().unwrap(), None);
    drop(websocket);
    raw.finish();
}

fn receives_all(url: &str) {
    let mut websocket = tubesock_std::connect(url).unwrap();
    assert_eq!(websocket.recv().unwrap(), Some(Message::Text("Hello")));
    assert_eq!(websocket.recv().unwrap(), Some(Message::Binary(&[0, 1, 2])));
    assert_eq!(websocket.recv().unwrap(), None);
    let closed = websocket.closed().unwrap();
    assert_eq!((closed.code, closed.reason), (CloseCode::NORMAL, "done"));
}
