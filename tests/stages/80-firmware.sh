#!/usr/bin/env bash
# modes: ci full
# The firmware in QEMU: every image and way out, then the lamp's page in Chromium with clients beside it. Screenshots go to
# target/screenshots.
set -euo pipefail
. tests/stages/lib.sh

need qemu-system-arm qemu-system-arm
tests/browser/setup.sh
tests/peers/setup.sh

say "building the firmware"
RUSTC=$(tests/baremetal/sysroot.sh target/sysroot thumbv7m-none-eabi)
export RUSTC
(cd embassy-adapter/firmware && CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$OLDPWD/target/firmware} cargo build --locked --release)

say "booting the images"
tests/firmware/smoke.sh
say "the lamp in Chromium"
node --test --test-concurrency=1 --test-reporter=spec tests/firmware/lamp.test.mjs
