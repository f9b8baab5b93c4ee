#!/usr/bin/env bash
# What WebSocket costs on a Cortex-M3, beside two other crates that do the same job in the same firmware: flash, and
# instructions to receive a frame, counted exactly in QEMU. Prints Markdown, and fails where a bar is missed.
#
# The bars hold what has been reached: 16 KB and 7 KB for the core driven by hand, as the peers are, and less than edge's two
# crates for the adapter too. embedded-websocket is smaller than either; it checks neither the request's version and host
# nor reserved bits and close codes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target=thumbv7m-none-eabi
die() { echo "figures: $*" >&2; exit 1; }
for tool in size nm cc qemu-system-arm; do
    command -v $tool >/dev/null || die "needs $tool; install it: apt-get install binutils gcc qemu-system-arm"
done
RUSTC=${RUSTC:-$(tests/baremetal/sysroot.sh target/sysroot $target)}
export RUSTC CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target/compare}
(cd tests/firmware/compare && cargo build --locked --quiet --release --target $target) || die "the images do not build; see above"
images=$CARGO_TARGET_DIR/$target/release
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
missed=0
# bar WHAT FIGURE LIMIT: the figure must be at most the limit.
bar() {
    [ "$2" -le "$3" ] || { echo "figures: missed: $1 is $2, and must be at most $3" >&2; missed=1; }
}

text() { size "$images/$1" | awk 'NR == 2 { print $1 + $2 }'; }
base=$(text tcp)
more() { echo $(($(text "$1") - base)); }

echo "Flash beyond a raw TCP echo of $base bytes, opt-level s:"
echo
echo "| echo by | with handshake | frames alone |"
echo "| --- | ---: | ---: |"
printf '| tubesock-core, driven by hand | %d | %d |\n' "$(more core)" "$(more core_frames)"
printf '| tubesock-embassy: deadlines, keepalive, the end of TCP too | %d | %d |\n' "$(more tubesock)" "$(more tubesock_frames)"
printf '| edge-http and edge-ws 0.8 | %d | %d |\n' "$(more edge)" "$(more edge_frames)"
printf '| embedded-websocket 0.9.5 | %d | |\n' "$(more embedded_websocket)"
bar "the core's flash with handshake" "$(more core)" 16384
bar "the core's flash without" "$(more core_frames)" 7168
bar "the core's flash beside edge-http's and edge-ws's" "$(more core)" $(($(more edge) - 1))
bar "the adapter's flash beside edge-http's and edge-ws's" "$(more tubesock)" $(($(more edge) - 1))

cc -O2 -shared -fPIC -Wall -Wextra -o "$scratch/libicnt.so" tests/baremetal/icnt.c
address() { printf '0x%x' $((0x$(nm "$images/$1" | awk -v name="$2" '$3 == name { print $1 }') & ~1)); }
# The instructions of each count of an image, less what counting itself takes.
counts() {
    timeout 120 qemu-system-arm -M lm3s6965evb -kernel "$images/$1" -display none -monitor none -serial none \
        -semihosting-config enable=on,target=native -d plugin \
        -plugin "$scratch/libicnt.so,start=$(address "$1" count_start),stop=$(address "$1" count_stop),out=$scratch/$1" \
        </dev/null >/dev/null 2>"$scratch/said" || die "$1 failed in QEMU: $(cat "$scratch/said")"
    awk '$1 != "total" { if (NR == 1) own = $1; else print $1 - own }' "$scratch/$1"
}
mapfile -t ours < <(counts count_tubesock)
mapfile -t edge < <(counts count_edge)
mapfile -t embedded < <(counts count_embedded_websocket)
[ ${#ours[@]} = 5 ] && [ ${#edge[@]} = 4 ] && [ ${#embedded[@]} = 4 ] || die "some frames were not counted"

echo
echo "Instructions to receive and unmask a binary frame that has arrived, opt-level s:"
echo
echo "| payload | tubesock | edge-ws 0.8 | embedded-websocket 0.9.5 |"
echo "| --- | ---: | ---: | ---: |"
i=0
for size in "16 B" "125 B" "1 KiB" "8 KiB"; do
    printf '| %s | %d | %d | %d |\n' "$size" "${ours[i]}" "${edge[i]}" "${embedded[i]}"
    bar "$size beside edge-ws" "${ours[i]}" $((edge[i] - 1))
    bar "$size beside embedded-websocket" "${ours[i]}" $((embedded[i] - 1))
    i=$((i + 1))
done
echo
awk -v n="${ours[4]}" 'BEGIN { printf "Unmasking alone, 1 KiB: %d instructions, %.2f a byte.\n", n, n / 1024 }'
bar "unmasking of 1 KiB" "${ours[4]}" 1126
exit $missed
