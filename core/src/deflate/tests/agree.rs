use super::*;
use crate::handshake::{ExtensionOffers, RefusedByServer};
use UnlimitedPeer::{Decline, FullWindow, NoTakeover};
use std::string::{String, ToString};

const P: &str = "permessage-deflate";

/// `P` stands for the extension's name; `;s`, `;c` for the bits and `;S`, `;C` for no takeover.
fn spell(short: &str) -> String {
    short
        .replace(";s", "; server_max_window_bits")
        .replace(";c", "; client_max_window_bits")
        .replace(";S", "; server_no_context_takeover")
        .replace(";C", "; client_no_context_takeover")
        .replace('P', P)
}

fn server(settings: Settings, offers: &str) -> Option<(String, Agreement)> {
    let offers = spell(offers);
    let offers = ExtensionOffers::new(offers.as_bytes()).map(|offer| offer.expect("well-formed"));
    let answer = settings.accept(offers)?;
    let mut value = [0; MAX_VALUE];
    Some((answer.write(&mut value).unwrap().to_string(), answer.agreement))
}

fn small(policy: UnlimitedPeer) -> Settings {
    Settings::new(10, 11).with_unlimited_peer(policy)
}

#[test]
fn server_answers_each_offer_with_what_both_can() {
    let full = Settings::new(15, 15);
    let fresh = Settings::new(15, 15).with_takeover(false, false);
    let cases = [
        (full, "P", "P"),
        (full, "P;c", "P"),
        (full, "P;c=15", "P"),
        (full, "P;c=12", "P;c=12"),
        (full, "P;s=15", "P;s=15"),
        (full, "P;s=10", "P;s=10"),
        (full, "P;s=8", "P;s=8"),
        (full, "P;c=8", "P;c=8"),
        (full, "P;s=\"10\"", "P;s=10"),
        (full, "P;S", "P;S"),
        (full, "P;C", "P;C"),
        (full, "P;S;C;c;s=9", "P;s=9;S;C"),
        (full, "x-webkit-deflate-frame, P", "P"),
        (full, "P;s=7, P;s=9, P", "P;s=9"),
        (fresh, "P", "P;S;C"),
        (fresh, "P;c", "P;S;C"),
        (small(FullWindow), "P;c", "P;s=11;c=10"),
        (small(FullWindow), "P;c=9", "P;s=11;c=9"),
        (small(FullWindow), "P;c=12;s=9", "P;s=9;c=10"),
        (small(FullWindow), "P", "P;s=11"),
        (small(NoTakeover), "P", "P;s=11;C"),
        (small(NoTakeover), "P;c", "P;s=11;c=10"),
        (small(Decline), "P;c", "P;s=11;c=10"),
        (small(Decline), "P, P;c", "P;s=11;c=10"),
    ];
    for (settings, offers, expected) in cases {
        let (answer, _) =
            server(settings, offers).unwrap_or_else(|| panic!("{offers} is declined"));
        assert_eq!(answer, spell(expected), "{offers}");
    }
}

#[test]
fn server_declines_what_is_invalid_and_what_it_cannot_do() {
    let invalid = [
        "",
        "x-foo",
        "P-2",
        "P;x",
        "P;x=1",
        "P;S=1",
        "P;C=15",
        "P;s",
        "P;S;S",
        "P;C;C",
        "P;s=9;s=9",
        "P;c;c",
        "P;c=9;c",
        "P;c;c=9",
        "P;s=7",
        "P;s=16",
        "P;s=08",
        "P;s=010",
        "P;s=+9",
        "P;s=1",
        "P;s=150",
        "P;c=0",
        "P;c=7",
        "P;c=16",
        "P;c=x",
    ];
    for offer in invalid {
        assert_eq!(server(Settings::new(15, 15), offer), None, "{offer}");
    }
    assert_eq!(server(small(Decline), "P"), None);
    assert_eq!(server(small(Decline), "P;s=10;S;C"), None);
}

#[test]
fn server_agreement_says_what_the_answer_says() {
    let got = |settings, offer| server(settings, offer).unwrap().1;
    let agreement = |receive_bits, receive_takeover, send_bits, send_takeover| Agreement {
        receive_bits,
        receive_takeover,
        send_bits,
        send_takeover,
    };
    assert_eq!(got(small(NoTakeover), "P;c"), agreement(10, true, 11, true));
    assert_eq!(got(small(NoTakeover), "P"), agreement(15, false, 11, true));
    assert_eq!(got(small(FullWindow), "P"), agreement(15, true, 11, true));
    assert_eq!(got(small(FullWindow), "P;s=9;S;C;c=9"), agreement(9, false, 9, false));
}

#[test]
fn client_offers_its_settings_and_then_less() {
    let full = Settings::new(15, 15);
    let cases = [
        (full, "P;c"),
        (full.with_takeover(false, true), "P;c;S"),
        (full.with_takeover(true, false), "P;c;C"),
        (Settings::new(15, 12), "P;c=12"),
        (small(FullWindow), "P;s=10;c=11, P;c=11"),
        (small(NoTakeover), "P;s=10;c=11, P;c=11;S"),
        (small(Decline), "P;s=10;c=11"),
        (small(NoTakeover).with_takeover(false, false), "P;s=10;c=11;S;C, P;c=11;S;C"),
    ];
    for (settings, expected) in cases {
        let mut value = [0; MAX_VALUE];
        assert_eq!(settings.write_offer(&mut value).unwrap(), spell(expected));
        assert!(settings.write_offer(&mut [0; 20]).is_err());
    }
}

#[test]
fn client_takes_what_it_offered() {
    let full = Settings::new(15, 15);
    let cases = [
        (full, "P", (15, true, 15, true)),
        (full, "P;s=9;c=10", (9, true, 10, true)),
        (full, "P;s=8;c=\"8\"", (8, true, 8, true)),
        (full, "P;S;C", (15, false, 15, false)),
        (full.with_takeover(false, false), "P;S", (15, false, 15, false)),
        (Settings::new(15, 12), "P;c=15", (15, true, 12, true)),
        (small(FullWindow), "P;s=10", (10, true, 11, true)),
        (small(FullWindow), "P;s=9;c=9;S;C", (9, false, 9, false)),
        (small(FullWindow), "P", (15, true, 11, true)),
        (small(NoTakeover), "P;S", (15, false, 11, true)),
    ];
    for (settings, answer, (receive_bits, receive_takeover, send_bits, send_takeover)) in cases {
        let agreement = Agreement { receive_bits, receive_takeover, send_bits, send_takeover };
        assert_eq!(
            settings.verify(Some(spell(answer).as_bytes())),
            Ok(Some(agreement)),
            "{answer}"
        );
    }
    assert_eq!(full.verify(None), Ok(None));
}

#[test]
fn client_refuses_an_answer_that_it_did_not_ask_for() {
    let full = Settings::new(15, 15);
    let cases = [
        (full, "x-foo"),
        (full, "P, P"),
        (full, "P, x-foo"),
        (full, "P;c"),
        (full, "P;s"),
        (full, "P;s=7"),
        (full, "P;s=9;s=9"),
        (full, "P;S=1"),
        (full, "P;x"),
        (full, "P;;"),
        (full.with_takeover(false, true), "P"),
        (small(FullWindow), "P;s=11"),
        (small(NoTakeover), "P"),
        (small(NoTakeover), "P;s=11;S"),
        (small(Decline), "P"),
        (small(Decline), "P;S"),
    ];
    for (settings, answer) in cases {
        let got = settings.verify(Some(spell(answer).as_bytes()));
        assert_eq!(got, Err(RefusedByServer::Extension), "{answer}");
    }
}

/// Whatever a client of ours offers, a server of ours answers so that the client takes it, and both mean the same.
#[test]
fn our_client_and_our_server_always_agree() {
    let mut all = vec![];
    for bits in 0..64u8 {
        for flags in 0..12 {
            let policy = [FullWindow, NoTakeover, Decline][flags / 4];
            all.push(
                Settings::new(8 + bits % 8, 8 + bits / 8)
                    .with_takeover(flags % 2 == 0, flags % 4 < 2)
                    .with_unlimited_peer(policy),
            );
        }
    }
    for (index, client) in all.iter().enumerate() {
        for server in all.iter().skip(index % 7).step_by(7) {
            let (mut offer, mut value) = ([0; MAX_VALUE], [0; MAX_VALUE]);
            let offer = client.write_offer(&mut offer).unwrap();
            let answer = server
                .accept(ExtensionOffers::new(offer.as_bytes()).flatten())
                .expect("the client always takes a limit");
            let value = answer.write(&mut value).unwrap();
            let there = client.verify(Some(value.as_bytes())).unwrap().unwrap();
            let here = answer.agreement;
            assert_eq!(
                (there.receive_bits, there.receive_takeover, there.send_bits, there.send_takeover),
                (here.send_bits, here.send_takeover, here.receive_bits, here.receive_takeover),
                "{offer} / {value}"
            );
        }
    }
}
