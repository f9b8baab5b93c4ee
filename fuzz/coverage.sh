#!/usr/bin/env bash
# fuzz/coverage.sh [FILE...]: how many lines of the core the kept corpus and the seeds reach, file by file; with files given,
# the lines of those that it doesn't reach.
set -euo pipefail
[ $# -eq 0 ] || files=$(realpath -- "$@")
cd "$(dirname "$0")"

# The reader has to be of the compiler's own LLVM: rustup's component, or Debian's package of that version.
major=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
tools=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin
[ -x "$tools/llvm-cov" ] || tools=/usr/lib/llvm-$major/bin
if [ ! -x "$tools/llvm-cov" ]; then
    echo "error: llvm-cov $major is missing: \`rustup component add llvm-tools\`, or \`apt-get install llvm-$major\`" >&2
    exit 1
fi

out=$PWD/target/coverage
rm -rf "$out/profiles"
mkdir -p "$out/profiles"
RUSTFLAGS='-C instrument-coverage' LLVM_PROFILE_FILE="$out/profiles/%p.profraw" \
    cargo test --quiet --locked --target-dir "$out" --test corpus -- --nocapture >"$out/replay.log"
"$tools/llvm-profdata" merge -sparse "$out/profiles/"*.profraw -o "$out/profile"
binary=$(find "$out/debug/deps" -name 'corpus-*' -type f -executable -printf '%T@ %p\n' | sort -n | tail -1 | cut -d' ' -f2)

# Tests in the core's own files are not compiled here; fuzz/ and what it depends on is left out.
sources=$(cd ../core/src && pwd)
if [ $# -gt 0 ]; then
    while read -r file; do
        echo "$file"
        "$tools/llvm-cov" show "$binary" -instr-profile="$out/profile" "$file" | grep -E '^ *[0-9]+\| +0\|' || echo "    all of it is reached"
    done <<<"$files"
else
    "$tools/llvm-cov" report "$binary" -instr-profile="$out/profile" "$sources"
fi
