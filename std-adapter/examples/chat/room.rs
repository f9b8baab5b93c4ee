//! The room: who is in it, what was said last, and telling everybody.
//!
//! One mutex guards it, and is held while everybody is told, so that all read
//! the same things in the same order. That is no wait for anybody: a send is a
//! `try_send`, and whoever's queue is full is shown the door.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tubesock_std::{CloseCode, Message, Prepared, SendError, Sender};

use crate::history::History;
use crate::outbox::{Outbox, Packet};
use crate::people::{Elsewhere, Person, missing_from, wall_clock};
use crate::protocol::{self, Complaint, FromPage, JOINED_AGAIN, Said, ToPage};

/// By then a page has said hello.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

const TOO_SLOW: &str = "This page did not read as fast as the room talks.";
const APART: ToPage<'_> = ToPage::Notice {
    level: "trouble",
    text: "The other servers of this room can't be reached. People there will read what was said last once they can.",
};
const TOGETHER: ToPage<'_> =
    ToPage::Notice { level: "recovered", text: "The other servers of this room are back." };

/// A connection's number.
pub(crate) type Id = u64;

#[derive(Debug)]
pub(crate) struct Room {
    state: Mutex<State>,
    /// What other processes are to learn, where the room spans several.
    outbox: Option<Arc<Outbox>>,
}

#[derive(Debug, Default)]
struct State {
    last_id: Id,
    connections: BTreeMap<Id, Connection>,
    elsewhere: Elsewhere,
    /// The nick names that everybody was told of, sorted.
    here: Vec<String>,
    history: History,
    /// When something was said here last.
    last_time: u64,
    /// Other processes can't be reached.
    apart: bool,
}

#[derive(Debug)]
struct Connection {
    sender: Sender,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// Has not said hello, and must by then.
    Door(Instant),
    Inside(Person),
}

/// How a change of who is here is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tell {
    EachOne,
    AllAnew,
}

/// What the page of a connection does.
impl Room {
    pub(crate) fn new(outbox: Option<Arc<Outbox>>) -> Self {
        Self { state: Mutex::default(), outbox }
    }

    /// A connection is there.
    pub(crate) fn arrive(&self, sender: Sender) -> Id {
        let mut state = self.lock();
        state.last_id += 1;
        let id = state.last_id;
        let place = Place::Door(Instant::now() + HELLO_WITHIN);
        state.connections.insert(id, Connection { sender, place });
        id
    }

    /// A connection has sent this.
    pub(crate) fn hear(&self, id: Id, message: Message<'_>) {
        let heard = match message {
            Message::Text(json) => FromPage::parse(json),
            Message::Binary(_) => Err("The page sent something that is no text."),
        };
        let done = heard.and_then(|message| match message {
            FromPage::Hello { nick, token } => {
                self.join(id, &protocol::nick(&nick)?, protocol::token(token)?)
            }
            FromPage::Say { text, key } => self.say(id, &text, protocol::key(key)?),
            FromPage::Unknown => Ok(()),
        });
        if let Err(complaint) = done {
            self.lock().turn_out(id, CloseCode::POLICY, complaint);
            self.people_changed();
        }
    }

    /// A connection is over.
    pub(crate) fn leave(&self, id: Id) {
        let mut state = self.lock();
        if state.connections.remove(&id).is_some() {
            state.announce(Tell::EachOne, None);
        }
        self.people_changed(); // also where it was turned out before
    }

    /// Turns out whoever has not said hello, and forgets silent processes.
    pub(crate) fn tidy(&self, now: Instant) {
        let mut state = self.lock();
        let late =
            |connection: &Connection| matches!(connection.place, Place::Door(at) if at <= now);
        let ids = state.connections.iter().filter(|(_, connection)| late(connection));
        for id in ids.map(|(id, _)| *id).collect::<Vec<_>>() {
            state.turn_out(id, CloseCode::POLICY, "The page did not say who it is.");
        }
        state.elsewhere.forget_silent(now);
        state.announce(Tell::AllAnew, None);
    }

    /// Everybody leaves at once; nobody needs to be told.
    pub(crate) fn close(&self) {
        self.lock().connections.clear();
    }

    fn join(&self, id: Id, asked: &str, token: Option<String>) -> Result<(), Complaint> {
        let mut state = self.lock();
        match state.connections.get(&id).map(|connection| &connection.place) {
            Some(Place::Door(_)) => {}
            Some(Place::Inside(_)) => return Err("The page said twice who it is."),
            None => return Ok(()), // it was turned out just now
        }
        if let Some(token) = &token {
            state.free_place(token);
        }
        let nick = protocol::free_nick(asked, &state.everybody());
        let person = Person { nick: nick.clone(), token, since: wall_clock() };
        if let Some(connection) = state.connections.get_mut(&id) {
            connection.place = Place::Inside(person);
        }
        state.announce(Tell::EachOne, Some(id));
        let history = state.history.iter().map(ToPage::Said).collect();
        let welcome = ToPage::Welcome { you: &nick, here: &state.here, history }.encode();
        state.tell_one(id, &welcome);
        if state.apart {
            state.tell_one(id, &APART.encode());
        }
        self.people_changed();
        Ok(())
    }

    fn say(&self, id: Id, text: &str, key: String) -> Result<(), Complaint> {
        let mut state = self.lock();
        let nick = match state.connections.get(&id).map(|connection| &connection.place) {
            Some(Place::Inside(person)) => person.nick.clone(),
            Some(Place::Door(_)) => return Err("The page spoke before it said who it is."),
            None => return Ok(()), // it was turned out just now
        };
        let text = match protocol::text(text) {
            Ok(text) => text.to_owned(),
            Err(text) => {
                state.tell_one(id, &ToPage::Refused { key: &key, text }.encode());
                return Ok(());
            }
        };
        if let Some(said) = state.history.find(&key) {
            // Said again, since the page did not hear it back.
            let again = ToPage::Said(said).encode();
            state.tell_one(id, &again);
            return Ok(());
        }
        // Increasing, so that the order of time is the order of saying.
        let time = wall_clock().max(state.last_time + 1);
        state.last_time = time;
        let said = Said { nick, text, time, key };
        state.history.add(&said);
        state.tell_all(&ToPage::Said(&said));
        if let Some(outbox) = &self.outbox {
            outbox.said(said);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn people_changed(&self) {
        if let Some(outbox) = &self.outbox {
            outbox.people_changed();
        }
    }
}

/// What other processes do, and learn.
impl Room {
    /// Who is here, on this process.
    pub(crate) fn people(&self) -> Vec<Person> {
        self.lock().people().cloned().collect()
    }

    /// What was said last.
    pub(crate) fn history(&self) -> Vec<Said> {
        self.lock().history.iter().cloned().collect()
    }

    /// Another process, `from`, has sent this.
    pub(crate) fn hear_from(&self, from: &str, packet: Packet) {
        let Some(outbox) = self.outbox.as_ref().filter(|outbox| outbox.id() != from) else {
            return;
        };
        let mut state = self.lock();
        match packet {
            Packet::Said(said) => {
                if state.history.add(&said) {
                    state.tell_all(&ToPage::Said(&said));
                }
            }
            Packet::History(all) => {
                for said in all {
                    if state.history.learn(&said) {
                        state.tell_all(&ToPage::Said(&said));
                    }
                }
            }
            Packet::People(mut people) => {
                people.retain(|person| !state.keeps_place_from(person, from, outbox.id()));
                let is_new = state.elsewhere.set(from, people);
                let tell = if is_new { Tell::AllAnew } else { Tell::EachOne };
                state.announce(tell, None);
            }
            Packet::Who => outbox.answer(),
            Packet::Bye => {
                state.elsewhere.forget(from);
                state.announce(Tell::AllAnew, None);
            }
        }
    }

    /// Whether other processes can't be reached has changed.
    pub(crate) fn set_apart(&self, apart: bool) {
        let mut state = self.lock();
        if state.apart != apart {
            state.apart = apart;
            state.tell_all(if apart { &APART } else { &TOGETHER });
        }
    }
}

impl State {
    fn people(&self) -> impl Iterator<Item = &Person> {
        self.connections.values().filter_map(Connection::person)
    }

    /// All nick names, sorted.
    fn everybody(&self) -> Vec<String> {
        let here = self.people().map(|person| &person.nick);
        let mut nicks: Vec<_> = here.chain(self.elsewhere.nicks()).cloned().collect();
        nicks.sort_unstable();
        nicks
    }

    /// Tells who is here now, if that has changed, but for one who learns it
    /// otherwise.
    fn announce(&mut self, tell: Tell, but: Option<Id>) {
        let here = self.everybody();
        if here == self.here {
            return;
        }
        let before = std::mem::replace(&mut self.here, here);
        let news: Vec<Prepared> = match tell {
            Tell::AllAnew => vec![ToPage::Here { here: &self.here }.encode()],
            Tell::EachOne => {
                let left = missing_from(&self.here, &before).into_iter();
                let joined = missing_from(&before, &self.here).into_iter();
                left.map(|nick| ToPage::Left { nick })
                    .chain(joined.map(|nick| ToPage::Joined { nick }))
                    .map(|news| news.encode())
                    .collect()
            }
        };
        for message in &news {
            self.pass_on(message, but);
        }
    }

    fn tell_all(&mut self, message: &ToPage<'_>) {
        self.pass_on(&message.encode(), None);
    }

    fn tell_one(&mut self, id: Id, message: &Prepared) {
        let Some(connection) = self.connections.get(&id) else { return };
        if connection.is_too_slow_for(message) {
            self.turn_out(id, CloseCode::TRY_AGAIN_LATER, TOO_SLOW);
        }
    }

    fn pass_on(&mut self, message: &Prepared, but: Option<Id>) {
        let inside = self.connections.iter().filter(|(_, to)| to.person().is_some());
        let too_slow = inside
            .filter(|(id, to)| Some(**id) != but && to.is_too_slow_for(message))
            .map(|(id, _)| *id)
            .collect::<Vec<_>>();
        for id in too_slow {
            self.turn_out(id, CloseCode::TRY_AGAIN_LATER, TOO_SLOW);
        }
    }

    fn turn_out(&mut self, id: Id, code: CloseCode, why: &str) {
        if let Some(connection) = self.connections.remove(&id) {
            let _ = connection.sender.close(code, why);
            self.announce(Tell::EachOne, None);
        }
    }

    /// Whoever has this token leaves its place to the page that has come again.
    fn free_place(&mut self, token: &str) {
        let has_it = |connection: &&Connection| {
            connection.person().is_some_and(|person| person.token.as_deref() == Some(token))
        };
        let old = self.connections.iter().find(|(_, connection)| has_it(connection));
        if let Some(id) = old.map(|(id, _)| *id)
            && let Some(connection) = self.connections.remove(&id)
        {
            let _ = connection.sender.close(JOINED_AGAIN, "This page has joined again.");
        }
        self.elsewhere.forget_token(token);
    }

    /// Whether the same page has come here since; else it gives up its place
    /// here, if it has one.
    fn keeps_place_from(&mut self, other: &Person, from: &str, own: &str) -> bool {
        let Some(token) = &other.token else { return false };
        let here = self.people().find(|person| person.token.as_ref() == Some(token));
        let Some(since) = here.map(|person| person.since) else { return false };
        let keeps = (since, own) > (other.since, from);
        if !keeps {
            self.free_place(token);
        }
        keeps
    }
}

impl Connection {
    fn person(&self) -> Option<&Person> {
        match &self.place {
            Place::Door(_) => None,
            Place::Inside(person) => Some(person),
        }
    }

    /// Sends, unless its queue is full. That it is gone its own thread says.
    fn is_too_slow_for(&self, message: &Prepared) -> bool {
        self.sender.try_send_prepared(message) == Err(SendError::QueueFull)
    }
}
