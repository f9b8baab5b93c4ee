#!/usr/bin/env bash
# Finds or makes a compiler for bare-metal targets, and prints its path on stdout:
#
#     RUSTC=$(tests/baremetal/sysroot.sh target/sysroot thumbv7m-none-eabi) cargo build --target thumbv7m-none-eabi
#
# A toolchain of rustup that has every target asked for is used as it is (`rustup target add TARGET` is the quick
# way where rustup's servers can be reached). Otherwise `core` and `alloc` are built from Debian's `rustc-web` and
# `rust-web-src` into PREFIX, once for each target: a later call adds what is missing and rebuilds nothing.
# TUBESOCK_SYSROOT=build builds even where rustup has the targets.
set -euo pipefail

usage="usage: sysroot.sh PREFIX TARGET..."
prefix=${1:?$usage}
shift
[ $# -gt 0 ] || { echo "sysroot.sh: name at least one target; $usage" >&2; exit 2; }
host=x86_64-unknown-linux-gnu
debian_rustc=/usr/bin/rustc

say() { echo "sysroot: $*" >&2; }
die() { say "$*"; exit 1; }

# True when rustup's toolchain holds the library of every target in the arguments.
rustup_has() {
    command -v rustup >/dev/null || return 1
    local lib t
    lib=$(env -u RUSTC rustc --print sysroot)/lib/rustlib
    for t in "$@"; do
        compgen -G "$lib/$t/lib/libcore-*.rlib" >/dev/null || return 1
    done
}

# Installs the Debian packages that are missing among the arguments.
install() {
    local missing=() p sudo=()
    for p in "$@"; do
        [ "$(dpkg-query -W -f='${Status}' "$p" 2>/dev/null || true)" = "install ok installed" ] || missing+=("$p")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "needs ${missing[*]} and there is no apt-get; add the targets with rustup instead"
    [ "$(id -u)" = 0 ] || sudo=(sudo)
    say "installing ${missing[*]}"
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -y)
    { "${sudo[@]}" "${apt[@]}" update && "${sudo[@]}" "${apt[@]}" install --no-install-recommends "${missing[@]}"; } \
        >"$prefix/apt.log" 2>&1 || die "apt-get could not install ${missing[*]}; see $prefix/apt.log"
}

# Lays out the sysroot without targets: the host's own library (for build scripts and macros) and rustup's linker.
lay_out() {
    local linker
    linker=$(env -u RUSTC rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld
    [ -x "$linker" ] || die "no rust-lld at $linker; install Rust with rustup"
    say "new sysroot for $($debian_rustc -V) in $prefix"
    rm -rf "${prefix:?}/lib" "$prefix/bin" "$prefix/build"
    mkdir -p "$prefix/bin" "$prefix/lib/rustlib/$host/bin" "$prefix/build/src"
    ln -s "/usr/lib/rustlib/$host/lib" "$prefix/lib/rustlib/$host/lib"
    ln -s "$linker" "$prefix/lib/rustlib/$host/bin/rust-lld"
    printf '#!/bin/sh\nexec %s --sysroot "%s" "$@"\n' "$debian_rustc" "$prefix" >"$prefix/bin/rustc"
    chmod +x "$prefix/bin/rustc"
    printf '[package]\nname = "sysroot"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n' >"$prefix/build/Cargo.toml"
    echo '#![no_std]' >"$prefix/build/src/lib.rs"
    "$debian_rustc" -V >"$prefix/version"
}

# Builds `core` and `alloc` for one target. Bitcode is kept so that firmware can be linked with LTO.
add_target() {
    local t=$1 lib=$prefix/lib/rustlib/$1/lib l
    say "building core and alloc for $t"
    # An empty CARGO_ENCODED_RUSTFLAGS would win over RUSTFLAGS, and a caller's flags are not meant for `core`.
    (cd "$prefix/build" && env -u CARGO_ENCODED_RUSTFLAGS -u CARGO_BUILD_TARGET -u RUSTC_WRAPPER \
        RUSTC=$debian_rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR="$prefix/build/target" \
        cargo build --release -Zbuild-std=core,alloc --target "$t") >"$prefix/build-$t.log" 2>&1 \
        || { tail -20 "$prefix/build-$t.log" >&2; die "cannot build core for $t; see $prefix/build-$t.log"; }
    rm -rf "$lib.new" "$lib"
    mkdir -p "$lib.new"
    for l in core alloc compiler_builtins; do
        cp "$prefix/build/target/$t/release/deps/lib$l-"*.rlib "$lib.new/"
    done
    # The folder appears under its name only when it is complete: an interrupted build is begun again.
    mv "$lib.new" "$lib"
    rm -rf "$prefix/build/target"
}

if [ "${TUBESOCK_SYSROOT:-}" != build ] && rustup_has "$@"; then
    say "using rustup's $(env -u RUSTC rustc -V)"
    env -u RUSTC rustup which rustc
    exit
fi

mkdir -p "$prefix"
prefix=$(cd "$prefix" && pwd)
exec 9>"$prefix/lock"
flock 9 # two test stages may ask at once
install rustc-web rust-web-src
[ "$(cat "$prefix/version" 2>/dev/null || true)" = "$($debian_rustc -V)" ] || lay_out
for t in "$@"; do
    [ -d "$prefix/lib/rustlib/$t/lib" ] || add_target "$t"
done
echo "$prefix/bin/rustc"
