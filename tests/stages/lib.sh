# What the stages and the setup scripts share; sourced, not run.

say() { printf '## %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# The files' common hash: what a setup script leaves behind, to see later whether it has to run again.
stamp_of() { { python3 --version; cat "$@"; } | sha256sum | cut -d' ' -f1; }

# need COMMAND PACKAGE: installs a Debian package when a command is missing.
need() { command -v "$1" >/dev/null || apt_install "$2"; }

need_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv; }

apt_install() {
    local sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    say "installing the Debian package $1"
    if ! $sudo apt-get install -y -qq --no-install-recommends "$1" >/dev/null 2>&1; then
        $sudo apt-get update -qq
        DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$1" >/dev/null
    fi
}

release_dir() { echo "${CARGO_TARGET_DIR:-target}/release"; }

# start_server LOG COMMAND...: starts a server whose output goes to LOG, and sets ADDRESS to where it says that it listens.
# The server is ended by stop_server, or when the script ends.
start_server() {
    local log=$1
    shift
    : > "$log" # before the server runs: else the address of the one before may still be read
    "$@" > "$log" 2>&1 &
    SERVER=$!
    trap stop_server EXIT
    for _ in $(seq 200); do
        ADDRESS=$(sed -n 's/^listening on //p' "$log")
        [ -z "$ADDRESS" ] || return 0
        kill -0 "$SERVER" 2>/dev/null || break
        sleep 0.05
    done
    die "\`$*\` did not print \`listening on ADDRESS\`: see $log"
}

stop_server() {
    kill "$SERVER" 2>/dev/null || true
    wait "$SERVER" 2>/dev/null || true
}
