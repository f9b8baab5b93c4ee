//! The codecs, by divan: `cargo bench --manifest-path tests/bench/Cargo.toml`.
//!
//! Tables in Markdown, with libraries in rotation, are `tests/bench.sh`'s.
#![forbid(unsafe_code)]

use divan::Bencher;
use divan::counter::BytesCount;
use tubesock_bench::codec::{LIBRARIES, Library, SIZES};
use tubesock_bench::frames::Content;

fn main() {
    divan::main();
}

fn libraries() -> impl Iterator<Item = &'static str> {
    LIBRARIES.iter().map(|library| library.name)
}

fn named(name: &str) -> &'static Library {
    LIBRARIES.iter().find(|library| library.name == name).expect("its name comes from the list")
}

fn receive(bencher: Bencher<'_, '_>, content: Content, name: &str, bytes: usize) {
    let mut decoder = (named(name).decoder)(content, bytes);
    bencher.counter(BytesCount::new(bytes)).bench_local(|| decoder.decode(1));
}

#[divan::bench(args = libraries(), consts = SIZES)]
fn decode_binary<const BYTES: usize>(bencher: Bencher<'_, '_>, name: &str) {
    receive(bencher, Content::Binary, name, BYTES);
}

#[divan::bench(args = libraries(), consts = SIZES)]
fn decode_ascii<const BYTES: usize>(bencher: Bencher<'_, '_>, name: &str) {
    receive(bencher, Content::Ascii, name, BYTES);
}

#[divan::bench(args = libraries(), consts = SIZES)]
fn decode_multibyte<const BYTES: usize>(bencher: Bencher<'_, '_>, name: &str) {
    receive(bencher, Content::Multibyte, name, BYTES);
}

#[divan::bench(args = libraries(), consts = SIZES)]
fn encode<const BYTES: usize>(bencher: Bencher<'_, '_>, name: &str) {
    let mut encoder = (named(name).encoder)(Content::Binary, BYTES);
    bencher.counter(BytesCount::new(BYTES)).bench_local(|| encoder.encode(1));
}
