#!/usr/bin/env bash
# modes: ci full
# Autobahn against the firmware's /echo: on 64 KB of RAM, messages of up to 16 MiB included.
set -euo pipefail
. tests/stages/lib.sh

need qemu-system-arm qemu-system-arm
RUSTC=$(tests/baremetal/sysroot.sh target/sysroot thumbv7m-none-eabi)
export RUSTC LOGS=none

say "building the firmware"
(cd embassy-adapter/firmware && CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$OLDPWD/target/firmware} cargo build --locked --release --bin app)
tests/autobahn/run.py server --name firmware --path /echo --cases "1.* 2.* 3.* 4.* 5.* 6.* 7.* 9.* 10.*" \
    --timeout "${AUTOBAHN_SECONDS:-600}" -- tests/firmware/listening.sh 80
