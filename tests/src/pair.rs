//! Two of our endpoints, joined by wires that split, delay and break what they carry. Time is a
//! number that moves when nothing else can.

use std::collections::VecDeque;

use tubesock_core::{Config, Server};

use crate::endpoint::{Endpoint, Mode, Side, Sizes, TestClient};
use crate::random::Random;

/// How the wires carry bytes.
#[derive(Debug, Clone, Copy)]
pub struct Wires {
    /// The longest piece that is carried at once, in bytes.
    pub piece: usize,
    /// The longest delay of a piece, in milliseconds. The order is kept.
    pub delay: u64,
}

/// A client and a server.
#[derive(Debug)]
pub struct Pair {
    /// The client.
    pub client: Endpoint<TestClient>,
    /// The server.
    pub server: Endpoint<Server>,
    /// Milliseconds since the start.
    pub now: u64,
    to_server: Wire,
    to_client: Wire,
    random: Random,
    wires: Wires,
}

/// One direction: pieces with the moments at which they arrive.
#[derive(Debug, Default)]
struct Wire {
    pieces: VecDeque<(u64, Vec<u8>)>,
    is_cut: bool,
}

impl Pair {
    /// Both ends with the same buffers and limits, over `wires`; `seed` decides what chance does.
    #[must_use]
    pub fn new(sizes: Sizes, config: &Config, mode: Mode, wires: Wires, seed: u64) -> Self {
        Self {
            client: Endpoint::new(sizes, config, mode),
            server: Endpoint::new(sizes, config, mode),
            now: 0,
            to_server: Wire::default(),
            to_client: Wire::default(),
            random: Random::new(seed),
            wires,
        }
    }

    /// Lets everything happen that can at this moment: says whether anything did.
    pub fn step(&mut self) -> bool {
        let Self { client, server, now, to_server, to_client, random, wires } = self;
        let mut moved = to_server.take(client, *now, *wires, random);
        moved |= to_client.take(server, *now, *wires, random);
        moved |= to_server.give(server, *now);
        moved |= to_client.give(client, *now);
        moved
    }

    /// Runs until `end`, or until nothing more would happen; says at which moment that was.
    ///
    /// # Panics
    ///
    /// Where time stands still: a deadline that has come is not dealt with.
    pub fn run_until(&mut self, end: u64) -> u64 {
        let mut stood_still = 0;
        loop {
            while self.step() {}
            let arrivals = [self.to_server.next(), self.to_client.next()];
            let deadlines = [self.client.waits_for(), self.server.waits_for()];
            let Some(next) = arrivals.into_iter().chain(deadlines).flatten().min() else {
                return self.now;
            };
            if next > end {
                self.now = end;
                return end;
            }
            stood_still = if next > self.now { 0 } else { stood_still + 1 };
            assert!(stood_still < 1_000, "nothing happens at {next}, which was waited for");
            self.now = self.now.max(next);
            self.client.time_passes(self.now);
            self.server.time_passes(self.now);
        }
    }

    /// Runs until nothing more would happen.
    pub fn run(&mut self) -> u64 {
        self.run_until(u64::MAX)
    }

    /// From here on the wires carry nothing, and nobody is told: a cable pulled out.
    pub fn cut(&mut self) {
        for wire in [&mut self.to_server, &mut self.to_client] {
            wire.is_cut = true;
            wire.pieces.clear();
        }
    }

    /// What is on its way to the server is lost, as when it resets the connection.
    pub fn cut_to_server(&mut self) {
        self.to_server.is_cut = true;
        self.to_server.pieces.clear();
    }
}

impl Wire {
    fn take<R: Side>(
        &mut self,
        from: &mut Endpoint<R>,
        now: u64,
        wires: Wires,
        random: &mut Random,
    ) -> bool {
        let piece = from.output(1 + random.below(wires.piece));
        if piece.is_empty() || self.is_cut {
            return !piece.is_empty();
        }
        let delay = random.below(wires.delay as usize + 1) as u64;
        let arrives = self.pieces.back().map_or(0, |(at, _)| *at).max(now + delay);
        self.pieces.push_back((arrives, piece));
        true
    }

    fn give<R: Side>(&mut self, to: &mut Endpoint<R>, now: u64) -> bool {
        match self.pieces.front() {
            Some((at, _)) if *at <= now => {
                let (_, piece) = self.pieces.pop_front().expect("it is there");
                to.receive(&piece, now);
                true
            }
            _ => false,
        }
    }

    fn next(&self) -> Option<u64> {
        self.pieces.front().map(|(at, _)| *at)
    }
}

impl<R: Side> Endpoint<R> {
    /// The deadline, unless the connection is over, one way or another.
    fn waits_for(&self) -> Option<u64> {
        let over = self.session.is_finished() || self.timed_out();
        if over { None } else { self.deadline() }
    }

    fn time_passes(&mut self, now: u64) {
        if self.waits_for().is_some_and(|deadline| deadline <= now) {
            self.time_is(now);
        }
    }

    /// Whether a deadline has ended it.
    #[must_use]
    pub fn timed_out(&self) -> bool {
        matches!(self.seen.last(), Some(crate::endpoint::Seen::TimedOut(_)))
    }
}
