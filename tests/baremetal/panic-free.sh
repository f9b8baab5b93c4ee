#!/usr/bin/env bash
# Shows that nothing in the core's wire, connection and session can panic: links them with `panic-never` for every
# target that is named, at opt-level s and 3, looks for symbols of core::panicking, and runs the Cortex-M3's image in
# QEMU. Shows too that an image that can panic does not link, and that its symbols would be seen.
#
#     panic-free.sh [TARGET...]       thumbv7m-none-eabi if none is named
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

[ $# -gt 0 ] || set -- thumbv7m-none-eabi
die() { echo "panic-free: $*" >&2; exit 1; }
for tool in nm qemu-system-arm; do
    command -v $tool >/dev/null || die "needs $tool; install it: apt-get install binutils qemu-system-arm"
done
RUSTC=$(tests/baremetal/sysroot.sh target/sysroot thumbv7m-none-eabi "$@")
export RUSTC CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target/core-image}

build() { (cd tests/baremetal/image && cargo build --locked --quiet "$@"); }
image() { echo "$CARGO_TARGET_DIR/$1/$2/core-image"; }
# How many symbols of an image have to do with panicking.
panicking() { nm "$1" | grep -c panicking || true; }
run() {
    timeout 60 qemu-system-arm -M lm3s6965evb -kernel "$1" -display none -monitor none -serial none \
        -semihosting-config enable=on,target=native </dev/null 2>/dev/null
}

for target in "$@"; do
    for profile in release fast; do
        build --target "$target" --profile "$profile" || die "the image for $target can panic, or does not build; see above"
        elf=$(image "$target" "$profile")
        [ "$(nm "$elf" | grep -c tubesock_core)" -ge 10 ] || die "the image for $target holds none of the core; what is it for?"
        [ "$(panicking "$elf")" = 0 ] || die "the image for $target holds symbols of core::panicking"
        echo "panic-free: $target, $profile: no symbol of core::panicking, $(size "$elf" | awk 'NR == 2 { print $1 }') bytes"
    done
done

for profile in release fast; do
    build --target thumbv7m-none-eabi --profile $profile
    code=0
    run "$(image thumbv7m-none-eabi $profile)" || code=$?
    [ $code = 0 ] || die "the Cortex-M3's image ended with exit code $code in QEMU; see src/main.rs for what that means"
done
echo "panic-free: the Cortex-M3's image has run in QEMU: both roles have talked"

if build --target thumbv7m-none-eabi --release --features panics 2>/dev/null; then
    die "an image that can panic links; panic-never does nothing"
fi
build --target thumbv7m-none-eabi --release --features panics,links-anyway
[ "$(panicking "$(image thumbv7m-none-eabi release)")" -gt 0 ] || die "panicking code is not seen by its symbols"
echo "panic-free: an image that can panic does not link, and its symbols are seen"
