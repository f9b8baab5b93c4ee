#!/usr/bin/env bash
# modes: fast ci full
# Formatting, lints and documentation without a warning, and no source file longer than 400 lines.
set -euo pipefail
. tests/stages/lib.sh

say "file lengths"
long=$(git ls-files -co --exclude-standard '*.rs' | while read -r file; do
    [ -f "$file" ] && awk -v file="$file" 'END { if (NR > 400) print file ": " NR " lines" }' "$file"
done)
[ -z "$long" ] || die "these are longer than 400 lines, split them: $long"

say "cargo fmt"
cargo fmt --all --check
# The firmware and the fuzz targets are workspaces of their own.
git ls-files -co --exclude-standard '*/Cargo.toml' | while read -r manifest; do
    if [ -f "$manifest" ] && grep -q '^\[workspace\]' "$manifest"; then
        cargo fmt --check --manifest-path "$manifest"
    fi
done

say "cargo clippy, with default features and with all"
cargo clippy --workspace --all-targets -- -D warnings
cargo clippy --workspace --all-targets --all-features -- -D warnings

say "cargo doc"
RUSTDOCFLAGS='-D warnings' cargo doc --workspace --all-features --no-deps
