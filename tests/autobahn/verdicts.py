"""Verdicts of the Autobahn testsuite: the golden ones, those of a run, and how they differ.

A verdict is a pair, `behavior` and `behaviorClose`. The golden file has one case a line: `CASE BEHAVIOR CLOSE`.
"""
import collections
import json
import os
import re
import sys

ACCEPTABLE = {"OK", "INFORMATIONAL"}


def golden(path):
    lines = [line.split() for line in open(path) if line.strip() and not line.startswith("#")] if os.path.exists(path) else []
    return {case: (behavior, close) for case, behavior, close in lines}


def selected(golden_verdicts, patterns):
    """The golden cases that the suite's patterns select: `*` stands for anything."""
    regexes = [re.escape(pattern).replace(r"\*", ".*") for pattern in patterns.split()]
    return {case: verdict for case, verdict in golden_verdicts.items() if any(re.fullmatch(r, case) for r in regexes)}


def reported(out):
    return {case: (entry["behavior"], entry["behaviorClose"]) for case, entry in index(out).items()}


def check(name, seconds, expected, out, selected_by_suite):
    """Prints what differs from the golden verdicts, and exits with 1 if anything does."""
    got = reported(out)
    different = [case for case in in_order(expected.keys() | got.keys()) if expected.get(case) != got.get(case)]
    if len(expected) != selected_by_suite:
        sys.exit(f"autobahn {name}: the suite runs {selected_by_suite} cases, expected.txt has {len(expected)} of them: "
                 "run it once with --bless and read the difference")
    if not expected:
        sys.exit(f"autobahn {name}: the patterns select no case")
    counts = collections.Counter(" / close ".join(dict.fromkeys(verdict)) for verdict in got.values())
    print(f"autobahn {name}: {len(got)} of {selected_by_suite} cases ran in {seconds:.1f} s: "
          + (", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()) or "none"))
    if not different:
        return
    print(f"{'case':10} {'expected':30} {'got':30} why")
    for case in different[:40]:
        print(f"{case:10} {shown(expected.get(case)):30} {shown(got.get(case)):30} {why(out, case)}")
    if len(different) > 40:
        print(f"... and {len(different) - 40} more")
    sys.exit(f"autobahn {name}: {len(different)} of {len(expected)} cases differ from expected.txt; wire logs are in {out}")


def bless(path, golden_verdicts, got):
    refused = [case for case in in_order(got) if not ACCEPTABLE.issuperset(got[case])]
    if refused or not got:
        sys.exit(f"autobahn: not blessed, only OK and INFORMATIONAL can be expected: {' '.join(refused) or 'no case ran'}")
    merged = golden_verdicts | got
    with open(path, "w") as file:
        file.write("# case behavior behaviorClose: what each case must give, in every run; written by `run.py --bless`\n")
        file.writelines(f"{case} {' '.join(merged[case])}\n" for case in in_order(merged))
    print(f"autobahn: {len(got)} verdicts written to {path}")


def index(out):
    if not os.path.exists(f"{out}/index.json"):
        return {}
    with open(f"{out}/index.json") as file:
        agents = json.load(file)
    if len(agents) > 1:
        sys.exit(f"autobahn: the client under test used more than one agent name: {' '.join(agents)}")
    return next(iter(agents.values()), {})


def shown(verdict):
    return " / close ".join(verdict) if verdict else "missing"


def why(out, case):
    entry = index(out).get(case)
    if not entry:
        return "it did not run"
    with open(f"{out}/{entry['reportfile']}") as file:
        report = json.load(file)
    return " ".join(f"{report['result']} {report['resultClose']}".split())


def in_order(cases):
    return sorted(cases, key=lambda case: [int(number) for number in case.split(".")])
