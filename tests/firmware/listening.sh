#!/usr/bin/env bash
# Runs the firmware, and says where in the words that tests/autobahn/run.py waits for: `listening on ADDRESS`.
#
#     listening.sh [CHIP_PORT]      the chip's port that is meant: 80 if none is named
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

scratch=$(mktemp -d)
guest=''
trap '[ -z "$guest" ] || { kill "$guest" 2>/dev/null && wait "$guest" || true; }; rm -rf "$scratch"' EXIT
trap 'exit 0' INT TERM
mkfifo "$scratch/said"
PORTS=${1:-80} embassy-adapter/firmware/run.sh >"$scratch/said" &
guest=$!
read -r where <"$scratch/said" || { wait "$guest"; exit 1; }
where=${where%/}
echo "listening on ${where##*[ /]}"
# Not the foreground: a shell that waits for a program hears of a signal only after it.
wait "$guest"
