//! What waits to be told to the other processes of the room.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::people::Person;
use crate::protocol::Said;

/// More than this waiting is told as a history instead.
const MOST_SAID: usize = 1000;

/// A change of who is here is told at most this often,
const PEOPLE_AT_MOST_EVERY: Duration = Duration::from_millis(100);

/// and who is here at least this often: it proves that we are alive.
const PEOPLE_AT_LEAST_EVERY: Duration = Duration::from_secs(2);

/// From one process to all.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "is", rename_all = "lowercase")]
pub(crate) enum Packet {
    Said(Said),
    /// What was said last, for who may have missed it.
    History(Vec<Said>),
    /// Who is on this process.
    People(Vec<Person>),
    /// Asks the others for their people and their history.
    Who,
    Bye,
}

/// What there is to tell.
#[derive(Debug, Default)]
pub(crate) struct News {
    pub(crate) said: VecDeque<Said>,
    pub(crate) people: bool,
    pub(crate) history: bool,
    pub(crate) who: bool,
    pub(crate) bye: bool,
    /// The connection should be made anew.
    pub(crate) reconnect: bool,
}

#[derive(Debug)]
pub(crate) struct Outbox {
    id: String,
    news: Mutex<News>,
    changed: Condvar,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        // The standard library's only source of randomness is its hasher's keys.
        let id = format!("{:016x}", RandomState::new().hash_one(std::process::id()));
        Self { id, news: Mutex::default(), changed: Condvar::new() }
    }

    /// This process among the others.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn said(&self, said: Said) {
        self.put(|news| {
            if news.said.len() == MOST_SAID {
                news.said.clear();
                news.history = true;
            }
            news.said.push_back(said);
        });
    }

    pub(crate) fn people_changed(&self) {
        self.put(|news| news.people = true);
    }

    /// Another process wants to know everything.
    pub(crate) fn answer(&self) {
        self.put(|news| (news.people, news.history) = (true, true));
    }

    /// The others can be reached again, or for the first time.
    pub(crate) fn catch_up(&self) {
        self.put(|news| (news.people, news.history, news.who) = (true, true, true));
    }

    pub(crate) fn reconnect(&self) {
        self.put(|news| news.reconnect = true);
    }

    pub(crate) fn bye(&self) {
        self.put(|news| news.bye = true);
    }

    /// Forgets what a new connection makes needless: what was said meanwhile
    /// is in the history.
    pub(crate) fn start_anew(&self) {
        self.put(|news| *news = News { bye: news.bye, ..News::default() });
    }

    /// Waits for news; the people are told every now and then in any case.
    pub(crate) fn wait(&self, people_told: Instant) -> News {
        let mut news = self.lock();
        loop {
            let pause = if news.people { PEOPLE_AT_MOST_EVERY } else { PEOPLE_AT_LEAST_EVERY };
            let left = (people_told + pause).saturating_duration_since(Instant::now());
            let urgent =
                !news.said.is_empty() || (news.history || news.who || news.bye || news.reconnect);
            if urgent || left.is_zero() {
                let people = left.is_zero();
                let later = News { people: news.people && !people, ..News::default() };
                return News { people, ..std::mem::replace(&mut *news, later) };
            }
            news = self.wait_for(news, left);
        }
    }

    /// Sleeps until it is time to try again; whether it is time to say bye.
    pub(crate) fn sleep(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        let mut news = self.lock();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if news.bye || left.is_zero() {
                return news.bye;
            }
            news = self.wait_for(news, left);
        }
    }

    fn put(&self, change: impl FnOnce(&mut News)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for<'n>(&self, news: MutexGuard<'n, News>, at_most: Duration) -> MutexGuard<'n, News> {
        let waited = self.changed.wait_timeout(news, at_most);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
