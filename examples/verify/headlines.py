#!/usr/bin/env python3
"""Three of the controls, written a second time over the clouds' answers alone, held against a bundle's verdicts.

python3 examples/verify/headlines.py BUNDLE...

Python's standard library alone; shares no code with Palisade. The last line counts what agreed and what did not; a difference
ends with 1."""

import json
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from again import answers, cp_01, et_09, ob_01

CONTROLS = {"CP-01": cp_01, "ET-09": et_09, "OB-01": ob_01}


def main(bundles):
    said, passed, failed = Counter(), 0, 0
    for bundle in bundles:
        told = {}
        for line in (Path(bundle) / "results" / "verdicts.ndjson").read_text().splitlines():
            verdict = json.loads(line)
            if verdict["control"] in CONTROLS:
                told[verdict["control"], verdict["cluster"].lower()] = verdict["verdict"]
        for provider, cluster, description, logs in answers.clusters(bundle):
            for control, program in CONTROLS.items():
                ours, theirs = program.verdict(provider, description, logs), told.pop((control, cluster.lower()), "missing")
                said[control, provider, ours] += 1
                passed += ours == theirs
                failed += ours != theirs
                if ours != theirs:
                    print(f"{bundle}: {control} {cluster}: {ours} here, {theirs} in the bundle", file=sys.stderr)
        for control, cluster in told:
            failed += 1
            print(f"{bundle}: {control} {cluster}: no answer of a cloud tells of this cluster", file=sys.stderr)
    for (control, provider, verdict), count in sorted(said.items()):
        print(f"{control} {provider} {verdict}: {count}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
