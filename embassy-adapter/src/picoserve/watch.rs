//! What goes past on a connection of picoserve, as far as it matters here.

use core::cell::Cell;

/// How a response begins that hands the connection over.
const SWITCHING: &[u8; 12] = b"HTTP/1.1 101";

/// The field that says which route did it, the first of the response.
pub(super) const ROUTE: &str = "WebSocket-Route";

/// Which bytes were the last.
#[derive(Default)]
pub(super) struct Watch {
    /// Only whitespace has been read since the last line ended.
    line_is_blank: Cell<bool>,
    answer: Cell<Answer>,
}

#[derive(Clone, Copy)]
enum Answer {
    /// So much of [`SWITCHING`] has been written at its beginning.
    Begins(usize),
    /// It is another one.
    Other,
    /// Up to the colon of the first field.
    Named,
    /// Then its value.
    Route(u8),
    /// All that matters is known.
    Hijacked(u8),
}

impl Default for Answer {
    fn default() -> Self {
        Self::Begins(0)
    }
}

impl Watch {
    /// How many of these bytes may be read: to the end of a head at the most,
    /// and whether that is there.
    pub(super) fn head_in(&self, bytes: &[u8]) -> (usize, bool) {
        self.answer.set(Answer::Begins(0)); // whatever was answered was not the last
        for (i, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' && self.line_is_blank.replace(true) {
                return (i + 1, true);
            }
            if !byte.is_ascii_whitespace() {
                self.line_is_blank.set(false);
            }
        }
        (bytes.len(), false)
    }

    /// Takes note of what has been written.
    pub(super) fn written(&self, bytes: &[u8]) {
        for byte in bytes {
            let next =
                match self.answer.get() {
                    Answer::Begins(n) if SWITCHING.get(n) == Some(byte) => {
                        if n + 1 == SWITCHING.len() { Answer::Named } else { Answer::Begins(n + 1) }
                    }
                    Answer::Begins(_) => Answer::Other,
                    Answer::Named if *byte == b':' => Answer::Route(0),
                    Answer::Route(n) if byte.is_ascii_digit() => {
                        Answer::Route(n.wrapping_mul(10).wrapping_add(byte - b'0'))
                    }
                    Answer::Route(n) if *byte == b'\n' => Answer::Hijacked(n),
                    as_before => as_before,
                };
            self.answer.set(next);
        }
    }

    /// The route that has hijacked the connection.
    pub(super) fn hijacked(&self) -> Option<u8> {
        match self.answer.get() {
            Answer::Hijacked(route) => Some(route),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_stops_behind_each_head_wherever_it_is_split() {
        let requests = b"GET / HTTP/1.1\r\nA: b\r\n\r\nGET /ws HTTP/1.1\nA:b\n \t\r\n\x81\x80";
        let ends = [24, 49];
        for step in 1..requests.len() {
            let watch = Watch::default();
            let (mut at, mut stops) = (0, 0);
            while at < requests.len() {
                let to = requests.len().min(at + step);
                let (n, ended) = watch.head_in(&requests[at..to]);
                assert!(n == to - at || ended);
                if ended {
                    assert_eq!(at + n, ends[stops], "in steps of {step}");
                    stops += 1;
                }
                at += n;
            }
            assert_eq!(stops, 2);
        }
    }

    #[test]
    fn only_a_101_hijacks_and_names_its_route() {
        let answer = b"HTTP/1.1 101 \r\nWebSocket-Route: 27\r\nUpgrade: websocket\r\n\r\n";
        for step in 1..answer.len() {
            let watch = Watch::default();
            watch
                .written(b"HTTP/1.1 200 OK\r\nA: 1\r\n\r\nHTTP/1.1 101 \r\nWebSocket-Route: 1\r\n");
            assert_eq!(watch.hijacked(), None);
            watch.head_in(b"GET /");
            answer.chunks(step).for_each(|bytes| watch.written(bytes));
            assert_eq!(watch.hijacked(), Some(27));
        }
    }
}
