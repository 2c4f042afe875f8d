"""Every form of an export as other people's programs take it, and the same with something broken, which they must refuse."""

import copy
import csv
import io
import json
import os
import pathlib
import sys
import tempfile
import uuid
import warnings

import boto3
import botocore.exceptions
import botocore.validate
import jsonschema
import junitparser
import openpyxl
from checks import check, done, same
from moto import mock_aws
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from trestle.cli import Trestle

# What each outcome is called: the table of docs/guides/exports.md, written a second time.
OCSF = {"pass": 1, "unknown": 2, "fail": 3, "waived": 3, "manual": 0, "not-applicable": 99, "inherited": 99, "mitigated": 99}
ASFF = {"pass": "PASSED", "fail": "FAILED", "waived": "FAILED", "mitigated": "FAILED"}
JUNIT = {"pass": None, "fail": "failure", "unknown": "error"}
SARIF = {"fail": ["fail"], "waived": ["fail"], "unknown": ["open"], "manual": ["review"], "mitigated": ["informational"]}

SARIF_SCHEMA = pathlib.Path(__file__).parents[3] / "cli/tests/schemas/sarif-2.1.0.json"
MODELS = ["catalog", "profile", "component-definition", "assessment-results", "plan-of-action-and-milestones"]
OCSF_VERSIONS = ["1.5.0", "1.8.0"]


def quietly(what):
    """Runs something that prints, and returns what it returned with what it printed."""
    kept = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = io.StringIO()
    try:
        return what(), sys.stdout.getvalue()
    except SystemExit as left:
        return left.code, sys.stdout.getvalue()
    finally:
        sys.stdout, sys.stderr = kept


def trestle(*arguments):
    """The trestle program in its workspace, which is the current folder: its exit code."""
    kept, sys.argv = sys.argv, ["trestle", *arguments]
    try:
        return quietly(lambda: Trestle().run())
    finally:
        sys.argv = kept


def taken_by_trestle(path):
    """Whether trestle imports a document, which runs every check that it has; and what it said."""
    code, said = trestle("import", "-f", str(path), "-o", uuid.uuid4().hex)
    return code == 0, said


def oscal(where, files, expected, models):
    for model in models:
        path = files.get(f"oscal/{model}.json")
        if path is None:
            same(f"{where}: only a plan may be missing", model, "plan-of-action-and-milestones")
            continue
        good, said = taken_by_trestle(path)
        check(f"{where}: trestle takes the {model}", good, said)
    results = json.loads(pathlib.Path(files["oscal/assessment-results.json"]).read_text())["assessment-results"]
    [run] = results["results"]
    told = sorted((prop["value"] for one in run["observations"] for prop in one["props"] if prop["name"] == "fingerprint"))
    same(f"{where}: an observation for each verdict", told, sorted(print for print, _, _ in expected["verdicts"]))


def resolves(files):
    """Trestle applies the profile to the catalog: every control, with the parameters and severities of the policy."""
    catalog = json.loads(pathlib.Path(files["oscal/catalog.json"]).read_text())
    profile = json.loads(pathlib.Path(files["oscal/profile.json"]).read_text())
    # As in a workspace, where a catalog has another address than the one beside the profile.
    profile["profile"]["back-matter"]["resources"][0]["rlinks"][0]["href"] = "trestle://catalogs/ours/catalog.json"
    profile["profile"]["modify"]["set-parameters"] = [{"param-id": "key_age_days", "values": ["30"]}]
    for folder, document in [("catalogs/ours/catalog", catalog), ("profiles/ours/profile", profile)]:
        pathlib.Path(folder).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(folder + ".json").write_text(json.dumps(document))
    code, said = trestle("author", "profile-resolve", "-n", "ours", "-o", "resolved", "-sv")
    same("trestle resolves the profile", (code, said.count("ERROR")), (0, 0))
    resolved = json.loads(pathlib.Path("catalogs/resolved/catalog.json").read_text())["catalog"]
    ids = lambda whole: sorted(one["id"] for group in whole["groups"] for one in group["controls"])
    same("every control is in the resolved catalog", ids(resolved), ids(catalog["catalog"]))
    controls = {one["id"]: one for group in resolved["groups"] for one in group["controls"]}
    values = {param["id"]: param.get("values") for one in controls.values() for param in one.get("params", [])}
    same("a parameter of the profile is applied", values["key_age_days"], ["30"])
    severities = [prop["value"] for prop in controls["CP-02"]["props"] if prop["name"] == "severity-here"]
    same("a severity of the policy is applied", severities, ["low"])


def broken_oscal(files):
    """What trestle must refuse, so that its consent says something."""

    def without_collected(whole):
        del whole["assessment-results"]["results"][0]["observations"][0]["collected"]

    def a_state_of_our_own(whole):
        whole["assessment-results"]["results"][0]["findings"][0]["target"]["status"]["state"] = "unknown"

    def a_name_of_version_7(whole):
        whole["assessment-results"]["uuid"] = "01890a5d-ac96-774b-bcce-b302099a8057"

    def a_name_twice(whole):
        observations = whole["assessment-results"]["results"][0]["observations"]
        observations[1]["uuid"] = observations[0]["uuid"]

    def a_field_too_much(whole):
        whole["assessment-results"]["results"][0]["verdict"] = "pass"

    def a_text_that_begins_with_a_blank(whole):
        whole["assessment-results"]["results"][0]["observations"][0]["props"][0]["value"] = " pass"

    whole = json.loads(pathlib.Path(files["oscal/assessment-results.json"]).read_text())
    for damage in [without_collected, a_state_of_our_own, a_name_of_version_7, a_name_twice, a_field_too_much,
                   a_text_that_begins_with_a_blank]:
        broken = copy.deepcopy(whole)
        damage(broken)
        pathlib.Path("broken.json").write_text(json.dumps(broken))
        good, _ = taken_by_trestle("broken.json")
        check(f"trestle refuses {damage.__name__}", not good)


def ocsf_schemas():
    return {
        version: OcsfJsonSchemaEmbedded(get_ocsf_schema(version)).get_class_schema("compliance_finding", ["cloud"])
        for version in OCSF_VERSIONS
    }


def ocsf_errors(schemas, event):
    return [
        f"{version}: {error.json_path}: {error.message[:200]}"
        for version, schema in schemas.items()
        for error in jsonschema.Draft202012Validator(schema).iter_errors(event)
    ]


def outdated(schema, event, whole=None, path=""):
    """The deprecated fields that an event has."""
    whole = whole or schema
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(event, list):
        return [one for item in event for one in outdated(schema.get("items", {}), item, whole, path)]
    if not isinstance(event, dict):
        return []
    found = []
    for key, value in event.items():
        field = schema.get("properties", {}).get(key, {})
        found += [f"{path}.{key}"] if field.get("deprecated") else []
        found += outdated(field, value, whole, f"{path}.{key}")
    return found


def ocsf(where, path, expected, schemas, all_of_them):
    events = [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]
    # The schemas take milliseconds for an event; of an export with a hurtful name a part is looked at.
    for event in events if all_of_them else events[::10]:
        same(f"{where}: what the schemas of OCSF say", ocsf_errors(schemas, event), [])
        same(f"{where}: outdated fields", [one for schema in schemas.values() for one in outdated(schema, event)], [])
    for event in events:
        ComplianceFinding(**event)
    check(f"{where}: py-ocsf-models takes every event", events)
    same(f"{where}: milliseconds", {event["time"] for event in events}, {expected["ended"]})
    same(f"{where}: versions", {event["metadata"]["version"] for event in events}, {expected["ocsf"]})
    told = [(event["finding_info"]["uid"], event["compliance"]["control"], event["compliance"]["status_id"]) for event in events]
    same(f"{where}: verdicts", told, [(print, control, OCSF[outcome]) for print, control, outcome in expected["verdicts"]])
    same(f"{where}: names of events", len({event["metadata"]["uid"] for event in events}), len(events))
    waived = [event["status_id"] == 3 for event in events]
    same(f"{where}: suppressed", waived, [outcome == "waived" for _, _, outcome in expected["verdicts"]])
    return events[0]


def broken_ocsf(event, schemas):
    def without_metadata(broken):
        del broken["metadata"]

    def a_severity_of_our_own(broken):
        broken["severity_id"] = 7

    def a_field_too_much(broken):
        broken["compliance"]["verdict"] = "pass"

    def a_time_as_text(broken):
        broken["time"] = "2026-11-20T00:00:00Z"

    for damage in [without_metadata, a_severity_of_our_own, a_field_too_much, a_time_as_text]:
        broken = copy.deepcopy(event)
        damage(broken)
        check(f"both schemas of OCSF refuse {damage.__name__}", len(ocsf_errors(schemas, broken)) >= len(schemas))
    del event["compliance"]
    try:
        ComplianceFinding(**event)
        check("py-ocsf-models refuses an event without compliance", False)
    except ValueError:
        check("py-ocsf-models refuses an event without compliance", True)


def asff(where, path, expected, is_sent):
    hub = boto3.client("securityhub", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    shape = hub.meta.service_model.operation_model("BatchImportFindings").input_shape
    told = []
    for line in pathlib.Path(path).read_text().splitlines():
        call = json.loads(line)
        same(f"{where}: keys of a call", list(call), ["Findings"])
        check(f"{where}: at most 100 at once", 0 < len(call["Findings"]) <= 100)
        same(f"{where}: what botocore says", botocore.validate.ParamValidator().validate(call, shape).generate_report(), "")
        if is_sent:
            answer = hub.batch_import_findings(**call)
            same(f"{where}: moto takes them", (answer["FailedCount"], answer["SuccessCount"]), (0, len(call["Findings"])))
        for one in call["Findings"]:
            sizes = [len(one["Id"]), len(one["Title"]), len(one["Description"]), len(json.dumps(one).encode())]
            limits = [512, 256, 1024, 240 * 1024]
            check(f"{where}: sizes", all(0 < size <= limit for size, limit in zip(sizes, limits)), str(sizes))
            check(f"{where}: requirements", len(one["Compliance"].get("RelatedRequirements", [])) <= 32)
            long = [key for key, text in one["ProductFields"].items() if not 0 < len(text) <= 2048 or len(key) > 128]
            same(f"{where}: fields that are too long", long, [])
            told.append((one["Id"], one["ProductFields"]["palisade/control"], one["Compliance"]["Status"]))
    wanted = [(f"palisade/{print}", control, ASFF.get(outcome, "NOT_AVAILABLE")) for print, control, outcome in expected["verdicts"]]
    same(f"{where}: verdicts", told, wanted)
    if not is_sent:
        return
    kept = hub.get_paginator("get_findings").paginate().build_full_result()["Findings"]
    check(f"{where}: they are kept", {one["Id"] for one in kept} >= {name for name, _, _ in told})


def broken_asff(path):
    hub = boto3.client("securityhub", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    call = json.loads(pathlib.Path(path).read_text().splitlines()[0])

    def without_title(one):
        del one["Title"]

    def a_list_of_resources_as_text(one):
        one["Resources"] = "cluster"

    def a_field_too_much(one):
        one["Verdict"] = "pass"

    for damage in [without_title, a_list_of_resources_as_text, a_field_too_much]:
        broken = copy.deepcopy(call)
        damage(broken["Findings"][0])
        try:
            hub.batch_import_findings(**broken)
            check(f"botocore refuses {damage.__name__}", False)
        except botocore.exceptions.ParamValidationError:
            check(f"botocore refuses {damage.__name__}", True)


def junit(where, path, expected):
    whole = junitparser.JUnitXml.fromfile(path)
    cases = [case for suite in whole for case in suite]
    kinds = {junitparser.Failure: "failure", junitparser.Error: "error", junitparser.Skipped: "skipped"}
    kind = lambda case: next((kinds[type(one)] for one in case.result if type(one) in kinds), None)
    told = [(case._elem.get("id"), kind(case)) for case in cases]
    wanted = [(print, JUNIT.get(outcome, "skipped")) for print, _, outcome in expected["verdicts"]]
    same(f"{where}: verdicts", told, wanted)
    same(f"{where}: classes", [case for case in cases if not case.classname], [])
    count = lambda kind: sum(1 for _, found in told if found == kind)
    same(f"{where}: counts", (whole.tests, whole.failures, whole.errors, whole.skipped),
         (len(told), count("failure"), count("error"), count("skipped")))
    same(f"{where}: counts of the suites", sum(suite.failures for suite in whole), count("failure"))


def broken_junit(path):
    text = pathlib.Path(path).read_text()
    for name, broken in [("half a file", text[: len(text) // 2]), ("a name that is not escaped", text.replace("&lt;", "<", 1))]:
        try:
            junitparser.JUnitXml.fromstring(broken.encode())
            check(f"junitparser refuses {name}", False)
        except Exception as error:
            check(f"junitparser refuses {name}", type(error).__name__ in ("ParseError", "XMLSyntaxError"), repr(error))


def sarif(where, path, expected, schema):
    whole = json.loads(pathlib.Path(path).read_text())
    errors = [error.message[:300] for error in jsonschema.Draft7Validator(schema).iter_errors(whole)]
    same(f"{where}: what SARIF's schema says", errors, [])
    [run] = whole["runs"]
    told = sorted((one["partialFingerprints"]["palisade/v1"], one["kind"]) for one in run["results"])
    same(f"{where}: verdicts", told, sorted((print, kind) for print, _, outcome in expected["verdicts"] for kind in SARIF.get(outcome, [])))
    broken = copy.deepcopy(whole)
    broken["runs"][0]["results"][0]["kind"] = "unknown"
    check(f"{where}: a kind of our own is refused", list(jsonschema.Draft7Validator(schema).iter_errors(broken)))


def lines(where, path, expected):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    same(f"{where}: lines", len(rows), expected["lines"])
    same(f"{where}: columns", {len(row) for row in rows} | {None in row for row in rows}, {26, False})
    told = [(row["fingerprint"], row["control"]) for row in rows if row["rolled_up"] == "false"]
    same(f"{where}: verdicts", told, [(print, control) for print, control, _ in expected["verdicts"]])
    formulas = [cell for row in rows for cell in row.values() if cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))]
    same(f"{where}: formulas", formulas, [])


def workbook(where, path, expected):
    book = openpyxl.load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    same(f"{where}: kinds of cells", {cell.data_type for cell in cells} - {"s", "n", "d"}, set())
    prints = {cell.value for cell in cells}
    missing = [print for print, _, _ in expected["verdicts"] if print not in prints]
    same(f"{where}: verdicts that are not in it", missing, [])


def main():
    warnings.simplefilter("ignore")
    cases = json.load(sys.stdin)
    schemas = ocsf_schemas()
    sarif_schema = json.loads(SARIF_SCHEMA.read_text())
    with tempfile.TemporaryDirectory() as folder, mock_aws():
        os.chdir(folder)
        same("trestle begins", trestle("init", "--local")[0], 0)
        for number, case in enumerate(cases):
            files, where = case["files"], f"export {number}"
            # The other models say nothing of what clouds and people call things.
            oscal(where, files, case, MODELS if number == 0 else MODELS[3:])
            event = ocsf(f"{where}, OCSF", files["ocsf.ndjson"], case, schemas, number == 0)
            asff(f"{where}, ASFF", files["asff.ndjson"], case, number == 0)
            junit(f"{where}, JUnit", files["junit.xml"], case)
            sarif(f"{where}, SARIF", files["findings.sarif"], case, sarif_schema)
            lines(f"{where}, CSV", files["findings.csv"], case)
            if "report.xlsx" in files:
                workbook(f"{where}, XLSX", files["report.xlsx"], case)
            if number == 0:
                resolves(files)
                broken_oscal(files)
                broken_ocsf(event, schemas)
                broken_asff(files["asff.ndjson"])
                broken_junit(files["junit.xml"])
        os.chdir("/")
    done()


main()
