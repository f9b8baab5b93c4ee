//! What the fuzz targets assert, one module for each, callable without a fuzzer: `cargo test`
//! replays the corpus through them on any toolchain.
//!
//! The oracle, the endpoints that write down what they see, and the model of two joined ones are
//! those of the workspace's tests.
#![forbid(unsafe_code)]

#[path = "../../tests/src/endpoint.rs"]
pub mod endpoint;
#[path = "../../tests/src/frames.rs"]
pub mod frames;
#[path = "../../tests/src/model.rs"]
pub mod model;
#[path = "../../tests/src/oracle.rs"]
pub mod oracle;
#[path = "../../tests/src/random.rs"]
pub mod random;
#[path = "../../tests/src/script.rs"]
pub mod script;

pub mod client_stream;
pub mod compressed_operations;
pub mod compressed_stream;
pub mod deadlines;
pub mod deflate;
pub mod handshake_pair;
pub mod heads;
pub mod inflate;
pub mod naive_deflate;
pub mod negotiation;
pub mod operations;
pub mod peer;
pub mod pieces;
pub mod request_head;
pub mod response_head;
pub mod server_stream;
pub mod stream;
pub mod utf8;

/// What a target asserts of an input.
pub type Check = fn(&[u8]);

/// Every target by its name, to replay its corpus.
pub const TARGETS: [(&str, Check); 14] = [
    ("request_head", request_head::check),
    ("response_head", response_head::check),
    ("handshake_pair", handshake_pair::check),
    ("server_stream", server_stream::check),
    ("client_stream", client_stream::check),
    ("operations", operations::check),
    ("deadlines", deadlines::check),
    ("negotiation", negotiation::check),
    ("inflate", inflate::check),
    ("deflate", deflate::check),
    ("compressed_stream", compressed_stream::check),
    ("compressed_operations", compressed_operations::check),
    ("utf8", utf8::check),
    ("tungstenite", peer::check),
];
