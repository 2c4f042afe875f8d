"""OB-01: is the audit log of the Kubernetes API kept?"""


def verdict(provider, said, logs):
    if provider == "gcp":
        return "inherited"
    if provider == "aws":
        kept = [kind for one in (said.get("logging") or {}).get("clusterLogging") or [] if one["enabled"] for kind in one["types"]]
        return "pass" if "audit" in kept else "fail"
    lines = [line for one in logs for line in (one["properties"].get("logs") or []) if line.get("enabled")]
    kept = {line.get("category") or line.get("categoryGroup") for line in lines}
    return "pass" if kept & {"kube-audit", "kube-audit-admin", "audit", "allLogs"} else "fail"
