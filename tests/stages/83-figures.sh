#!/usr/bin/env bash
# modes: ci full
# Flash and instructions on a Cortex-M3 beside other crates, held to their bars; the tables go to target/figures.md.
set -euo pipefail
. tests/stages/lib.sh

need qemu-system-arm qemu-system-arm
need nm binutils
need cc gcc
tests/firmware/figures.sh | tee target/figures.md
