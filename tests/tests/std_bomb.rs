//! A bomb costs the std adapter no more than its limit: in a process of its own, whose memory tells.

use std::io::Write;
use std::thread;

use tubesock_core::deflate::{Encoder, Flush, table_len, tokens_len, window_len};
use tubesock_std::{Config, Deflate, Server};
use tubesock_tests::raw::RawClient;

/// Some MiB of DEFLATE that inflate to 1 GiB are refused at 16 MiB, and cost little more than those.
#[test]
fn a_bomb_is_refused_at_the_limit() {
    let config = Config { deflate: Some(Deflate::default()), ..Config::default() };
    let server = Server::bind("127.0.0.1:0").expect("a free port").with_config(config);
    let server = server.spawn(|request| {
        request.hijack(|tubesock| {
            tubesock.on_message(|out, message| out.send(message));
        })
    });
    let server = server.expect("a thread");
    let mut raw = RawClient::connect(server.local_addr());
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    raw.shake_hands(server.local_addr(), offer);
    let bomb = gibibyte_of_zeros();
    assert!(bomb.len() < 5 << 20, "{}", bomb.len());
    let before = resident();
    let mut frame = vec![0xC2, 0xFF];
    frame.extend((bomb.len() as u64).to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(&bomb);
    let mut writer = raw.writer();
    let sending = thread::spawn(move || writer.write_all(&frame));
    raw.expect_close(1009);
    let grown = resident().saturating_sub(before);
    assert!(grown < 80 << 20, "{grown} bytes more are resident");
    let _ = sending.join(); // the server may have stopped reading
}

fn gibibyte_of_zeros() -> Vec<u8> {
    let (mut window, mut table) = (vec![0; window_len(15)], vec![0; table_len(15)]);
    let mut tokens = vec![0; tokens_len(15)];
    let mut encoder = Encoder::new(15, &mut window, &mut table, &mut tokens).expect("buffers");
    let mut mebibyte = || {
        let mut out = vec![0; 1 << 20];
        let progress = encoder.compress(&mut &[0; 1 << 20][..], &mut out, Flush::Sync);
        assert!(progress.done);
        out.truncate(progress.written);
        out
    };
    // From the second on any of them may follow any other.
    let first = mebibyte();
    [first, mebibyte().repeat(1023), vec![0]].concat()
}

/// The most bytes of this process that were ever in memory.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .and_then(|kib| kib.trim().parse().ok());
    kib.map_or(0, |kib: usize| kib << 10)
}
