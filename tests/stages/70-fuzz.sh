#!/usr/bin/env bash
# modes: ci full
# Each fuzz target from its kept corpus, 20 seconds in ci and ten minutes in full (FUZZ_SECONDS), and that corpus through
# every target as a plain test. TARGETS="utf8 operations" runs only those. See fuzz/README.md.
set -euo pipefail
. tests/stages/lib.sh

seconds=${FUZZ_SECONDS:-$([ "$MODE" = full ] && echo 600 || echo 20)}

say "the kept corpus through every target"
cargo test --locked --manifest-path fuzz/Cargo.toml --target-dir target/fuzz-build

if ! cargo fuzz --version >/dev/null 2>&1; then
    say "installing cargo-fuzz with cargo"
    cargo install --locked --quiet cargo-fuzz
fi

# No unsafe code of ours is there to be watched, so no sanitizer: that is twice the speed, and any toolchain will do.
say "building the targets"
cargo fuzz build --sanitizer none --target-dir target/fuzz-build
bin=target/fuzz-build/$(rustc -vV | sed -n 's/^host: //p')/release

for target in ${TARGETS:-$(cargo fuzz list)}; do
    say "$target, $seconds s"
    # What it finds that is new goes below target/, not into the kept corpus.
    mkdir -p "target/fuzz/$target" target/fuzz/artifacts
    log=target/stages/70-fuzz-$target.log
    if ! "$bin/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 \
        -artifact_prefix="target/fuzz/artifacts/$target-" "target/fuzz/$target" "fuzz/corpus/$target" "fuzz/seeds/$target" >"$log" 2>&1; then
        tail -40 "$log"
        die "$target fails: its input is in target/fuzz/artifacts; replay it with \`cargo fuzz run --sanitizer none $target FILE\`"
    fi
    grep -E '^(Done|stat::number_of_executed_units)' "$log"
done
