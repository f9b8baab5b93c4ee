//! The echo tables in Markdown, and the plots: `report echo|latency|many|idle|growth|broadcast [ROUNDS [MILLISECONDS]]`.
//!
//! It runs `serve` on one core and `load` on another, every server in rotation. A figure is
//! the median over the rounds; in brackets are the least and the greatest.
#![forbid(unsafe_code)]

use std::io::{BufRead, BufReader, Error, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use tubesock_bench::plot::{Line, svg};

type Result<T> = std::io::Result<T>;

const SERVERS: [&str; 6] =
    ["raw", "tubesock", "tungstenite", "fastwebsockets", "tokio-websockets", "sockudo-ws"];

/// Content and bytes of each row.
const ROWS: [(&str, usize); 8] = [
    ("binary", 16),
    ("binary", 125),
    ("binary", 1 << 10),
    ("multi-byte", 1 << 10),
    ("binary", 16 << 10),
    ("multi-byte", 64 << 10),
    ("binary", 256 << 10),
    ("binary", 1 << 20),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, or: usize| args.get(at).and_then(|n| n.parse().ok()).unwrap_or(or);
    let (rounds, time) = (number(1, 7), number(2, 300));
    let done = match args.first().map_or("", String::as_str) {
        "echo" => echo("1", "64", rounds, time),
        "many" => echo("100", "1", rounds, time),
        "latency" => latency(rounds, time),
        "idle" => idle(number(1, 5000)),
        "growth" => growth(rounds, time),
        "broadcast" => broadcast(rounds),
        _ => Err(Error::other(
            "usage: report echo|latency|many|idle|growth|broadcast [ROUNDS [MILLISECONDS]]",
        )),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("report: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A program beside this one, on a core of its own where there are two.
fn beside(program: &str, core: &str) -> Result<Command> {
    let path: PathBuf = std::env::current_exe()?.with_file_name(program);
    let mut command = Command::new("taskset");
    command.args(["-c", core]).arg(path);
    Ok(command)
}

/// A server, ended with this value.
struct Running(Child, String);

impl Running {
    fn start(name: &str, buffer: usize) -> Result<Self> {
        let mut child = beside("serve", "0")?
            .args([name, &buffer.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| {
                Error::other(format!("can't run taskset ({error}); install util-linux"))
            })?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let addr = line.trim().strip_prefix("listening on ").map(str::to_owned);
        let addr = addr.ok_or_else(|| Error::other(format!("`serve {name}` did not start")))?;
        Ok(Self(child, addr))
    }

    /// The numbers of one load.
    fn load(&self, args: &[&str]) -> Result<Vec<f64>> {
        let out = beside("load", "1")?.arg(&self.1).args(args).stderr(Stdio::inherit()).output()?;
        if !out.status.success() {
            return Err(Error::other(format!("`load {}` failed", args.join(" "))));
        }
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        Ok(text.split_whitespace().filter_map(|number| number.parse().ok()).collect())
    }

    fn echo(
        &self,
        name: &str,
        shape: [&str; 2],
        row: (&str, usize),
        time: usize,
    ) -> Result<Vec<f64>> {
        let kind = if name == "raw" { "raw" } else { "ws" };
        let (bytes, time, pid) = (row.1.to_string(), time.to_string(), self.0.id().to_string());
        self.load(&[kind, shape[0], shape[1], row.0, &bytes, &time, &pid])
    }

    /// Its resident memory, in bytes.
    fn memory(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = kib.and_then(|kib| kib.trim().split(' ').next()?.parse::<f64>().ok());
        kib.map(|kib| kib * 1024.0).ok_or_else(|| Error::other("no VmRSS in /proc"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn spread(values: &[f64]) -> String {
    let (low, high) = values.iter().fold((f64::MAX, 0.0_f64), |(l, h), &v| (l.min(v), h.max(v)));
    format!("{:.2} ({low:.2}–{high:.2})", median(values))
}

fn head(title: &str, columns: &[&str]) {
    println!(
        "\n{title}\n\n| payload | {} |\n|---|{}",
        columns.join(" | "),
        "---:|".repeat(columns.len())
    );
}

fn name_of((content, bytes): (&str, usize)) -> String {
    let text = if content == "binary" { "" } else { " text" };
    match bytes {
        0..1024 => format!("{bytes} B{text}"),
        1024..1_048_576 => format!("{} KiB{text}", bytes >> 10),
        _ => format!("{} MiB{text}", bytes >> 20),
    }
}

/// For each row and server, the four numbers of each round.
fn rotate(
    shape: [&str; 2],
    row: (&str, usize),
    rounds: usize,
    time: usize,
) -> Result<Vec<Vec<Vec<f64>>>> {
    let mut all = vec![Vec::new(); SERVERS.len()];
    for _ in 0..rounds {
        for (name, all) in SERVERS.iter().zip(&mut all) {
            let server = Running::start(name, 64 << 10)?;
            all.push(server.echo(name, shape, row, time)?);
        }
    }
    Ok(all)
}

fn echo(connections: &str, in_flight: &str, rounds: usize, time: usize) -> Result<()> {
    let mut costs = Vec::new();
    head(
        &format!(
            "{connections} × {in_flight} in flight: echoes per second as a fraction of raw TCP's, {rounds} rounds"
        ),
        &[&["raw, echoes/s"], &SERVERS[1..]].concat(),
    );
    for row in ROWS {
        let all = rotate([connections, in_flight], row, rounds, time)?;
        let column = |server: usize, number: usize| -> Vec<f64> {
            all[server].iter().map(|numbers| numbers[number]).collect()
        };
        // Each round's figure beside raw TCP's of the same round.
        let beside_raw = |server: usize, number: usize| -> Vec<f64> {
            column(server, number).iter().zip(column(0, number)).map(|(a, b)| a / b).collect()
        };
        let cells: Vec<_> =
            (1..SERVERS.len()).map(|server| spread(&beside_raw(server, 0))).collect();
        println!("| {} | {:.0} | {} |", name_of(row), median(&column(0, 0)), cells.join(" | "));
        let cells: Vec<_> = (1..SERVERS.len())
            .map(|server| {
                spread(&beside_raw(server, 3).iter().map(|cost| 1.0 / cost).collect::<Vec<_>>())
            })
            .collect();
        costs.push(format!(
            "| {} | {:.2} | {} |",
            name_of(row),
            median(&column(0, 3)),
            cells.join(" | ")
        ));
    }
    head(
        &format!(
            "{connections} × {in_flight} in flight: echoes per second of the server's processor time, as a fraction of raw TCP's"
        ),
        &[&["raw, µs/echo"], &SERVERS[1..]].concat(),
    );
    println!("{}", costs.join("\n"));
    Ok(())
}

fn latency(rounds: usize, time: usize) -> Result<()> {
    head(&format!("1 × 1: p50 / p99 in µs, medians of {rounds} rounds"), &SERVERS);
    for row in ROWS {
        let all = rotate(["1", "1"], row, rounds, time)?;
        let cells: Vec<_> = all
            .iter()
            .map(|rounds| {
                let of = |number: usize| {
                    median(&rounds.iter().map(|round| round[number]).collect::<Vec<_>>())
                };
                format!("{:.1} / {:.1}", of(1), of(2))
            })
            .collect();
        println!("| {} | {} |", name_of(row), cells.join(" | "));
    }
    Ok(())
}

/// Memory of idle connections, after each has echoed one message of 16 KiB.
fn idle(connections: usize) -> Result<()> {
    println!(
        "\nIdle, {connections} connections, each has echoed 16 KiB once\n\n| server | bytes a connection |\n|---|---:|"
    );
    for name in SERVERS {
        let memory = hold(name, connections, 16 << 10)?;
        println!("| {name} | {:.0} |", memory / connections as f64);
    }
    Ok(())
}

/// How much memory so many connections add, once they have been quiet for a while.
fn hold(name: &str, connections: usize, bytes: usize) -> Result<f64> {
    let server = Running::start(name, if name == "raw" { 4 << 10 } else { 64 << 10 })?;
    let before = server.memory()?;
    let kind = if name == "raw" { "idle-raw" } else { "idle" };
    let mut load = beside("load", "1")?
        .args([&server.1, kind, &connections.to_string(), &bytes.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = [0; 6];
    let ready = load.stdout.as_mut().map(|out| out.read_exact(&mut line));
    std::thread::sleep(Duration::from_secs(4));
    let after = server.memory();
    drop(load.stdin.take());
    let _ = load.kill();
    let _ = load.wait();
    match ready {
        Some(Ok(())) => after.map(|after| after - before),
        _ => {
            Err(Error::other(format!("{connections} connections are too many: raise `ulimit -n`")))
        }
    }
}

fn growth(rounds: usize, time: usize) -> Result<()> {
    println!(
        "\nGrowth on threads, 125 B, one in flight on each connection\n\n| connections | raw, echoes/s | tubesock, echoes/s | fraction | tubesock, KiB a connection |\n|---:|---:|---:|---:|---:|"
    );
    let mut lines = [Vec::new(), Vec::new()];
    let mut memories = Vec::new();
    for connections in [1, 10, 100, 1000, 10_000] {
        let count = connections.to_string();
        let mut speeds = [Vec::new(), Vec::new()];
        for _ in 0..rounds {
            for (name, speeds) in ["raw", "tubesock"].iter().zip(&mut speeds) {
                let server = Running::start(name, if *name == "raw" { 4 << 10 } else { 64 << 10 })?;
                speeds.push(server.echo(name, [&count, "1"], ("binary", 125), time)?[0]);
            }
        }
        let [raw, ours] = speeds.map(|speeds| median(&speeds));
        let memory = hold("tubesock", connections, 125)?;
        println!(
            "| {connections} | {raw:.0} | {ours:.0} | {:.2} | {:.1} |",
            ours / raw,
            memory / 1024.0 / connections as f64
        );
        lines[0].push((connections as f64, raw));
        lines[1].push((connections as f64, ours));
        memories.push((connections as f64, (memory / 1024.0).max(1.0)));
    }
    let [raw, ours] = lines;
    save(
        "growth",
        &svg(
            "Echoes per second, a thread per connection",
            "connections",
            "echoes per second",
            &[
                Line { name: "raw TCP", colour: "#888", points: raw },
                Line { name: "tubesock", colour: "#06c", points: ours },
            ],
        ),
    )?;
    save(
        "memory",
        &svg(
            "Memory of quiet connections",
            "connections",
            "KiB",
            &[Line { name: "tubesock", colour: "#06c", points: memories }],
        ),
    )
}

fn broadcast(rounds: usize) -> Result<()> {
    println!(
        "\nBroadcast of 125 B, until the last client has it (median of {rounds})\n\n| clients | µs | µs a client |\n|---:|---:|---:|"
    );
    let mut points = Vec::new();
    for clients in [1, 10, 100, 1000, 10_000] {
        let server = Running::start("broadcast", 64 << 10)?;
        let took = server.load(&["broadcast", &clients.to_string(), "125", &rounds.to_string()])?;
        let took = took.first().copied().unwrap_or(f64::NAN);
        println!("| {clients} | {took:.0} | {:.2} |", took / clients as f64);
        points.push((clients as f64, took / clients as f64));
    }
    save(
        "broadcast",
        &svg(
            "Broadcast of one message",
            "clients",
            "µs a client",
            &[Line { name: "tubesock", colour: "#06c", points }],
        ),
    )
}

/// Plots lie beside this program's manifest.
fn save(name: &str, plot: &str) -> Result<()> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("{name}.svg"));
    std::fs::File::create(path)?.write_all(plot.as_bytes())
}
