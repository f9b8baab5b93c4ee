//! Instructions per message, by callgrind, which repeat exactly; in Markdown. The copy
//! that stands for a read, and what stands for a write, are left out.
//!
//! `instructions [LIBRARY]`: it needs `valgrind`, and `codec` beside itself.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use tubesock_bench::codec::{LIBRARIES, SIZES};
use tubesock_bench::frames::Content;

/// The functions that stand for reads and writes.
const ASIDE: [&str; 3] = ["bench_feed", "bench_fill", "bench_take"];

fn main() -> ExitCode {
    match table(std::env::args().nth(1).as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("instructions: {error}");
            ExitCode::FAILURE
        }
    }
}

fn table(only: Option<&str>) -> Result<(), String> {
    let chosen = || LIBRARIES.iter().filter(|library| only.is_none_or(|name| name == library.name));
    for (direction, contents) in [("decode", &Content::ALL[..]), ("encode", &[Content::Binary][..])]
    {
        println!("\n{direction}, instructions per message\n");
        let names: Vec<_> = chosen().map(|library| library.name).collect();
        println!("| content | bytes | {} |", names.join(" | "));
        println!("|---|---:|{}", "---:|".repeat(names.len()));
        for content in contents {
            for bytes in SIZES.into_iter().filter(|bytes| only.is_none() || *bytes <= 1 << 10) {
                let messages = (1 << 20) / (bytes + 1000) + 2;
                let mut row = format!("| {} | {bytes} |", content.name());
                for library in chosen() {
                    let each = count(library.name, direction, content.name(), bytes, messages)?;
                    row += &format!(" {each:.0} |");
                }
                println!("{row}");
            }
        }
    }
    Ok(())
}

fn count(
    name: &str,
    direction: &str,
    content: &str,
    bytes: usize,
    n: usize,
) -> Result<f64, String> {
    let me = std::env::current_exe().map_err(|error| error.to_string())?;
    let out: PathBuf = std::env::temp_dir().join(format!("callgrind.{}", std::process::id()));
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .args(["--toggle-collect=*bench_decode*", "--toggle-collect=*bench_encode*"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(me.with_file_name("codec"))
        .args(["once", name, direction, content, &bytes.to_string(), &n.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("can't run valgrind ({error}); install it"))?;
    if !ran.success() {
        return Err(format!("`codec once {name} ...` failed below valgrind; run it by itself"));
    }
    let counted = net(&out);
    let _ = std::fs::remove_file(&out);
    counted.map(|instructions| instructions as f64 / n as f64)
}

/// All that callgrind counted, without what was counted in [`ASIDE`].
fn net(out: &Path) -> Result<u64, String> {
    let text = std::fs::read_to_string(out).map_err(|error| error.to_string())?;
    net_of(&text)
}

fn net_of<'t>(text: &'t str) -> Result<u64, String> {
    let mut names: HashMap<&'t str, bool> = HashMap::new();
    let (mut inside, mut callee_aside) = (false, false);
    let (mut total, mut aside, mut is_call) = (0, 0, false);
    for line in text.lines() {
        // A name stands at its first use only, behind its number.
        let mut is_aside = |name: &'t str| -> bool {
            let (id, name) = name.split_once(' ').unwrap_or((name, ""));
            if name.is_empty() {
                return names.get(id).copied().unwrap_or(false);
            }
            let found = ASIDE.iter().any(|aside| name.contains(aside));
            *names.entry(id).or_insert(found)
        };
        if let Some(name) = line.strip_prefix("fn=") {
            inside = is_aside(name);
        } else if let Some(name) = line.strip_prefix("cfn=") {
            callee_aside = is_aside(name);
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if let Some(cost) = line.strip_prefix("summary: ") {
            total = cost.trim().parse().map_err(|_| "a summary that is no number")?;
        } else if is_call {
            is_call = false;
            if callee_aside && !inside {
                aside += line.rsplit(' ').next().and_then(|cost| cost.parse().ok()).unwrap_or(0);
            }
        }
    }
    if total == 0 { Err("callgrind counted nothing".to_owned()) } else { Ok(total - aside) }
}
