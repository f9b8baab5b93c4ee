//! Instructions that tubesock-core takes to receive a frame; last, to unmask 1 KiB.
#![no_std]
#![no_main]

use compare::count::{ROOM, SIZES, calibrate, check, count, done, frame};
use tubesock_core::wire::mask;
use tubesock_core::{Config, Event, Instant, Message, Server, Session};

#[cortex_m_rt::entry]
fn main() -> ! {
    let (mut receive, mut replies, mut transmit) = ([0; ROOM + 131], [0; 252], [0; 131]);
    let buffers = (&mut receive[..], &mut replies[..], &mut transmit[..]);
    let now = Instant::from_millis(0);
    let Ok(mut session) = Session::new(Server, buffers, &Config::DEFAULT, now) else {
        panic!("buffers")
    };
    calibrate();
    for size in SIZES {
        let length = frame(size, session.space());
        session.filled(length, now);
        let event = count(|| receive_one(&mut session));
        let Some(Message::Binary(payload)) = event else { panic!("no message") };
        check(payload, size);
    }
    let mut payload = [0; 1024];
    count(|| mask(core::hint::black_box(&mut payload[..]), [1, 2, 3, 4]));
    done()
}

type Lent<'b> = Session<Server, &'b mut [u8], &'b mut [u8], &'b mut [u8]>;

#[inline(never)]
fn receive_one<'s>(session: &'s mut Lent<'_>) -> Option<Message<'s>> {
    let token = session.poll_message().ok()??;
    match session.event(token).ok()? {
        (Event::Data(message), _) => Some(message),
        _ => None,
    }
}
