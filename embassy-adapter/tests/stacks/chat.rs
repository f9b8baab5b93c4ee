//! Long lives: many connections, and long ones.

use std::time::Duration as Span;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::channel::Channel;
use embassy_time::{Duration, Timer};
use tubesock_embassy::{CloseCode, Event, Message, Outcome, end_client, serve};

use crate::world::{Link, Room, Task, Weather, beside, now, world};
use crate::{Buffers, PORT, echo, open};

type Line = Channel<NoopRawMutex, String, 64>;

#[test]
fn thousand_connections_one_after_another_leave_nothing_behind() {
    world(Weather::default(), async |server, client, _| {
        let (mut a, mut b) = (Room::new(), Room::new());
        let (mut ours, mut theirs) = (Buffers::new(), Buffers::new());
        let mut listener = a.socket(server);
        let mut outcomes = Vec::new();
        let mut tasks: [Task<'_>; 1] = [Box::pin(async {
            loop {
                listener.accept(PORT).await.expect("the socket is free again");
                let options = &tubesock_embassy::Options::DEFAULT;
                outcomes.push(serve(&mut listener, ours.lend(), options, echo).await);
            }
        })];
        let talk = async {
            let mut socket = b.socket(client);
            for i in 0..1000u32 {
                let mut websocket = open(&mut socket, &mut theirs).await;
                let text = i.to_string();
                websocket.send(text.as_str()).await.unwrap();
                let (event, _) = websocket.recv().await.unwrap().unwrap();
                assert_eq!(event, Event::Data(Message::Text(&text)));
                websocket.finish(CloseCode::NORMAL, "").await.unwrap();
                end_client(&mut socket, Span::from_secs(5)).await;
            }
            Timer::after(Duration::from_millis(10)).await;
        };
        beside(talk, &mut tasks).await;
        drop(tasks);
        assert_eq!(outcomes, vec![Outcome::Closed; 1000]);
    });
}

/// One client's place at the server: what it says goes to both lines, and what
/// is on its own line goes to it, by another task.
async fn seat(socket: &mut embassy_net::tcp::TcpSocket<'_>, lines: &[Line; 2], own: usize) {
    let mut buffers = Buffers::new();
    loop {
        socket.accept(PORT).await.expect("the socket is free again");
        let options = &tubesock_embassy::Options::DEFAULT;
        let outcome = serve(socket, buffers.lend(), options, async |websocket| {
            let (mut receiver, mut sender) = websocket.split();
            let listen = async {
                while let Some((event, _)) = receiver.recv().await? {
                    if let Event::Data(Message::Text(text)) = event {
                        for line in lines {
                            line.send(text.to_string()).await;
                        }
                    }
                }
                Ok(())
            };
            let push = async {
                loop {
                    sender.send(lines[own].receive().await.as_str()).await?;
                }
            };
            match embassy_futures::select::select(listen, push).await {
                embassy_futures::select::Either::First(result) => result,
                embassy_futures::select::Either::Second(result) => result,
            }
        })
        .await;
        assert_eq!(outcome, Outcome::Closed);
    }
}

async fn chatter(
    stack: embassy_net::Stack<'_>,
    link: &Link,
    name: usize,
    until: u64,
    heard: &mut Vec<String>,
) -> usize {
    let mut room = Room::new();
    let mut buffers = Buffers::new();
    let mut socket = room.socket(stack);
    let mut websocket = open(&mut socket, &mut buffers).await;
    let mut said = 0;
    {
        let (mut receiver, mut sender) = websocket.split();
        let talk = async {
            while now() < until {
                Timer::after(Duration::from_millis(link.random() % 4000)).await;
                let text = format!("{name} {said} {}", "é".repeat((link.random() % 200) as usize));
                sender.send(text.as_str()).await.unwrap();
                said += 1;
            }
            Timer::after(Duration::from_secs(60)).await; // the last ones arrive
            sender.close(CloseCode::NORMAL, "").await.unwrap();
            std::future::pending::<()>().await;
        };
        let listen = async {
            while let Some((event, _)) = receiver.recv().await.unwrap() {
                if let Event::Data(Message::Text(text)) = event {
                    heard.push(text.to_string());
                }
            }
        };
        embassy_futures::select::select(listen, talk).await;
    }
    drop(websocket);
    end_client(&mut socket, Span::from_secs(30)).await;
    said
}

#[test]
fn two_clients_chat_for_an_hour_over_a_link_that_loses_one_packet_in_twenty() {
    let weather = Weather { loss: 5, delay: 5, jitter: 20 };
    let lost = world(weather, async |server, client, link| {
        let lines = [Line::new(), Line::new()];
        let (mut a, mut b) = (Room::new(), Room::new());
        let (mut one, mut two) = (a.socket(server), b.socket(server));
        let mut tasks: [Task<'_>; 2] =
            [Box::pin(seat(&mut one, &lines, 0)), Box::pin(seat(&mut two, &lines, 1))];
        let (mut heard, mut heard_too) = (Vec::new(), Vec::new());
        let until = now() + 3_600_000;
        let both = embassy_futures::join::join(
            chatter(client, link, 0, until, &mut heard),
            chatter(client, link, 1, until, &mut heard_too),
        );
        let said = beside(both, &mut tasks).await;
        assert!(said.0 > 1500 && said.1 > 1500, "{said:?}");
        for heard in [&heard, &heard_too] {
            for (name, said) in [(0, said.0), (1, said.1)] {
                let prefix = format!("{name} ");
                let numbers = heard.iter().filter_map(|text| text.strip_prefix(&prefix));
                let numbers: Vec<usize> =
                    numbers.map(|rest| rest.split(' ').next().unwrap().parse().unwrap()).collect();
                // One who was late has missed what was said before.
                let first = numbers.first().copied().unwrap_or(said);
                assert!(first < 5, "{first}");
                assert_eq!(numbers, (first..said).collect::<Vec<_>>(), "in order, none twice");
            }
        }
        link.lost.get()
    });
    assert!(lost > 500, "the link was good: {lost} lost");
}
