#!/usr/bin/env bash
# modes: full
# The core's tests on a 32-bit target, i686, where a length of 2^63 - 1 doesn't fit into a `usize`.
#
# The library for it comes from rustup where its toolchain has it; else, with its compiler, from Debian's `rustc-web`.
# The packages are unpacked below target/i686: nothing is installed. Where neither can be had, the stage says so.
set -euo pipefail
. tests/stages/lib.sh

target=i686-unknown-linux-gnu
root=$PWD
work=$root/target/i686
mkdir -p "$work/debs" "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/ws/tests"

# A second architecture for apt, without telling the machine.
cat > "$work/apt.conf" <<END
APT::Architectures { "amd64"; "i386"; };
APT::Sandbox::User "root";
Dir::State "$work/apt";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "$work/apt/cache";
END
apt() { APT_CONFIG=$work/apt.conf "$@"; }

fetch() {
    say "unpacking $*"
    (cd "$work/debs" && rm -f ./*.deb && apt apt-get -qq download "$@" && for deb in *.deb; do dpkg-deb -x "$deb" "$work/root"; done)
}

if [ ! -e "$work/complete" ]; then
    rm -rf "$work/root"
    command -v apt-get >/dev/null && apt apt-get -qq update || say "apt-get could not update every list"
    version=$(apt apt-cache madison libstd-rust-web-dev:i386 | awk -F ' *[|] *' 'NR == 1 { print $2 }')
    [ -n "$version" ] || { say "note: Debian has no Rust library for i386 here, so nothing was run on a 32-bit target"; exit 0; }
    fetch libc6-dev-i386:amd64 lib32gcc-12-dev:amd64
    if ! compgen -G "$(rustc --print sysroot)/lib/rustlib/$target/lib/libstd-*.rlib" >/dev/null; then
        fetch "rustc-web:amd64=$version" "libstd-rust-web-$(cut -d. -f1,2 <<< "$version"):amd64=$version" \
            "libstd-rust-web-dev:amd64=$version" "libstd-rust-web-dev:i386=$version"
        llvm=$(LC_ALL=C ldd "$work/root/usr/lib/x86_64-linux-gnu/"librustc_driver-*.so | sed -n 's/.*libLLVM\.so\.\([0-9]*\).*/\1/p')
        fetch "libllvm$llvm:amd64"
    fi
    touch "$work/complete"
fi

usr=$work/root/usr
if [ -x "$usr/bin/rustc" ]; then
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s --sysroot %s "$@"\n' \
        "$usr/lib/x86_64-linux-gnu:$(echo "$usr"/lib/llvm-*/lib)" "$usr/bin/rustc" "$usr" > "$work/rustc"
    chmod +x "$work/rustc"
    export RUSTC=$work/rustc
fi
gcc32=$usr/lib/gcc/x86_64-linux-gnu/12/32
printf '#!/bin/sh\nexec gcc -m32 -B%s/ -B%s/ -L%s -L%s "$@"\n' "$usr/lib32" "$gcc32" "$usr/lib32" "$gcc32" > "$work/gcc"
chmod +x "$work/gcc"
say "$("${RUSTC:-rustc}" -V) for $target"

ln -sfn "$root/core" "$work/ws/core"
# The core and its tests alone: the other packages want a newer compiler.
{
    printf '[workspace]\nresolver = "3"\nmembers = ["core", "tests"]\n'
    sed -n '/^\[workspace.package\]/,$p' Cargo.toml | sed '/^tubesock-std/d'
} > "$work/ws/Cargo.toml"
{
    printf '[package]\nname = "tubesock-tests"\nedition.workspace = true\nautobins = false\n'
    printf '[lib]\npath = "lib.rs"\ndoctest = false\n'
    printf '[dependencies]\ntubesock-core = { workspace = true, features = ["handshake"] }\n'
    printf '[dev-dependencies]\nproptest = "1"\n'
    for suite in session exhaustive properties handshake; do
        printf '[[test]]\nname = "core_%s"\npath = "%s"\n' $suite "$root/tests/tests/core_$suite/main.rs"
    done
    for suite in peer_defects run_loop sizes; do
        printf '[[test]]\nname = "core_%s"\npath = "%s"\n' $suite "$root/tests/tests/core_$suite.rs"
    done
} > "$work/ws/tests/Cargo.toml"
echo '//! What the core'\''s tests share.' > "$work/ws/tests/lib.rs"
for module in $(sed -n 's/^pub mod \(.*\);/\1/p' tests/src/lib.rs); do
    file=$root/tests/src/$module.rs
    [ -e "$file" ] || file=$root/tests/src/$module/mod.rs
    grep -Eq 'tubesock_std|rustix' "$file" || printf '#[path = "%s"]\npub mod %s;\n' "$file" "$module" >> "$work/ws/tests/lib.rs"
done

cd "$work/ws"
export CARGO_TARGET_DIR=$work/build CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_LINKER=$work/gcc
export CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_RUSTFLAGS=-Ctarget-feature=+crt-static
say "the core's tests on a 32-bit target"
cargo test -q --ignore-rust-version --target "$target" -p tubesock-core --lib
cargo test -q --ignore-rust-version --target "$target" -p tubesock-tests
