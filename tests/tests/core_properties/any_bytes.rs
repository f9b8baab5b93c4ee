//! Any bytes in any pieces: what is seen is what the oracle sees.

use proptest::prelude::*;
use tubesock_core::{Config, ProtocolError, Server};
use tubesock_tests::endpoint::{Endpoint, Mode, NO_DEADLINES, Seen, Side, Sizes, TestClient};
use tubesock_tests::frames::{From, frame, header_in_form};
use tubesock_tests::oracle::sees;

/// A frame, mostly one that may come, and what is wrong with it.
#[derive(Debug, Clone)]
struct Spec {
    b0: u8,
    payload: Vec<u8>,
    fault: Fault,
}

#[derive(Debug, Clone)]
enum Fault {
    None,
    Form(u8),
    OtherSide,
    FlippedBit(usize),
    Cut(usize),
}

impl Spec {
    fn bytes(&self, from: From) -> Vec<u8> {
        let mut bytes = frame(from, self.b0, &self.payload);
        match self.fault {
            Fault::None => {}
            Fault::Form(form) => {
                bytes = header_in_form(from, self.b0, form, self.payload.len() as u64);
                bytes.extend(&self.payload);
            }
            Fault::OtherSide => {
                let other = if from == From::Client { From::Server } else { From::Client };
                bytes = frame(other, self.b0, &self.payload);
            }
            Fault::FlippedBit(bit) => {
                let bit = bit % (bytes.len() * 8);
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
            Fault::Cut(at) => bytes.truncate(at % bytes.len()),
        }
        bytes
    }
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let text: Vec<u8> = "aé€😀".bytes().cycle().take(400).collect();
    let part = (0usize..40, prop_oneof![8 => 0usize..20, 2 => 100usize..150, 1 => 150usize..300]);
    prop_oneof![
        6 => part.prop_map(move |(at, len)| text[at..at + len].to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
        2 => (any::<bool>(), 990u16..1020).prop_map(|(high, code)| {
            (if high { code + 2_500 } else { code }).to_be_bytes().to_vec()
        }),
    ]
}

fn spec() -> impl Strategy<Value = Spec> {
    let b0 = prop_oneof![
        20 => prop::sample::select(vec![0x01, 0x02, 0x00, 0x80, 0x81, 0x82, 0x89, 0x8A]),
        1 => Just(0x88),
        1 => any::<u8>(),
    ];
    let fault = prop_oneof![
        40 => Just(Fault::None),
        1 => (126u8..128).prop_map(Fault::Form),
        1 => Just(Fault::OtherSide),
        2 => any::<usize>().prop_map(Fault::FlippedBit),
        1 => any::<usize>().prop_map(Fault::Cut),
    ];
    (b0, payload(), fault).prop_map(|(b0, payload, fault)| Spec { b0, payload, fault })
}

/// Frames in an order that makes sense more often than not: a fragment begins a message where none
/// is open, and continues one where one is.
fn mended(mut specs: Vec<Spec>, trust: bool) -> Vec<Spec> {
    let mut open = false;
    for spec in &mut specs {
        if trust && spec.b0 & 0x78 == 0 {
            let kind = if open { 0 } else { (spec.b0 & 0x03).max(1) };
            spec.b0 = spec.b0 & 0x80 | kind;
            open = spec.b0 & 0x80 == 0;
        }
    }
    specs
}

/// Failures count by their close code alone.
fn comparable(seen: Vec<Seen>) -> Vec<(Option<u16>, Option<Seen>)> {
    let one = |seen| match seen {
        Seen::Failed(error) => (Some(ProtocolError::close_code(error).0), None),
        other => (None, Some(other)),
    };
    seen.into_iter().map(one).collect()
}

const LIMIT: usize = 500;

fn check<R: Side>(specs: &[Spec], cuts: &[usize]) -> Result<(), TestCaseError> {
    let bytes: Vec<u8> = specs.iter().flat_map(|spec| spec.bytes(R::PEER)).collect();
    let config = Config { max_message: LIMIT, ..NO_DEADLINES };
    let sizes = Sizes { receive: LIMIT + 131, replies: 16_384, transmit: 16_384 };
    let mut whole = Endpoint::<R>::new(sizes, &config, Mode::Whole);
    let least = Sizes { receive: Sizes::LEAST.receive, ..sizes };
    let mut chunks = Endpoint::<R>::new(least, &config, Mode::Chunks);
    let mut growing = Endpoint::<R>::new(least, &config, Mode::Whole);
    growing.session.incoming.set_max_message(LIMIT);
    let (mut at, mut next) = (0, cuts.iter().cycle());
    while at < bytes.len() {
        let n = next.next().map_or(1, |n| *n).min(bytes.len() - at);
        whole.receive(&bytes[at..at + n], 0);
        chunks.receive(&bytes[at..at + n], 0);
        receive_growing(&mut growing, &bytes[at..at + n])?;
        at += n;
    }
    let expected = comparable(sees(&bytes, R::PEER, LIMIT));
    prop_assert_eq!(comparable(whole.seen.clone()), expected.clone());
    prop_assert_eq!(comparable(growing.seen.clone()), expected);
    prop_assert_eq!(comparable(chunks.seen.clone()), comparable(sees(&bytes, R::PEER, usize::MAX)));
    // What is sent is a pong for each ping, and a Close where it is over.
    for endpoint in [&mut whole, &mut chunks, &mut growing] {
        let is_ping = |seen: &Seen| match seen {
            Seen::Ping(payload) => Some(payload.clone()),
            _ => None,
        };
        let pings: Vec<_> = endpoint.seen.iter().filter_map(is_ping).collect();
        let is_over = matches!(endpoint.seen.last(), Some(Seen::Failed(_) | Seen::Close(..)));
        let mut sent = tubesock_tests::script::replies::<R>(&endpoint.all_output());
        let close = if is_over { sent.pop().map(|(b0, _)| b0) } else { None };
        prop_assert_eq!(close, is_over.then_some(0x88));
        let pongs: Vec<_> = sent.iter().map(|(_, payload)| payload.clone()).collect();
        prop_assert!(sent.iter().all(|(b0, _)| *b0 == 0x8A));
        prop_assert_eq!(pongs, pings);
        prop_assert_eq!(endpoint.session.is_finished(), is_over);
    }
    Ok(())
}

/// As a server does it that gives each connection the least buffer until it wants a larger one,
/// and takes that back when nothing is kept in it.
fn receive_growing<R: Side>(
    endpoint: &mut Endpoint<R>,
    mut bytes: &[u8],
) -> Result<(), TestCaseError> {
    while !bytes.is_empty() {
        if endpoint.session.space().is_empty() {
            let incoming = &mut endpoint.session.incoming;
            let wanted = incoming.wanted_capacity();
            prop_assert!(wanted > incoming.capacity() && wanted <= LIMIT + 2 * 131, "{wanted}");
            prop_assert!(incoming.exchange(vec![0xAA; wanted]).is_ok());
        }
        let n = endpoint.session.space().len().min(bytes.len());
        endpoint.receive(&bytes[..n], 0);
        bytes = &bytes[n..];
        if endpoint.session.incoming.kept() == 0 {
            let least = vec![0xBB; Sizes::LEAST.receive];
            prop_assert!(endpoint.session.incoming.exchange(least).is_ok());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(super::config(4_000))]

    #[test]
    fn any_frames_in_any_pieces_are_seen_as_the_oracle_sees_them(
        specs in prop::collection::vec(spec(), 1..12),
        trust in prop::bool::weighted(0.9),
        cuts in prop::collection::vec(prop_oneof![1usize..8, 1usize..400], 1..6),
    ) {
        let specs = mended(specs, trust);
        check::<Server>(&specs, &cuts)?;
        check::<TestClient>(&specs, &cuts)?;
    }

    #[test]
    fn any_bytes_at_all_are_seen_as_the_oracle_sees_them(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0x81), Just(0x83)], 0..60),
        piece in 1usize..20,
    ) {
        let config = Config { max_message: LIMIT, ..NO_DEADLINES };
        let sizes = Sizes { receive: LIMIT + 131, ..Sizes::AMPLE };
        let mut server = Endpoint::<Server>::new(sizes, &config, Mode::Whole);
        bytes.chunks(piece).for_each(|piece| server.receive(piece, 0));
        let expected = comparable(sees(&bytes, From::Client, LIMIT));
        prop_assert_eq!(comparable(server.seen), expected);
    }
}
