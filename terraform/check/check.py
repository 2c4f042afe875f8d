"""Checks what is deployed: Terraform's modules and examples, and the manifests of Kubernetes.

    python check.py terraform       fmt, validate of every module and example, and the modules' own tests
    python check.py analyse         checkov, without an unexplained finding
    python check.py kubernetes      Kustomize's output against the API server's schemas, and restricted Pod Security
    python check.py observe         alerts and dashboard: the metrics they name, and promtool's tests

Terraform needs no network: providers are taken from the folder PALISADE_TEST_TERRAFORM_PLUGINS (a file-system mirror)
where it has them, and are stood in for where it does not (stand_in.py). Without `terraform` on the path its part says so.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
PROVIDERS = {"aws": "aws", "azurerm": "azure", "google": "gcp"}
# Of checkov. Every finding that is skipped has its reason beside it, in the file; nothing is skipped here.
FRAMEWORKS = ["terraform", "kubernetes", "dockerfile"]
OVERLAYS = ["eks", "aks", "gke", "eks-together", "gke-shards"]
# Of each cloud's clusters: where evidence is kept, and who answers names there beside the pods of kube-dns.
CLOUDS = {
    "eks": ("s3://", {"10.100.0.10/32", "172.20.0.10/32", "169.254.20.10/32", "node-local-dns"}),
    "aks": ("az://", {"169.254.10.10/32", "169.254.10.11/32"}),
    "gke": ("gs://", {"169.254.169.254/32", "169.254.20.10/32", "34.118.224.10/32", "node-local-dns"}),
}
# The oldest one that is supported somewhere, and the newest one whose schemas there are.
KUBERNETES = ["1.31", "1.37"]


def fail(text):
    sys.exit(f"error: {text}")


def run(*command, cwd=None, environment=None, stdin=None):
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", **(environment or {})}
    ended = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, input=stdin, timeout=600)
    if ended.returncode != 0:
        fail(f"`{' '.join(map(str, command))}` in {cwd or '.'}:\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def modules(root):
    folders = {path.parent for path in root.rglob("*.tf") if ".terraform" not in path.parts}
    return sorted(folder.relative_to(root) for folder in folders)


def mirrored():
    """The providers that are really there."""
    plugins = os.environ.get("PALISADE_TEST_TERRAFORM_PLUGINS")
    below = pathlib.Path(plugins or "/nonexistent") / "registry.terraform.io/hashicorp"
    return plugins, [name for name in PROVIDERS if (below / name).is_dir()]


def asked():
    """The APIs of Google that the binary calls are those that its permissions name: by them the module switches APIs on."""
    documented = (ROOT / "docs/reference/permissions-gcp.md").read_text()
    called = {call.split(".")[0] for call in re.findall(r"^\| `(\w+\.[\w.]+)` \|", documented, re.M)}
    role = json.loads((ROOT / "terraform/gcp/reader/reader-role.json").read_text())
    named = {re.sub("^resourcemanager$", "cloudresourcemanager", one.split(".")[0]) for one in role["includedPermissions"]}
    if not called or called != named:
        fail(f"terraform/gcp/main.tf would switch on other APIs than are called: {sorted(called ^ named)}")


def terraform():
    asked()
    if not shutil.which("terraform"):
        print("terraform is not installed: the format and the validity of terraform/ were NOT checked", file=sys.stderr)
        return
    import stand_in

    run("terraform", "fmt", "-check", "-diff", "-recursive", "terraform", cwd=ROOT)
    plugins, real = mirrored()
    with tempfile.TemporaryDirectory() as folder, stand_in.Providers([name for name in PROVIDERS if name not in real]) as found:
        copy = pathlib.Path(folder) / "terraform"
        shutil.copytree(ROOT / "terraform", copy, ignore=shutil.ignore_patterns(".terraform*", "check"))
        rc = pathlib.Path(folder) / "terraformrc"
        rc.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{plugins or folder}" }}\n}}\n')
        environment = {**found, "TF_CLI_CONFIG_FILE": str(rc)}
        names = modules(copy)
        for name in names:
            run("terraform", "init", "-backend=false", "-input=false", cwd=copy / name, environment=environment)
            ended = terraform_validate(copy / name, environment)
            said = json.loads(ended.stdout or "{}")
            if "diagnostics" not in said:
                fail(f"terraform/{name}: {ended.stdout}{ended.stderr}")
            if said["diagnostics"]:
                fail(f"terraform/{name}:\n" + "\n".join(diagnostic(one) for one in said["diagnostics"]))
        shutil.copytree(ROOT / "schedules", copy.parent / "schedules")
        tested = [tested_module(copy / name, environment) for name in names if (copy / name / "tests").is_dir()]
        refused(copy, environment)
    stood = [name for name in PROVIDERS if name not in real]
    print(
        f"terraform: {len(names)} modules and examples are valid, {sum(tested)} runs of their tests passed; "
        f"providers: {', '.join(real) or 'none'}; by their schemas alone: {', '.join(stood) or 'none'}"
    )


def tested_module(folder, environment):
    """How many runs of the module's own tests passed; none makes anything (mock providers, plans)."""
    said = run("terraform", "test", "-no-color", cwd=folder, environment=environment)
    passed = re.search(r"^Success! (\d+) passed, 0 failed", said, re.M)
    if not passed or passed.group(1) == "0":
        fail(f"{folder.name}: {said}")
    return int(passed.group(1))


def terraform_validate(folder, environment):
    return subprocess.run(
        ["terraform", "validate", "-json"], cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True
    )


def diagnostic(said):
    place = said.get("range", {})
    return f"{place.get('filename')}:{place.get('start', {}).get('line')}: {said['severity']}: {said['summary']} {said.get('detail', '')}"


def refused(copy, environment):
    """A check that finds nothing proves nothing: these have to be found."""
    for provider, line, found in (
        ("aws", 'resource "aws_s3_bucket" "x" { bucket_name = "x" }', "bucket_name"),
        ("azurerm", 'resource "azurerm_role_definition" "x" { name = "x" }', "scope"),
        ("google", 'resource "google_cloud_run_v2_job" "x" {\n  name     = "x"\n  location = "x"\n}', "template"),
    ):
        folder = copy / f"refused-{provider}"
        folder.mkdir()
        (folder / "main.tf").write_text(f'terraform {{\n  required_providers {{\n    {provider} = {{ source = "hashicorp/{provider}" }}\n  }}\n}}\n{line}\n')
        run("terraform", "init", "-backend=false", "-input=false", cwd=folder, environment=environment)
        ended = terraform_validate(folder, environment)
        if ended.returncode == 0 or found not in ended.stdout:
            fail(f"a mistake with {provider} was not found: {ended.stdout}")


def analyse():
    checkov = pathlib.Path(sys.executable).parent / "checkov"
    counted = []
    with tempfile.TemporaryDirectory() as folder:
        for overlay in OVERLAYS if shutil.which("kubectl") else []:
            (pathlib.Path(folder) / f"{overlay}.yaml").write_text(rendered(overlay))
        where = {
            "terraform": ["--directory", "terraform"],
            "kubernetes": ["--directory", folder],
            "dockerfile": ["--file", "Dockerfile", "deploy/image/Dockerfile"],
        }
        for framework in FRAMEWORKS:
            if framework == "kubernetes" and not shutil.which("kubectl"):
                continue
            command = [sys.executable, checkov, "--framework", framework, "--output", "json", "--skip-download", "--quiet"]
            ended = subprocess.run([*command, *where[framework]], cwd=ROOT, capture_output=True, text=True, env={**os.environ, "LOG_LEVEL": "ERROR"})
            counted.append((framework, *judged(framework, ended)))
    print("checkov: " + "; ".join(f"{framework}: {passed} passed, {skipped} skipped with a reason" for framework, passed, skipped in counted))


def judged(framework, ended):
    """How many checks passed and were skipped; ends with every finding, if there are any."""
    try:
        said = json.loads(ended.stdout)
    except ValueError:
        fail(f"checkov ({framework}) said nothing that can be read:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    passed = skipped = 0
    for report in said if isinstance(said, list) else [said]:
        summary, results = report.get("summary", report), report.get("results", {})
        found = [f"{one['check_id']} {one['check_name']}: {one['file_path']} {one['resource']}" for one in results.get("failed_checks", [])]
        if found or summary.get("parsing_errors"):
            fail("checkov:\n" + "\n".join(found or results.get("parsing_errors", [])))
        passed += summary.get("passed", 0)
        skipped += summary.get("skipped", 0)
    if passed == 0:
        fail(f"checkov looked at nothing of {framework}")
    return passed, skipped


def rendered(overlay):
    return run("kubectl", "kustomize", f"deploy/kubernetes/overlays/{overlay}", cwd=ROOT)


def kubernetes():
    if not shutil.which("kubectl"):
        print("kubectl is not installed: deploy/kubernetes was NOT checked", file=sys.stderr)
        return
    import kubernetes_validate
    import yaml

    count = 0
    for overlay in OVERLAYS:
        documents = list(yaml.safe_load_all(rendered(overlay)))
        for document in documents:
            for version in KUBERNETES:
                try:
                    kubernetes_validate.validate(document, version, strict=True)
                except kubernetes_validate.ValidationError as error:
                    fail(f"{overlay}: {document['kind']} {document['metadata']['name']} ({version}): {error.message} at {error.path}")
            count += 1
        files = {name: yaml.safe_load(text) for one in documents if one["kind"] == "ConfigMap" for name, text in one["data"].items()}
        jobs = [one for one in documents if one["kind"] == "CronJob"]
        if {f"{scheduled(one)}.yaml" for one in jobs} | {"palisade.yaml"} != set(files):
            fail(f"{overlay}: CronJobs and schedules are not the same")
        for job in jobs:
            as_scheduled(overlay, job, files[f"{scheduled(job)}.yaml"])
            as_shared(overlay, job)
            restricted(overlay, job)
        at_home(overlay, documents, jobs, files)
        met = [shared_place(job) for job in jobs if shared_place(job)]
        if len(met) % 2 or len(set(met)) * 2 != len(met):
            fail(f"{overlay}: the parts of a run do not meet where they are put together: {met}")
    broken = yaml.safe_load("{apiVersion: batch/v1, kind: CronJob, metadata: {name: x}, spec: {schedule: '0 2 * * *', timezone: UTC, jobTemplate: {}}}")
    try:
        kubernetes_validate.validate(broken, KUBERNETES[-1], strict=True)
    except kubernetes_validate.ValidationError:
        print(f"kubernetes: {count} objects of {len(OVERLAYS)} overlays are valid in {' and '.join(KUBERNETES)}; every pod is a restricted one")
        return
    fail("a mistake in a manifest was not found")


def arguments(job):
    return job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"]


def scheduled(job):
    """The schedule that a CronJob runs, alone or with others."""
    return arguments(job)[1]


def shared_place(job):
    """A schedule, and where the parts of its run are written or read."""
    words = arguments(job)
    places = [words[n + 1] for n, word in enumerate(words) if word in ("--share", "--merge")]
    return (words[1], places[0]) if places else None


def as_shared(overlay, job):
    """As many processes are started as every one of them is told."""
    spec, words = job["spec"]["jobTemplate"]["spec"], arguments(job)[2:]
    environment = {one["name"]: one.get("value") for one in spec["template"]["spec"]["containers"][0]["env"]}
    shares = "--shard" in words or "--join" in words
    same = spec.get("completionMode") == "Indexed" and spec["completions"] == spec["parallelism"] and "backoffLimitPerIndex" in spec
    if shares != ("completions" in spec) or (shares and not same):
        fail(f"{overlay}: {job['metadata']['name']}: an Indexed Job shares a run, and nothing else does")
    wanted = str(spec["completions"]) if "--shard" in words else None
    if environment.get("PALISADE_SHARDS") != wanted:
        fail(f"{overlay}: {job['metadata']['name']}: PALISADE_SHARDS is not the number of pods")


def as_scheduled(overlay, job, schedule):
    spec, name = job["spec"], scheduled(job)
    wanted = {
        "schedule": schedule["cron"],
        "timeZone": schedule.get("time_zone", "UTC"),
        "deadline": (schedule.get("time_limit_minutes", 240) + 15) * 60,
        "args": ["run", name],
    }
    there = {
        "schedule": spec["schedule"],
        "timeZone": spec.get("timeZone"),
        "deadline": spec["jobTemplate"]["spec"].get("activeDeadlineSeconds"),
        "args": arguments(job)[:2],
    }
    if wanted != there:
        fail(f"{overlay}: {name}: the schedule's file says {wanted}, the CronJob {there}")


def at_home(overlay, documents, jobs, files):
    """Evidence goes to the cluster's own cloud, and names are answered in its clusters as they come today."""
    scheme, wanted = CLOUDS[overlay.split("-")[0]]
    for name, schedule in files.items():
        to = schedule.get("evidence", {}).get("to", scheme)
        if not to.startswith(scheme):
            fail(f"{overlay}: {name} keeps evidence in another cloud: {to}")
    for job in jobs:
        container = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
        if ("AZURE_STORAGE_ACCOUNT_NAME" in {one["name"] for one in container["env"]}) != (scheme == "az://"):
            fail(f"{overlay}: {job['metadata']['name']}: a storage account is named where evidence goes to one, and nowhere else")
    rules = [rule for one in documents if one["kind"] == "NetworkPolicy" for rule in one["spec"].get("egress", [])]
    names = [rule for rule in rules if {(port["protocol"], port["port"]) for port in rule["ports"]} == {("UDP", 53), ("TCP", 53)}]
    let = {peer["ipBlock"]["cidr"] if "ipBlock" in peer else peer["podSelector"]["matchLabels"]["k8s-app"] for rule in names for peer in rule["to"]}
    if let != wanted | {"kube-dns"}:
        fail(f"{overlay}: names are asked of {sorted(let)}, and answered by {sorted(wanted | {'kube-dns'})}")


def restricted(overlay, job):
    """What the restricted Pod Security Standard asks of a pod, and what we ask beyond it."""
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    around = pod.get("securityContext", {})
    wrong = [name for name in ("hostNetwork", "hostPID", "hostIPC", "initContainers", "ephemeralContainers") if pod.get(name)]
    if pod.get("automountServiceAccountToken") is not False:
        wrong.append("a token is mounted")
    if around.get("runAsNonRoot") is not True or around.get("runAsUser", 0) == 0 or around.get("sysctls"):
        wrong.append("the user")
    if around.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        wrong.append("seccomp")
    wrong += [volume["name"] for volume in pod["volumes"] if not {"configMap", "emptyDir", "secret", "projected"} & set(volume)]
    for container in pod["containers"]:
        own = container.get("securityContext", {})
        if own.get("privileged") or own.get("allowPrivilegeEscalation") is not False:
            wrong.append("privileges")
        if own.get("capabilities") != {"drop": ["ALL"]} or container.get("ports"):
            wrong.append("capabilities or ports")
        if own.get("readOnlyRootFilesystem") is not True:
            wrong.append("the root file system")
        if set(container.get("resources", {})) != {"requests", "limits"}:
            wrong.append("resources")
        if "@sha256:" not in container["image"]:
            wrong.append("the image has no digest")
    if wrong:
        fail(f"{overlay}: {job['metadata']['name']}: {', '.join(wrong)}")


def observe():
    """Alerts and dashboard name metrics that there are, and nothing else; promtool runs the alerts' own tests."""
    documented = set(re.findall(r"^\| `(palisade_\w+)`", (ROOT / "docs/reference/metrics.md").read_text(), re.M))
    rules = ROOT / "deploy/prometheus/palisade.rules.yml"
    board = json.loads((ROOT / "deploy/grafana/palisade.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    for name, text in (("alerts", rules.read_text()), ("dashboard", "\n".join(asked))):
        named = set(re.findall(r"\bpalisade_\w+", text))
        if not named or named - documented:
            fail(f"{name}: no such metric: {sorted(named - documented) or 'none is named'}")
    promtool = os.environ.get("PALISADE_TEST_PROMTOOL") or shutil.which("promtool")
    if not promtool:
        print("promtool is not installed (Debian: prometheus): the tests of the alerts were NOT run", file=sys.stderr)
        return
    run(promtool, "test", "rules", "palisade.test.yml", cwd=rules.parent)
    with tempfile.TemporaryDirectory() as folder:
        # The dashboard's questions as rules: each must be one that Prometheus can answer.
        named = [{"record": f"asked:{n}", "expr": expr.replace("$job", "palisade")} for n, expr in enumerate(asked)]
        path = pathlib.Path(folder) / "board.yml"
        path.write_text(json.dumps({"groups": [{"name": "board", "rules": named}]}))
        run(promtool, "check", "rules", str(path))
    print(f"observability: {len(asked)} questions of the dashboard are understood, the tests of the alerts passed")


PARTS = {"observe": observe, "terraform": terraform, "analyse": analyse, "kubernetes": kubernetes}

if __name__ == "__main__":
    for part in sys.argv[1:]:
        PARTS[part]()
