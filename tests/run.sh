#!/usr/bin/env bash
# tests/run.sh [fast|ci|full] [STAGE...]   runs the test stages and sums them up.
#
#   fast   what needs nothing installed beside Rust
#   ci     what every change must pass (the default); installs what it needs, and says so
#   full   all there is, the long ones too
#
# A stage is tests/stages/NN-name.sh: a bash script run in the repository's root with $MODE set, whose second line says in
# which modes it runs: `# modes: fast ci full`. With names given (`tests/run.sh ci 30-peers`), only those run. Every stage runs
# even when one before it failed; each has at most STAGE_SECONDS (1500), and its output is kept in target/stages/.
set -euo pipefail
cd "$(dirname "$0")/.."

MODE=ci
case "${1:-}" in fast | ci | full) MODE=$1; shift ;; esac
export MODE
mkdir -p target/stages

stages=()
for stage in tests/stages/[0-9][0-9]-*.sh; do
    name=$(basename "$stage" .sh)
    modes=$(sed -n '2s/^# modes: //p' "$stage")
    if [ -z "$modes" ]; then
        echo "error: line 2 of $stage must say when it runs, for example \`# modes: ci full\`" >&2
        exit 2
    fi
    if [ $# -gt 0 ]; then
        [[ " $* " == *" $name "* ]] && stages+=("$name")
    elif [[ " $modes " == *" $MODE "* ]]; then
        stages+=("$name")
    fi
done
if [ ${#stages[@]} -eq 0 ] || { [ $# -gt 0 ] && [ ${#stages[@]} -ne $# ]; }; then
    echo "error: usage: tests/run.sh [fast|ci|full] [STAGE...], where a stage is the name of a file in tests/stages, such as 30-peers" >&2
    exit 2
fi

# `timeout` makes a stage a process group of its own, so it is for us to pass an interrupt on.
running=
trap '[ -z "$running" ] || kill "$running" 2>/dev/null; exit 130' INT TERM

table='' passed=0 failed=0
for name in "${stages[@]}"; do
    printf '\n=== %s\n' "$name"
    start=$SECONDS
    log=target/stages/$name.log
    : >"$log" # there before tail looks for it
    timeout -k 10 "${STAGE_SECONDS:-1500}" bash "tests/stages/$name.sh" </dev/null >"$log" 2>&1 &
    running=$!
    # Not a pipe to tee: a process that a stage forgot to end would keep it open, and us waiting.
    tail -f -n +1 -s 0.2 --pid="$running" "$log" &
    wait $!
    status=0
    wait "$running" || status=$?
    running=
    case $status in
        0) result=passed passed=$((passed + 1)) ;;
        124 | 137) result='out of time' failed=$((failed + 1)) ;;
        *) result="failed ($status)" failed=$((failed + 1)) ;;
    esac
    table+=$(printf '%-24s %-14s %5d s' "$name" "$result" $((SECONDS - start)))$'\n'
done

printf '\n=== %s: the stages, their results and their times\n%s%s passed, %s failed\n' "$MODE" "$table" "$passed" "$failed"
[ "$failed" -eq 0 ]
