//! What the Rust clients share: arguments, closes, and how they report.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

/// Codes and reasons that a client closes with.
pub const CLOSES: [(u16, &str); 4] = [
    (1000, ""),
    (1001, "leaving Rust"),
    (
        3000,
        "a reason of 123 bytes, the longest there may be: 01234567890123456789012345678901234567890123456789012345678901234567890123",
    ),
    (4003, "Rust says Grüße 🦀"),
];

/// What a client is told.
pub struct Arguments {
    /// Where the server is.
    pub url: String,
    /// The file that its output goes to.
    pub log: String,
    /// The length of the largest message, in bytes. Sent whole before its echo
    /// is read, it must fit into the sockets' buffers where the server streams.
    pub largest: usize,
}

/// `URL SERVER-LOG [LARGEST]`.
///
/// # Errors
///
/// What to give.
pub fn arguments() -> Result<Arguments, String> {
    let mut words = std::env::args().skip(1);
    let usage = "give the URL of an echo server, the file with its output, and the length of the largest message";
    let (Some(url), Some(log)) = (words.next(), words.next()) else { return Err(usage.into()) };
    let largest = words.next().unwrap_or_else(|| "1048576".to_owned());
    let largest = largest.parse().map_err(|_| usage)?;
    Ok(Arguments { url, log, largest })
}

/// Whether the server's output soon has the line for that Close.
pub fn appears(log: &str, code: u16, reason: &str) -> bool {
    let line = format!("closed {code} {reason}");
    (0..100).any(|_| {
        let said = std::fs::read_to_string(log).unwrap_or_default();
        let found = said.lines().any(|said| said.trim_end() == line.trim_end());
        if !found {
            sleep(Duration::from_millis(50));
        }
        found
    })
}

/// Bytes that look random.
pub fn random(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// Says how it went.
pub fn report(who: &str, outcome: Result<usize, String>) -> ExitCode {
    match outcome {
        Ok(count) => {
            println!("{who}: {count} scenarios passed");
            ExitCode::SUCCESS
        }
        Err(sentence) => {
            eprintln!("{who}, {sentence}");
            ExitCode::FAILURE
        }
    }
}
