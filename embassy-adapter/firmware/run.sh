#!/usr/bin/env bash
# Builds the firmware and runs it in QEMU, on addresses of 127.0.0.1; Ctrl-C ends it.
#
#     run.sh [PORT [RAW_PORT]]      0 or none: a free port
#
# PORT leads to the chip's port 80, RAW_PORT to its port 81. The exit code is the guest's: 101 after a panic, 102
# after a fault, 0 when run.sh was told to end.
#
#   IMAGE=app          which image: app, tcp_echo or ways_out
#   ARG=...            the image's argument
#   PORTS="80 81"      the chip's ports that PORT and RAW_PORT lead to
#   LOGS=decoded       the guest's logs: decoded (where defmt-print is installed), none, or a file for the raw bytes
#   RUSTC=...          the compiler; else rustup's, with its target or else a sysroot built in target/sysroot
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
target=thumbv7m-none-eabi
image=${IMAGE:-app}
read -ra guest_ports <<<"${PORTS:-80 81}"
wanted=("$@")

die() { echo "run.sh: $*" >&2; exit 1; }

[ $# -le ${#guest_ports[@]} ] || die "at most ${#guest_ports[@]} ports; usage: run.sh [PORT [RAW_PORT]]"
for port in "$@"; do
    [[ $port =~ ^[0-9]+$ ]] && [ "$port" -le 65535 ] || die "$port is not a port; give a number from 0 to 65535"
done
command -v qemu-system-arm >/dev/null || die "needs qemu-system-arm; install it: apt-get install qemu-system-arm"

RUSTC=${RUSTC:-$("$root/tests/baremetal/sysroot.sh" "$root/target/sysroot" "$target")}
export RUSTC CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target/firmware}
(cd "$here" && cargo build --locked --release --bin "$image") || die "the firmware does not build; see above"
elf=$CARGO_TARGET_DIR/$target/release/$image

scratch=$(mktemp -d)
qemu='' decoder='' ended=''
end() {
    [ -z "$qemu" ] || kill "$qemu" 2>/dev/null || true
}
trap 'ended=yes; end' INT TERM HUP
trap 'end; [ -z "$decoder" ] || kill "$decoder" 2>/dev/null || true; rm -rf "$scratch"' EXIT

# Where the guest's standard output, the encoded logs, goes.
logs=${LOGS:-decoded}
if [ "$logs" = decoded ] && command -v defmt-print >/dev/null; then
    mkfifo "$scratch/logs"
    defmt-print -e "$elf" <"$scratch/logs" &
    decoder=$!
    logs=$scratch/logs
elif [ "$logs" = decoded ]; then
    echo "run.sh: the guest's logs are not shown; to decode them: cargo install defmt-print --locked" >&2
    logs=/dev/null
elif [ "$logs" = none ]; then
    logs=/dev/null
fi

# A free port is one that QEMU could take: a number tried at random, so nobody can take it in between.
ports=()
choose_ports() {
    ports=()
    local i port
    for i in "${!guest_ports[@]}"; do
        port=${wanted[$i]:-0}
        [ "$port" != 0 ] || port=$((20000 + RANDOM))
        ports+=("$port")
    done
}

start_qemu() {
    local forward='' i
    choose_ports
    for i in "${!ports[@]}"; do
        forward+=",hostfwd=tcp:127.0.0.1:${ports[$i]}-10.0.2.15:${guest_ports[$i]}"
    done
    qemu-system-arm -M lm3s6965evb -kernel "$elf" -display none -monitor none -serial none \
        -semihosting-config "enable=on,target=native${ARG:+,arg=$ARG}" -nic "user,model=stellaris,restrict=on$forward" \
        </dev/null >"$logs" 2>"$scratch/text" &
    qemu=$!
}

announce() {
    local i
    for i in "${!ports[@]}"; do
        if [ "${guest_ports[$i]}" = 80 ]; then
            echo "http://127.0.0.1:${ports[$i]}/"
        else
            echo "port ${guest_ports[$i]}: 127.0.0.1:${ports[$i]}"
        fi
    done
}

# Shows what the guest and QEMU say until QEMU has ended; true when a port was taken.
follow() {
    local line taken=1
    while read -r line || [ -n "$line" ]; do
        case $line in
            "Timer with period zero, disabling") ;; # said by QEMU 7.2 before the guest's first instruction
            *"Could not set up host forwarding"*) taken=0 ;;
            "firmware: ready") announce ;;
            *) echo "$line" >&2 ;;
        esac
    done <"$scratch/text"
    return $taken
}

mkfifo "$scratch/text"
code=1
for attempt in 1 2 3 4 5 6 7 8; do
    [ -z "$ended" ] || break
    start_qemu
    taken=no
    follow && taken=yes
    code=0
    wait "$qemu" || code=$?
    qemu=''
    [ $taken = yes ] && [ -z "$ended" ] || break
    for port in "$@"; do
        [ "$port" = 0 ] || die "port $port of 127.0.0.1 may be taken; choose another, or 0 for a free one"
    done
done
[ -z "$ended" ] || exit 0
[ $taken = no ] || die "no free port after $attempt attempts; name one"
[ "$code" = 0 ] || echo "run.sh: the guest ended with exit code $code" >&2
exit "$code"
