//! One connection between several tasks.

use std::boxed::Box;
use std::vec::Vec;

use super::sim::{channel, now, poll_some, run, sleep};
use super::*;
use crate::driver::Error;
use crate::error::SendError;
use crate::session::{Event, Message};
use crate::wire::CloseCode;

#[test]
fn several_senders_and_the_replies_never_interleave() {
    for stutters in [false, true] {
        let (ours, theirs) = connection(50, stutters);
        let (mut a, mut b) = (Room::new(), Room::new());
        let (mut server, mut client) =
            (socket(Server, ours, &mut a), socket(keys(), theirs, &mut b));
        let (mut receiver, sender) = server.split();
        let (mut inward, outward) = client.split();
        let (mut one, mut two, mut big) = (sender.clone(), sender.clone(), sender);
        let mut pinger = outward;
        let (mut texts, mut binaries, mut pongs) = (Vec::new(), Vec::new(), 0);
        run(
            async {
                while let Some((event, _)) = inward.recv().await.unwrap() {
                    match event {
                        Event::Data(Message::Text(text)) => texts.push(text.len()),
                        Event::Data(Message::Binary(bytes)) => binaries.push(bytes.to_vec()),
                        Event::Pong(_) => pongs += 1,
                        _ => {}
                    }
                    if texts.len() == 60 && binaries.len() == 10 && pongs == 20 {
                        inward.sender().close(CloseCode::NORMAL, "").await.unwrap();
                    }
                }
            },
            &mut [
                Box::pin(async { while receiver.recv().await.unwrap().is_some() {} }),
                Box::pin(async {
                    for _ in 0..40 {
                        one.send("one").await.unwrap();
                    }
                }),
                Box::pin(async {
                    for _ in 0..20 {
                        two.send("twotwo").await.unwrap();
                        sleep(1).await;
                    }
                }),
                Box::pin(async {
                    for i in 0..10 {
                        big.send(&[i; 700][..]).await.unwrap();
                    }
                }),
                Box::pin(async {
                    for i in 0..20 {
                        pinger.ping(&[i; 100]).await.unwrap();
                    }
                }),
            ],
        );
        assert_eq!(binaries, (0..10).map(|i| std::vec![i; 700]).collect::<Vec<_>>());
        assert_eq!(texts.iter().filter(|&&len| len == 3).count(), 40);
        assert_eq!(texts.iter().filter(|&&len| len == 6).count(), 20);
        assert_eq!(pongs, 20);
    }
}

#[test]
fn receive_half_goes_on_while_a_sender_owns_the_wire() {
    let (down, up) = (channel(10, false), channel(1000, false));
    let mut room = Room::new();
    let mut server = socket(Server, (up.clone(), down.clone()), &mut room);
    let (mut receiver, mut sender) = server.split();
    run(
        async {
            sleep(1).await; // the sender comes first
            up.put(&frame(0x82, b"first"));
            assert!(receiver.recv().await.unwrap().is_some());
            up.put(&frame(0x89, b"ping"));
            assert!(matches!(receiver.recv().await.unwrap(), Some((Event::Ping(_), _))));
            up.put(&frame(0x82, b"second"));
            assert!(receiver.recv().await.unwrap().is_some());
        },
        &mut [Box::pin(async { sender.send(&[7; 30][..]).await.unwrap() })],
    );
    assert!(down.0.borrow().bytes.len() == 10, "the sender waits for the wire all the while");
}

#[test]
fn whoever_owns_the_wire_also_sends_the_pongs() {
    let (down, up) = (channel(10, false), channel(1000, false));
    let mut room = Room::new();
    let mut server = socket(Server, (up.clone(), down.clone()), &mut room);
    let (mut receiver, mut sender) = server.split();
    let mut seen = Vec::new();
    run(
        async {
            sender.send(&[7; 30][..]).await.unwrap();
        },
        &mut [
            Box::pin(async { while receiver.recv().await.is_ok() {} }),
            Box::pin(async {
                up.put(&frame(0x89, b"ping"));
                sleep(5).await;
                while seen.len() < 32 + 6 {
                    seen.extend(down.take());
                    sleep(1).await;
                }
            }),
        ],
    );
    seen.extend(down.take());
    assert_eq!(&seen[32..], b"\x8a\x04ping");
}

#[test]
fn ping_between_fragments_is_answered_before_what_came_behind_it() {
    let mut room = Room::new();
    let (mut socket, from, to) = server(&mut room);
    to.put(&[frame(0x01, b"a"), frame(0x89, b"p"), frame(0x80, b"b")].concat());
    let (mut receiver, mut sender) = socket.split();
    let outcome = run(
        async {
            let mut message = sender.message();
            while let Some((event, _)) = receiver.recv_chunk().await? {
                let Event::Data(chunk) = event else { continue };
                let mut part = chunk.part;
                if chunk.last {
                    return message.finish(&mut part).await;
                }
                message.write(&mut part).await?;
            }
            Ok(())
        },
        &mut [],
    );
    assert_eq!(outcome, Ok(()));
    assert_eq!(from.take(), b"\x01\x01a\x8a\x01p\x80\x01b");
}

#[test]
fn data_waits_while_a_message_is_open_within_the_pong_deadline() {
    let mut room = Room::new();
    let (mut server, from, _to) = server(&mut room);
    let (_receiver, sender) = server.split();
    let (mut long, mut short, mut ping) = (sender.clone(), sender.clone(), sender);
    let start = now();
    let mut order = std::cell::RefCell::new(Vec::new());
    run(
        async {
            let mut message = long.message();
            message.write(&mut Message::Text("a")).await.unwrap();
            sleep(15_000).await;
            message.finish(&mut Message::Text("z")).await.unwrap();
            sleep(1).await;
        },
        &mut [
            Box::pin(async {
                let outcome = short.send("waits in vain").await;
                assert_eq!(outcome, Err(Error::Send(SendError::MessageInProgress)));
                assert_eq!(now() - start, 10_000);
                short.send("waits").await.unwrap();
                order.borrow_mut().push("text");
            }),
            Box::pin(async {
                ping.ping(b"").await.unwrap();
                order.borrow_mut().push("ping");
            }),
        ],
    );
    assert_eq!(order.get_mut()[..], ["ping", "text"]);
    assert_eq!(from.take(), b"\x01\x01a\x89\0\x80\x01z\x81\x05waits");
}

#[test]
fn more_senders_than_may_wait_are_told_at_once() {
    let (down, up) = (channel(1, false), channel(1, false));
    let mut room = Room::new();
    let mut server = socket(Server, (up, down), &mut room);
    let (_receiver, sender) = server.split();
    let mut senders: Vec<_> = (0..6).map(|_| sender.clone()).collect();
    let mut futures: Vec<_> = senders.iter_mut().map(|sender| Box::pin(sender.send("x"))).collect();
    let mut outcomes = futures.iter_mut().map(|future| poll_some(future.as_mut(), 1));
    for _ in 0..5 {
        assert_eq!(outcomes.next(), Some(None)); // one that writes, four that wait
    }
    assert_eq!(outcomes.next(), Some(Some(Err(Error::Send(SendError::FrameInProgress)))));
}

#[test]
fn what_a_dropped_sender_has_staged_is_sent_by_the_receive_half() {
    let (down, up) = (channel(10, false), channel(1000, false));
    let mut room = Room::new();
    let mut server = socket(Server, (up, down.clone()), &mut room);
    let (mut receiver, mut sender) = server.split();
    run(
        async {
            for _ in 0..20 {
                sleep(1).await;
                if down.0.borrow().bytes.len() == 10 {
                    break;
                }
            }
            let mut seen = Vec::new();
            while seen.len() < 32 {
                seen.extend(down.take());
                sleep(1).await;
            }
            assert_eq!(seen.len(), 32);
        },
        &mut [
            Box::pin(async {
                sleep(2).await; // the receive half waits for bytes by then
                assert!(poll_some(sender.send(&[7; 30][..]), 3).is_none());
            }),
            Box::pin(async { while receiver.recv().await.is_ok() {} }),
        ],
    );
}

#[test]
fn close_by_a_sender_sets_the_deadline_of_the_half_that_receives() {
    let mut room = Room::new();
    let (mut server, _from, _to) = server(&mut room);
    let (mut receiver, mut sender) = server.split();
    let start = now();
    let outcome = run(
        async { receiver.recv().await.map(|_| ()) },
        &mut [Box::pin(async {
            sleep(1000).await;
            sender.close(CloseCode::NORMAL, "bye").await.unwrap();
            sender.close(CloseCode::GOING_AWAY, "not twice").await.unwrap();
        })],
    );
    assert_eq!(outcome, Err(Error::Timeout(crate::Timeout::Close)));
    assert_eq!(now() - start, 6_000);
}

#[test]
fn senders_that_wait_for_a_message_that_broke_off_find_it_closed() {
    let mut room = Room::new();
    let (mut server, _from, _to) = server(&mut room);
    let (_receiver, sender) = server.split();
    let (mut long, mut short) = (sender.clone(), sender);
    let start = now();
    run(
        async {
            sleep(2).await;
            let outcome = short.send("x").await;
            assert_eq!(outcome, Err(Error::Send(SendError::Closed)));
            assert_eq!(now() - start, 5);
        },
        &mut [Box::pin(async {
            let mut message = long.message();
            message.write(&mut Message::Text("a")).await.unwrap();
            sleep(5).await;
        })],
    );
}

#[test]
fn close_has_its_deadline_also_while_another_sender_is_stuck() {
    let (down, up) = (channel(10, false), channel(1000, false));
    let mut room = Room::new();
    let mut server = socket(Server, (up, down), &mut room);
    let (mut receiver, sender) = server.split();
    let (mut stuck, mut closing) = (sender.clone(), sender);
    let start = now();
    let outcome = run(
        async { receiver.recv().await.map(|_| ()) },
        &mut [
            Box::pin(async {
                let _ = stuck.send(&[7; 30][..]).await;
            }),
            Box::pin(async {
                sleep(1000).await;
                closing.close(CloseCode::NORMAL, "").await.unwrap();
            }),
        ],
    );
    assert_eq!(outcome, Err(Error::Timeout(crate::Timeout::Close)));
    assert_eq!(now() - start, 6_000);
}

#[test]
fn sender_that_goes_on_sending_does_not_starve_one_that_waits() {
    let (down, up) = (channel(16, false), channel(1000, false));
    let mut room = Room::new();
    let mut server = socket(Server, (up, down.clone()), &mut room);
    let (_receiver, sender) = server.split();
    let (mut busy, mut patient) = (sender.clone(), sender);
    let start = now();
    run(
        async {
            sleep(5).await;
            patient.send("at last").await.unwrap();
            assert!(now() - start < 30, "{}", now() - start);
        },
        &mut [
            Box::pin(async {
                // One frame after the other, and never a moment between them.
                while busy.send(&[7; 30][..]).await.is_ok() {}
            }),
            Box::pin(async {
                for _ in 0..1000 {
                    sleep(1).await;
                    down.take();
                }
            }),
        ],
    );
}
