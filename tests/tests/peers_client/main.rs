//! Our client against real servers: Python `websockets`, Node `ws`,
//! `tungstenite`, and ours.
//!
//! The first three have to be installed: `tests/stages/35-peers-client.sh`
//! does that, and runs what is ignored here.

mod early_frames;
mod peer;
mod raw;
mod refused;
mod scenarios;

/// The scenarios that every server can take part in.
macro_rules! scenarios {
    ($test:ident) => {
        $test! {
            text_binary_and_empty_messages_come_back
            messages_of_every_length_form_come_back
            a_message_sent_in_fragments_comes_back_whole
            sixteen_mebibytes_are_streamed_both_ways
            pings_keep_a_quiet_connection
            a_close_of_ours_is_seen_with_code_and_reason
            a_close_of_the_server_is_seen_with_code_and_reason
            an_offered_subprotocol_is_agreed_on
            a_subprotocol_that_the_server_does_not_know_is_not_agreed_on
            pipelined_messages_come_back_in_order
            a_message_that_comes_in_fragments_is_received_whole
            a_message_that_comes_in_fragments_is_received_in_chunks
            a_refusal_gives_status_headers_and_body
        }
    };
}

macro_rules! against_program {
    ($($scenario:ident)*) => {$(
        #[test]
        #[ignore = "tests/stages/35-peers-client.sh installs the peer"]
        fn $scenario() {
            crate::scenarios::$scenario(&peer());
        }
    )*};
}

macro_rules! against_ours {
    ($($scenario:ident)*) => {$(
        #[test]
        fn $scenario() {
            crate::scenarios::$scenario(&crate::peer::Peer::ours());
        }
    )*};
}

macro_rules! program {
    ($name:ident) => {
        mod $name {
            fn peer() -> crate::peer::Peer {
                crate::peer::Peer::$name()
            }
            scenarios!(against_program);
            // Our server's handlers are not told of pongs.
            against_program!(a_ping_of_the_server_is_answered);
        }
    };
}

program!(websockets);
program!(ws);
program!(tungstenite);

mod ours {
    scenarios!(against_ours);
}
