//! Who is here, on this process and on the others.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A process that has said nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(6);

/// Somebody in the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) nick: String,
    /// The page's secret, by which it takes its own place again, on any process.
    pub(crate) token: Option<String>,
    /// When they joined, in milliseconds since 1970.
    pub(crate) since: u64,
}

/// The people on other processes, as those last told.
#[derive(Debug, Default)]
pub(crate) struct Elsewhere(BTreeMap<String, Process>);

#[derive(Debug)]
struct Process {
    people: Vec<Person>,
    heard: Instant,
}

impl Elsewhere {
    pub(crate) fn nicks(&self) -> impl Iterator<Item = &String> {
        self.0.values().flat_map(|process| &process.people).map(|person| &person.nick)
    }

    /// Takes in one process's list; whether that process is new.
    pub(crate) fn set(&mut self, process: &str, people: Vec<Person>) -> bool {
        let entry = Process { people, heard: Instant::now() };
        self.0.insert(process.to_owned(), entry).is_none()
    }

    pub(crate) fn forget(&mut self, process: &str) {
        self.0.remove(process);
    }

    /// Forgets the processes that have fallen silent.
    pub(crate) fn forget_silent(&mut self, now: Instant) {
        self.0.retain(|_, process| now.saturating_duration_since(process.heard) < SILENCE);
    }

    /// Forgets whoever has this token: the page has come to this process.
    pub(crate) fn forget_token(&mut self, token: &str) {
        for process in self.0.values_mut() {
            process.people.retain(|person| person.token.as_deref() != Some(token));
        }
    }
}

/// Milliseconds since 1970.
pub(crate) fn wall_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Who is in `new` but not in `old`, both sorted; a nick name may be there
/// more than once.
pub(crate) fn missing_from<'n>(old: &[String], new: &'n [String]) -> Vec<&'n str> {
    let mut old = old.iter().peekable();
    let mut found = Vec::new();
    for nick in new {
        while old.next_if(|other| *other < nick).is_some() {}
        if old.next_if(|other| *other == nick).is_none() {
            found.push(nick.as_str());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_counts_a_nick_name_as_often_as_it_is_there() {
        let list = |nicks: &str| nicks.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(missing_from(&list("a b d"), &list("a b b c e")), ["b", "c", "e"]);
        assert_eq!(missing_from(&list("a b b c e"), &list("a b d")), ["d"]);
        assert!(missing_from(&list("a b"), &list("a b")).is_empty());
    }

    #[test]
    fn process_that_falls_silent_is_forgotten_with_its_people() {
        let mut elsewhere = Elsewhere::default();
        let ada = Person { nick: "Ada".into(), token: Some("t".into()), since: 1 };
        assert!(elsewhere.set("p", vec![ada.clone()]));
        assert!(!elsewhere.set("p", vec![ada.clone()]));
        elsewhere.forget_silent(Instant::now());
        assert_eq!(elsewhere.nicks().count(), 1);
        elsewhere.forget_silent(Instant::now() + SILENCE);
        assert_eq!(elsewhere.nicks().count(), 0);
        assert!(elsewhere.set("p", vec![ada]), "it is new again");
        elsewhere.forget_token("t");
        assert_eq!(elsewhere.nicks().count(), 0);
    }
}
