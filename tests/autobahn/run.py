#!/usr/bin/env python3
"""Runs cases of the Autobahn testsuite and compares every verdict with the golden ones in expected.txt.

    run.py server --name NAME --cases "1.* 2.*" -- PROGRAM ARGS...
        the suite's client fuzzes PROGRAM, a server that prints `listening on ADDRESS` and echoes every message
    run.py client --name NAME --cases "1.* 2.*" -- PROGRAM ARGS...
        the suite's server fuzzes PROGRAM, a client that gets AUTOBAHN_URL (ws://ADDRESS), asks /getCaseCount, echoes in
        /runCase?case=N&agent=NAME for each N, and ends with /updateReports?agent=NAME

Exits with 0 only if every selected case ran and ended as expected, `behavior` and `behaviorClose` both. Reports and logs go
to target/autobahn/NAME. setup.sh is run first. With --bless the verdicts become the golden ones of their cases.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time

import verdicts

HERE = os.path.dirname(os.path.abspath(__file__))
WORK = os.path.normpath(f"{HERE}/../../target/autobahn")


def main():
    args = arguments()
    subprocess.run([f"{HERE}/setup.sh"], check=True)
    out = f"{WORK}/{args.name}"
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    started = time.monotonic()
    deadline = started + args.timeout
    (fuzz_server if args.role == "server" else fuzz_client)(args, out, deadline)
    seconds = time.monotonic() - started
    golden = verdicts.golden(f"{HERE}/expected.txt")
    if args.bless:
        verdicts.bless(f"{HERE}/expected.txt", golden, verdicts.reported(out))
    else:
        verdicts.check(args.name, seconds, verdicts.selected(golden, args.cases), out, selected_by_suite(out))


def arguments():
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("role", choices=["server", "client"])
    parser.add_argument("--name", required=True, help="of this run: its folder below target/autobahn")
    parser.add_argument("--cases", required=True, help='patterns, such as "1.* 6.2.*"')
    parser.add_argument("--path", default="", help="of the server's echo, such as /echo")
    parser.add_argument("--timeout", type=float, default=180, help="for the whole run, in seconds (default: %(default)s)")
    parser.add_argument("--bless", action="store_true", help="write the verdicts to expected.txt")
    args = parser.parse_args(sys.argv[1:split])
    args.program = sys.argv[split + 1 :]
    if not args.program:
        parser.error("a program to test must follow `--`")
    return args


def fuzz_server(args, out, deadline):
    with Process(args.program, f"{out}/program.log") as server:
        address = server.listening(deadline)
        spec = {"servers": [{"agent": args.name, "url": f"ws://{address}{args.path}"}]}
        with suite("fuzzingclient", spec, args.cases, out) as client:
            status = client.wait(deadline)
        if status != 0:
            fail(f"the suite ended with status {status}: see {out}/suite.log")
        if server.status() is not None:
            fail(f"the server under test ended by itself, with status {server.status()}: see {server.log}")


def fuzz_client(args, out, deadline):
    with suite("fuzzingserver", {"url": "ws://127.0.0.1"}, args.cases, out) as server:
        address = server.listening(deadline)
        with Process(args.program, f"{out}/program.log", AUTOBAHN_URL=f"ws://{address}") as client:
            status = client.wait(deadline)
        if status != 0:
            fail(f"the client under test ended with status {status}: see {client.log}")
    if "Report generation complete" not in read(f"{out}/suite.log"):
        fail("the client under test never asked for /updateReports, so there is no report")


def suite(mode, spec, cases, out):
    spec |= {"outdir": out, "cases": cases.split(), "exclude-cases": [], "exclude-agent-cases": {}}
    with open(f"{out}/spec.json", "w") as file:
        json.dump(spec, file, indent=1)
    command = [f"{WORK}/venv/bin/python", "-W", "ignore", "-u", "-m", "autobahntestsuite.wstest", "-m", mode, "-s", f"{out}/spec.json", "-u", "0"]
    return Process(command, f"{out}/suite.log", PYTHONPATH=f"{WORK}/suite")


def selected_by_suite(out):
    """How many cases the suite took the patterns for."""
    log = read(f"{out}/suite.log")
    if "Traceback (most recent call last)" in log:
        fail(f"the suite itself failed, so its verdicts mean nothing: see the traceback in {out}/suite.log")
    return int(re.search(r"Ok, will run (\d+) test cases", log).group(1))


class Process:
    """A program with its output in a file, ended at the end of its `with` block."""

    def __init__(self, command, log, **env):
        self.command, self.log = command, log
        with open(log, "wb") as file:
            try:
                self.child = subprocess.Popen(
                    command, env=os.environ | env, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
            except OSError as error:
                fail(f"`{command[0]}` can't be started ({error}): build it first")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()  # a script gets to end what it has started
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def status(self):
        return self.child.poll()

    def listening(self, deadline):
        """The address that the program says it listens on."""
        while not (said := re.search(r"^listening on (\S+)$", read(self.log), re.M)):
            if self.status() is not None:
                fail(f"`{' '.join(self.command)}` ended with status {self.status()} before it listened: see {self.log}")
            if time.monotonic() > deadline:
                fail(f"`{' '.join(self.command)}` never printed `listening on ADDRESS`: see {self.log}")
            time.sleep(0.05)
        return said.group(1)

    def wait(self, deadline):
        try:
            return self.child.wait(deadline - time.monotonic())
        except subprocess.TimeoutExpired:
            last = (read(self.log).splitlines() or ["nothing"])[-1]
            fail(f"`{' '.join(self.command)}` had not ended when the run's time was up; its last words: {last} ({self.log})")


def read(path):
    with open(path, errors="replace") as file:
        return file.read()


def fail(sentence):
    sys.exit(f"autobahn: {sentence}")


if __name__ == "__main__":
    main()
