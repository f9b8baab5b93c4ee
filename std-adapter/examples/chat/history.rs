//! What was said last, in the order of its time.

use std::collections::VecDeque;

use crate::protocol::Said;

const LENGTH: usize = 50;

#[derive(Debug, Default)]
pub(crate) struct History(VecDeque<Said>);

impl History {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Said> {
        self.0.iter()
    }

    pub(crate) fn find(&self, key: &str) -> Option<&Said> {
        self.0.iter().rfind(|said| said.key == key)
    }

    /// Takes in what is said now; whether it is news.
    pub(crate) fn add(&mut self, said: &Said) -> bool {
        if self.find(&said.key).is_some() {
            return false;
        }
        let place = self.0.partition_point(|other| order(other) < order(said));
        self.0.insert(place, said.clone());
        if self.0.len() > LENGTH {
            self.0.pop_front();
        }
        true
    }

    /// Takes in what another process remembers; whether it is news. What comes
    /// before all that a full history holds was there, and has been forgotten.
    pub(crate) fn learn(&mut self, said: &Said) -> bool {
        let is_full = self.0.len() == LENGTH;
        let is_old = self.0.front().is_some_and(|oldest| order(said) < order(oldest));
        !(is_full && is_old) && self.add(said)
    }
}

/// The same on each process, also for what was said in one millisecond.
fn order(said: &Said) -> (u64, &str) {
    (said.time, &said.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(time: u64) -> Said {
        let (nick, text) = ("Ada".to_owned(), String::new());
        Said { nick, text, time, key: format!("key {time}") }
    }

    fn times(history: &History) -> Vec<u64> {
        history.iter().map(|said| said.time).collect()
    }

    #[test]
    fn history_holds_the_last_50_in_the_order_of_time() {
        let mut history = History::default();
        for time in [3, 1, 2].into_iter().chain(4..60) {
            assert!(history.add(&said(time)));
        }
        assert_eq!(times(&history), (10..60).collect::<Vec<_>>());
    }

    #[test]
    fn key_heard_before_is_no_news() {
        let mut history = History::default();
        assert!(history.add(&said(1)));
        assert!(!history.add(&said(1)));
        assert!(!history.learn(&said(1)));
    }

    #[test]
    fn what_was_said_in_one_millisecond_is_forgotten_only_once() {
        let mut history = History::default();
        let all: Vec<_> = (10..70).map(|n| Said { key: format!("key {n}"), ..said(7) }).collect();
        for said in &all {
            assert!(history.add(said));
        }
        for said in &all {
            assert!(!history.learn(said), "{}", said.key);
        }
    }

    #[test]
    fn what_a_full_history_has_forgotten_does_not_come_back_from_another_process() {
        let mut history = History::default();
        for time in 0..60 {
            history.add(&said(time));
        }
        assert!(!history.learn(&said(9)));
        assert!(history.learn(&Said { key: "missed".into(), ..said(40) }));
        assert_eq!(history.iter().count(), LENGTH);
    }
}
