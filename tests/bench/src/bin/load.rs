//! One load against one server, as a line of numbers:
//! `load ADDRESS raw|ws CONNECTIONS IN_FLIGHT CONTENT BYTES MILLISECONDS PID` prints echoes per second, p50 and p99 in µs,
//! and how many µs of processor time each echo cost the server of that process id;
//! `load ADDRESS broadcast CONNECTIONS BYTES ROUNDS` prints the median microseconds until the last client has it;
//! `load ADDRESS idle|idle-raw CONNECTIONS BYTES` echoes once on each, prints `ready`, and holds them until its input ends.
#![forbid(unsafe_code)]

use std::io::{self, Read};
use std::process::ExitCode;
use std::time::Duration;

use tubesock_bench::frames::Content;
use tubesock_bench::load::{Clients, Load};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load {}: {error}", args.join(" "));
            ExitCode::FAILURE
        }
    }
}

fn number(text: &str) -> io::Result<usize> {
    text.parse().map_err(|_| io::Error::other(format!("`{text}` is no number")))
}

/// What a process's threads have run so far, in microseconds.
fn cpu_time(pid: &str) -> f64 {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return 0.0 };
    threads
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("schedstat")).ok())
        .filter_map(|stat| stat.split(' ').next()?.parse::<f64>().ok())
        .sum::<f64>()
        / 1000.0
}

fn run(args: &[&str]) -> io::Result<()> {
    let addr = |text: &str| text.parse().map_err(|_| io::Error::other("no ADDRESS:PORT"));
    match *args {
        [to, "broadcast", connections, bytes, rounds] => {
            let mut clients = Clients::listen(addr(to)?, number(connections)?, number(bytes)?)?;
            let mut times = (0..number(rounds)? + 1)
                .map(|_| clients.broadcast().map(|time| time.as_nanos() as f64 / 1000.0))
                .collect::<io::Result<Vec<_>>>()?;
            times.remove(0);
            times.sort_by(f64::total_cmp);
            println!("{}", times[times.len() / 2]);
        }
        [to, kind @ ("idle" | "idle-raw"), connections, bytes] => {
            let load = Load {
                raw: kind == "idle-raw",
                connections: number(connections)?,
                in_flight: 1,
                content: Content::Binary,
                bytes: number(bytes)?,
            };
            let _clients = Clients::connect(addr(to)?, load)?;
            println!("ready");
            io::stdin().read_to_end(&mut Vec::new())?;
        }
        [to, kind, connections, in_flight, content, bytes, milliseconds, pid] => {
            let load = Load {
                raw: kind == "raw",
                connections: number(connections)?,
                in_flight: number(in_flight)?,
                content: Content::named(content).ok_or_else(|| io::Error::other("no content"))?,
                bytes: number(bytes)?,
            };
            let time = Duration::from_millis(number(milliseconds)? as u64);
            let mut clients = Clients::connect(addr(to)?, load)?;
            let (before, echoes) = (cpu_time(pid), clients.echoes());
            let outcome = clients.run(time)?;
            let cost = (cpu_time(pid) - before) / (clients.echoes() - echoes).max(1) as f64;
            println!("{} {} {} {cost}", outcome.per_second, outcome.p50, outcome.p99);
        }
        _ => return Err(io::Error::other("see the head of its source for its arguments")),
    }
    Ok(())
}
