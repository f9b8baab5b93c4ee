//! Any operations on two joined endpoints: what one sent is what the other sees, in order, once;
//! and where one closes, both end.

use proptest::prelude::*;
use tubesock_core::DataKind;
use tubesock_tests::endpoint::{Mode, Sizes};
use tubesock_tests::model::{Model, Op};

fn op() -> impl Strategy<Value = Op> {
    let kind = || prop::sample::select(vec![DataKind::Text, DataKind::Binary]);
    let len = || prop_oneof![4 => 0usize..12, 1 => 100usize..300];
    prop_oneof![
        4 => (kind(), len()).prop_map(|(kind, len)| Op::Stage(kind, len)),
        4 => (kind(), len(), any::<bool>()).prop_map(|(k, len, last)| Op::Fragment(k, len, last)),
        2 => (kind(), 0usize..900, any::<bool>()).prop_map(|(k, len, last)| Op::Write(k, len, last)),
        1 => (kind(), 0usize..400, any::<bool>()).prop_map(|(k, len, last)| Op::Frame(k, len, last)),
        2 => (0usize..126).prop_map(Op::Ping),
        1 => (0usize..126).prop_map(Op::Pong),
        1 => (prop::sample::select(vec![1000, 1001, 1005, 4999]), 0usize..100)
            .prop_map(|(code, len)| Op::Close(code, len)),
        6 => (1usize..400).prop_map(Op::Send),
        6 => (1usize..400).prop_map(Op::Receive),
        1 => (0usize..300).prop_map(Op::Exchange),
        1 => (0usize..300).prop_map(Op::ExchangeTransmit),
        1 => Just(Op::TakePending),
        1 => Just(Op::Wrong),
    ]
}

proptest! {
    #![proptest_config(super::config(3_000))]

    #[test]
    fn any_operations_and_any_pieces_give_the_same_messages_and_the_same_ends(
        ops in prop::collection::vec((any::<bool>(), op()), 1..60),
        chunks in any::<bool>(),
        least in any::<bool>(),
    ) {
        let mode = if chunks { Mode::Chunks } else { Mode::Whole };
        let sizes = Sizes {
            receive: if chunks && least { Sizes::LEAST.receive } else { 8_192 },
            replies: if least { Sizes::LEAST.replies } else { 1_024 },
            transmit: if least { Sizes::LEAST.transmit } else { 700 },
        };
        let mut model = Model::new(sizes, mode);
        for (is_client, op) in &ops {
            model.apply(*is_client, op);
        }
        model.finish();
    }
}
