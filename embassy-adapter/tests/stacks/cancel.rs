//! Futures are dropped at each of their poll points, on a real stack.

use tubesock_embassy::{CloseCode, Event, Message, Outcome, serve};

use crate::world::{Room, Task, Weather, beside, until_pending, world};
use crate::{Buffers, PORT, open};

#[test]
fn futures_dropped_at_each_poll_point_lose_no_byte() {
    for pending in 1..7 {
        let weather = Weather { loss: 2, delay: 1, jitter: 3 };
        world(weather, async |server, client, _| {
            let (mut a, mut b) = (Room::new(), Room::new());
            let (mut ours, mut theirs) = (Buffers::new(), Buffers::new());
            let mut listener = a.socket(server);
            let mut tasks: [Task<'_>; 1] = [Box::pin(async {
                listener.accept(PORT).await.unwrap();
                let options = &tubesock_embassy::Options::DEFAULT;
                let outcome = serve(&mut listener, ours.lend(), options, async |socket| {
                    loop {
                        match until_pending(socket.recv(), pending).await {
                            None => {}
                            Some(event) => {
                                let Some((event, mut reply)) = event? else { return Ok(()) };
                                let Event::Data(message) = event else { continue };
                                // Staged whole, or not at all: then it is asked for again.
                                while until_pending(reply.send(message), pending).await.is_none() {}
                            }
                        }
                    }
                })
                .await;
                assert_eq!(outcome, Outcome::Closed);
            })];
            let talk = async {
                let mut socket = b.socket(client);
                let mut websocket = open(&mut socket, &mut theirs).await;
                let payload: Vec<u8> = (0..60_000u32).map(|i| (i / 5) as u8).collect();
                let (mut receiver, mut sender) = websocket.split();
                let mut got = Vec::<u8>::new();
                let listen = async {
                    while got.len() < payload.len() {
                        let event = until_pending(receiver.recv(), pending).await;
                        let event = event.map(Result::unwrap);
                        if let Some(Some((Event::Data(message), _))) = event {
                            got.extend(message.as_bytes());
                        }
                    }
                };
                let say = async {
                    for (i, piece) in payload.chunks(470).enumerate() {
                        let mut rest = Message::Binary(piece);
                        let mut message = sender.message();
                        while until_pending(message.finish(&mut rest), pending).await.is_none() {}
                        drop(message);
                        if i % 7 == 0 {
                            while until_pending(sender.ping(b"?"), pending).await.is_none() {}
                        }
                    }
                };
                embassy_futures::join::join(listen, say).await;
                drop(sender);
                assert!(got == payload, "after {pending} polls");
                websocket.finish(CloseCode::NORMAL, "").await.unwrap();
            };
            beside(talk, &mut tasks).await;
        });
    }
}
