#!/usr/bin/env bash
# modes: ci full
# The core cannot panic and its state is small, on Cortex-M3, Cortex-M4F, RISC-V with and without atomics, and Cortex-M0+:
# an image of it links for each. The adapter builds for each too, with both HTTP servers.
set -euo pipefail
. tests/stages/lib.sh

targets=(thumbv7m-none-eabi thumbv7em-none-eabihf riscv32imac-unknown-none-elf thumbv6m-none-eabi riscv32imc-unknown-none-elf)
need qemu-system-arm qemu-system-arm
need nm binutils
RUSTC=$(tests/baremetal/sysroot.sh target/sysroot "${targets[@]}")
export RUSTC

say "an image of the core"
tests/baremetal/panic-free.sh "${targets[@]}"

for target in "${targets[@]}"; do
    say "the adapter for $target"
    # Not optimised: that it compiles is all that is asked. Apart from the desktop's artifacts, whose compiler is another.
    cargo build --locked -p tubesock-embassy --features picoserve,edge-http --target "$target" --target-dir target/adapter
done
