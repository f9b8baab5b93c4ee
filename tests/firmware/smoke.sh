#!/usr/bin/env bash
# Boots the firmware images in QEMU: 1 MB through the raw echo, the page from `app`, and each way out of the guest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
run=embassy-adapter/firmware/run.sh
page=embassy-adapter/firmware/src/bin/app/page.html

die() { echo "smoke: $*" >&2; exit 1; }
for tool in qemu-system-arm curl python3; do
    command -v $tool >/dev/null || die "needs $tool; install it: apt-get install qemu-system-arm curl python3"
done

scratch=$(mktemp -d)
guest=''
stop() {
    [ -n "$guest" ] || return 0
    kill "$guest" 2>/dev/null || true
    wait "$guest" || die "the guest did not end in order when it was told to"
    guest=''
}
trap 'if [ -n "$guest" ]; then kill "$guest" 2>/dev/null || true; fi; rm -rf "$scratch"' EXIT

# Starts an image and leaves in $where the address that run.sh prints for the chip's first port.
boot() {
    rm -f "$scratch/where"
    mkfifo "$scratch/where"
    "$run" >"$scratch/where" &
    guest=$!
    exec 3<"$scratch/where"
    # Building is included, and a sysroot on a fresh machine.
    read -r -t 900 where <&3 || die "$IMAGE has not come up; see above"
    where=${where##* }
}

echo "smoke: 1 MB through the raw echo, three clients one after another"
export IMAGE=tcp_echo PORTS=7
boot
for _ in 1 2 3; do python3 tests/firmware/echo.py "$where" 1000000; done
stop

echo "smoke: the page"
export IMAGE=app PORTS="80 81"
boot
for _ in 1 2 3 4 5 6 7 8; do
    curl -sS --max-time 10 "$where" | cmp - "$page" || die "the page is not the one in flash"
done
state=$(curl -sS --max-time 10 "${where}state")
echo "$state" | python3 -c '
import json, sys
state = json.load(sys.stdin)
assert state["lamp"] is False and state["clients"] == 0 and state["stack"] >= 4096, state' ||
    die "the state $state is not that of a chip that has just started"
status=$(curl -sS --max-time 10 -o /dev/null -w '%{http_code}' "${where}nothing")
[ "$status" = 404 ] || die "a page that does not exist was answered with $status instead of 404"
echo "smoke: $state"
stop

echo "smoke: the ways out"
export IMAGE=ways_out
for way in "panic 101 panicked at" "fault 102 hard fault at" "overflow 102 the stack has reached" "exit 7 ended with exit code 7"; do
    read -r ARG code text <<<"$way"
    export ARG
    got=0
    timeout 300 "$run" 2>"$scratch/text" || got=$?
    [ "$got" = "$code" ] || die "$ARG: exit code $got instead of $code; it said: $(cat "$scratch/text")"
    grep -q "$text" "$scratch/text" || die "$ARG: no text '$text'; it said: $(cat "$scratch/text")"
    echo "smoke: $ARG: exit code $code, $(grep "$text" "$scratch/text")"
done
unset ARG

echo "smoke: a port that is taken"
exec 4< <(exec python3 -u -c '
import socket, sys, time
taken = socket.create_server(("127.0.0.1", 0))
print(taken.getsockname()[1])
time.sleep(600)')
holder=$!
read -r -u 4 taken
got=0
IMAGE=tcp_echo PORTS=7 timeout 300 "$run" "$taken" 2>"$scratch/text" || got=$?
kill "$holder"
[ "$got" = 1 ] && grep -q "may be taken" "$scratch/text" || die "exit code $got and: $(cat "$scratch/text")"
echo "smoke: all is well"
