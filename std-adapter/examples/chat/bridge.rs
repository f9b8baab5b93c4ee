//! One room over many processes, by way of Redis: one thread listens, one
//! tells. What is said here is passed on here without either, so the room
//! lives through Redis being away; when it is back, each process tells the
//! others who is here and what was said last.
//!
//! Whoever may publish on that Redis is trusted as a chat server is.

use std::convert::Infallible;
use std::fmt;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use redis::{Client, Connection, RedisError, RedisResult};
use serde::{Deserialize, Serialize};

use crate::outbox::{Outbox, Packet};
use crate::room::Room;

const CHANNEL: &str = "tubesock-chat";

/// How long Redis may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// We hear ourselves every two seconds. Where that fails, so has Redis.
const SILENCE: Duration = Duration::from_secs(6);

/// Between attempts to reach Redis.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why there is no bridge.
pub(crate) enum BridgeError {
    Url,
    Unreachable(RedisError),
}

/// A Redis that has been reached once.
pub(crate) struct Bridge(Client);

/// The threads of a bridge.
pub(crate) struct Running {
    outbox: Arc<Outbox>,
    gone: Receiver<()>,
}

/// What both threads know.
struct Shared {
    client: Client,
    room: Arc<Room>,
    outbox: Arc<Outbox>,
    reached: Mutex<Reached>,
}

#[derive(Default)]
struct Reached {
    listening: bool,
    telling: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Listening,
    Telling,
}

#[derive(Serialize, Deserialize)]
struct Letter<F> {
    from: F,
    packet: Packet,
}

impl Bridge {
    pub(crate) fn connect(url: &str) -> Result<Self, BridgeError> {
        let client = Client::open(url).map_err(|_| BridgeError::Url)?;
        connection(&client).map_err(BridgeError::Unreachable)?;
        Ok(Self(client))
    }

    pub(crate) fn start(self, room: &Arc<Room>, outbox: &Arc<Outbox>) -> std::io::Result<Running> {
        let (room, outbox) = (Arc::clone(room), Arc::clone(outbox));
        let shared = Shared { client: self.0, room, outbox, reached: Mutex::default() };
        let outbox = Arc::clone(&shared.outbox);
        let teller = Arc::new(shared);
        let listener = Arc::clone(&teller);
        let (alive, gone) = channel();
        let name = |name: &str| thread::Builder::new().name(name.to_owned());
        name("redis listen").spawn(move || listener.keep_listening())?;
        name("redis tell").spawn(move || {
            teller.keep_telling();
            drop(alive);
        })?;
        Ok(Running { outbox, gone })
    }
}

impl Running {
    /// Lets the other processes know that this one goes.
    pub(crate) fn say_bye(&self) {
        self.outbox.bye();
    }

    /// Waits until they know it.
    pub(crate) fn wait(&self, at_most: Duration) {
        let _ = self.gone.recv_timeout(at_most);
    }
}

impl Shared {
    fn keep_listening(&self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let Err(_) = self.listen(&mut pause);
            self.lost(Side::Listening);
            thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn listen(&self, pause: &mut Duration) -> RedisResult<Infallible> {
        let mut redis = connection(&self.client)?;
        let mut messages = redis.as_pubsub();
        messages.subscribe(CHANNEL)?;
        messages.set_read_timeout(Some(SILENCE))?;
        *pause = FIRST_PAUSE;
        self.reached(Side::Listening);
        loop {
            let message = messages.get_message()?;
            // What can't be read is from a newer version, or from somebody else.
            if let Ok(Letter { from, packet }) =
                serde_json::from_slice::<Letter<String>>(message.get_payload_bytes())
            {
                self.room.hear_from(&from, packet);
            }
        }
    }

    fn keep_telling(&self) {
        let mut pause = FIRST_PAUSE;
        while self.tell(&mut pause).is_err() {
            self.lost(Side::Telling);
            if self.outbox.sleep(pause) {
                return;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Ends well when all has been said.
    fn tell(&self, pause: &mut Duration) -> RedisResult<()> {
        let mut redis = connection(&self.client)?;
        self.outbox.start_anew();
        self.publish(&mut redis, vec![Packet::People(self.room.people())])?;
        *pause = FIRST_PAUSE;
        self.reached(Side::Telling);
        let mut people_told = Instant::now();
        loop {
            let news = self.outbox.wait(people_told);
            if news.reconnect {
                return Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset).into());
            }
            let mut packets: Vec<_> = news.said.into_iter().map(Packet::Said).collect();
            if news.people {
                people_told = Instant::now();
                packets.push(Packet::People(self.room.people()));
            }
            if news.history {
                packets.push(Packet::History(self.room.history()));
            }
            if news.who {
                packets.push(Packet::Who);
            }
            if news.bye {
                packets.push(Packet::Bye);
            }
            self.publish(&mut redis, packets)?;
            if news.bye {
                return Ok(());
            }
        }
    }

    fn publish(&self, redis: &mut Connection, packets: Vec<Packet>) -> RedisResult<()> {
        let mut pipe = redis::pipe();
        for packet in packets {
            let letter = Letter { from: self.outbox.id(), packet };
            let json = serde_json::to_string(&letter).expect("text and numbers are always JSON");
            pipe.publish(CHANNEL, json).ignore();
        }
        pipe.query(redis)
    }

    fn reached(&self, side: Side) {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        match side {
            Side::Listening => reached.listening = true,
            Side::Telling => reached.telling = true,
        }
        if reached.listening && reached.telling {
            self.outbox.catch_up();
            self.room.set_apart(false);
        }
    }

    fn lost(&self, side: Side) {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        // A teller notices only when it has something to tell.
        if side == Side::Listening && reached.telling {
            self.outbox.reconnect();
        }
        match side {
            Side::Listening => *reached = Reached::default(),
            Side::Telling => reached.telling = false,
        }
        self.room.set_apart(true);
    }
}

impl fmt::Display for BridgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str("--redis needs an address such as redis://127.0.0.1:6379/"),
            Self::Unreachable(error) => {
                write!(f, "can't reach Redis: {error}; start it, or leave --redis out")
            }
        }
    }
}

/// A connection that never takes longer than our patience.
fn connection(client: &Client) -> RedisResult<Connection> {
    let redis = client.get_connection_with_timeout(PATIENCE)?;
    redis.set_read_timeout(Some(PATIENCE))?;
    redis.set_write_timeout(Some(PATIENCE))?;
    Ok(redis)
}
