#!/usr/bin/env bash
# Installs the Autobahn testsuite below target/autobahn, once: a venv with what requirements.txt pins, the two sdists from
# PyPI (checked by hash) and their port to Python 3. Does nothing when that is there and none of these files has changed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$here/../../target/autobahn
suite=autobahntestsuite-25.10.1.tar.gz suite_sha=b083d6e15330fc16f3e5f0975cce2b15f21bfa0c6db09547316b1852c6dbd6df
library=autobahn-0.10.9.tar.gz library_sha=3fecc1e2a26a0421128ddcfb4e577f0bc669dd65d0e0fdad1c773965cbcef75a

. "$here/../stages/lib.sh"
stamp=$(stamp_of "$here"/{setup.sh,port.py,_py2.py,requirements.txt})
[ "$(cat "$work/installed" 2>/dev/null || true)" = "$stamp" ] && exit 0

say "installing the Autobahn testsuite into target/autobahn"
need_venv
rm -rf "$work"
mkdir -p "$work/sdists"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q install --no-deps -r "$here/requirements.txt"
# pip builds an sdist's metadata even to download it, and these old setup.py files want an old setuptools.
echo 'setuptools==69.5.1' > "$work/constraint.txt"
PIP_CONSTRAINT="$work/constraint.txt" "$work/venv/bin/pip" -q download --no-deps --no-binary :all: -d "$work/sdists" \
    autobahntestsuite==25.10.1 autobahn==0.10.9
(cd "$work/sdists" && printf '%s  %s\n' "$suite_sha" "$suite" "$library_sha" "$library" | sha256sum -c --quiet)
# fissix caches its pickled grammar; the home directory is not ours to write to.
XDG_CACHE_HOME="$work/cache" "$work/venv/bin/python" "$here/port.py" "$work/sdists/$suite" "$work/sdists/$library" "$work/suite"
echo "$stamp" > "$work/installed"
