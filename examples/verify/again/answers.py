"""What the clouds said, straight from `raw/` of a bundle. Python's standard library alone; shares no code with Palisade."""

import json
from pathlib import Path


def clusters(bundle):
    """Every cluster of a bundle: provider, id, the cloud's own description, and the settings that send its logs."""
    bundle = Path(bundle)
    logs, found = {}, []
    for call in map(json.loads, (bundle / "calls.ndjson").read_text().splitlines()):
        if "sha256" not in call:
            continue
        operation, digest = call["operation"], call["sha256"]
        if operation not in ("eks:DescribeCluster", "ManagedClusters_List", "container.clusters.list", "DiagnosticSettings_List"):
            continue
        answer = json.loads((bundle / "raw" / digest[:2] / f"{digest}.json").read_text())
        if operation == "eks:DescribeCluster":
            one = answer.get("cluster") or {}
            found.append(("aws", one.get("arn"), one))
        elif operation == "ManagedClusters_List":
            found += [("azure", one["id"].lower(), one.get("properties") or {}) for one in answer.get("value") or []]
        elif operation == "container.clusters.list":
            found += [("gcp", one["selfLink"].split("/v1/")[-1], one) for one in answer.get("clusters") or []]
        elif "cluster" in call["params"]:
            logs.setdefault(call["params"]["cluster"], []).extend(answer.get("value") or [])
    return [(provider, name, said, logs.get(name)) for provider, name, said in found]
