"""The report and the plan as other programs read them: workbooks, calendars, Jira's import, a script for GitHub's program."""

import csv
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import icalendar
import openpyxl
from checks import check, done, same

FAKE = """#!%s
import json, os, sys
with open(os.environ["SAID"], "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if sys.argv[1:3] == ["issue", "list"]:
    print(os.environ["KNOWN"])
"""


def book(name, path, sheets):
    """A workbook with these sheets, in which nothing is a formula or a link; rows below the heads, by sheet."""
    with zipfile.ZipFile(path) as archive:
        same(f"{name}: files that say when they were made", {one.date_time[0] for one in archive.infolist()}, {1980})
        check(f"{name}: nothing outside", not [one for one in archive.namelist() if "external" in one.lower()])
    whole = openpyxl.load_workbook(path)
    same(f"{name}: sheets", whole.sheetnames, sheets)
    rows = {}
    for sheet in whole:
        cells = [cell for row in sheet.iter_rows() for cell in row]
        same(f"{name}: kinds of cells of {sheet.title}", {cell.data_type for cell in cells} - {"s", "n"}, set())
        same(f"{name}: links of {sheet.title}", [cell for cell in cells if cell.hyperlink], [])
        rows[sheet.title] = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    return whole, rows


def calendar(name, path, expected):
    data = pathlib.Path(path).read_bytes()
    same(f"{name}: lines that are too long", [line for line in data.split(b"\r\n") if len(line) > 75], [])
    check(f"{name}: lines end as they should", b"\n" not in data.replace(b"\r\n", b""))
    whole = icalendar.Calendar.from_ical(data)
    same(f"{name}: errors", whole.errors, [])
    check(f"{name}: what a calendar needs", whole["VERSION"] == "2.0" and whole["PRODID"])
    events = list(whole.walk("VEVENT"))
    same(f"{name}: errors of events", [event.errors for event in events if event.errors], [])
    planned = expected["planned"]
    same(f"{name}: summaries", [str(event["SUMMARY"]) for event in events], [one["title"] for one in planned])
    same(f"{name}: first days", [event.decoded("DTSTART").isoformat() for event in events], [one["from"] for one in planned])
    last = [(event.decoded("DTEND") - datetime.timedelta(days=1)).isoformat() for event in events]
    same(f"{name}: last days", last, [one["to"] for one in planned])
    same(f"{name}: each event once", len({str(event["UID"]) for event in events}), len(planned))
    ended = datetime.datetime.fromisoformat(expected["ended"]).replace(microsecond=0)
    same(f"{name}: stamps", {event.decoded("DTSTAMP") for event in events} - {ended}, set())


def jira(name, path, expected):
    with open(path, newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file, strict=True)
    same(f"{name}: rows", len(rows), len(expected["planned"]))
    same(f"{name}: cells in each row", {len(row) for row in rows}, {len(head)})
    check(f"{name}: summaries fit", all(0 < len(row[head.index("Summary")]) <= 255 for row in rows))
    check(f"{name}: descriptions fit", all(len(row[head.index("Description")]) <= 32_767 for row in rows))
    same(f"{name}: due", [row[head.index("Due Date")] for row in rows], [one["to"] for one in expected["planned"]])
    same(f"{name}: formulas", [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "@"))], [])


def github(name, path, expected):
    """The script, run with a program that writes down what it was asked."""
    for known in ("0", "1"):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "bin").mkdir()
            fake = folder / "bin/gh"
            fake.write_text(FAKE % sys.executable)
            fake.chmod(0o755)
            said = folder / "said"
            environment = {"PATH": f"{folder}/bin", "SAID": str(said), "KNOWN": known}
            ran = subprocess.run(["/bin/sh", path], cwd=folder, env=environment, capture_output=True, text=True)
            same(f"{name}: how it ended", (ran.returncode, ran.stderr), (0, ""))
            asked = [json.loads(line) for line in said.read_text().splitlines()]
            made = [one for one in asked if one[:2] == ["issue", "create"]]
            wanted = [one["title"] for one in expected["planned"]] if known == "0" else []
            same(f"{name}: titles", [one[3] for one in made], wanted)
            same(f"{name}: other requests", {tuple(one[:2]) for one in asked} - {("issue", "create"), ("issue", "list"), ("label", "create")}, set())
            same(f"{name}: what else it did", sorted(one.name for one in folder.iterdir()), ["bin", "said"])
            for one in made:
                body = one[one.index("--body") + 1]
                outside = "".join(body.split("`")[::2])
                check(f"{name}: nobody is mentioned and nothing is a link", not set("@<[#") & set(outside), body)


sent = json.load(sys.stdin)
for number, files in enumerate(sent["cases"]):
    expected = files["expected"]
    name = f"case {number}"
    whole, rows = book(name, files["report.xlsx"], ["Summary", "Clusters", "Findings", "Gaps", "Plan", "Expected"])
    same(f"{name}: findings", [[row[16], row[3], row[1]] for row in rows["Findings"]], expected["findings"])
    same(f"{name}: clusters, gaps, plan", [len(rows[one]) for one in ("Clusters", "Gaps", "Plan")], [expected["clusters"], expected["gaps"], expected["initiatives"]])
    same(f"{name}: planned", sorted(row[0] for row in rows["Plan"] if row[0]), sorted(one["quarter"] for one in expected["planned"]))
    check(f"{name}: numbers are numbers", all(isinstance(row[8], (int, float)) for row in rows["Plan"]))
    ended = datetime.datetime.fromisoformat(expected["ended"]).replace(tzinfo=None, microsecond=0)
    same(f"{name}: made", whole.properties.created, ended)
    book(f"{name}, the plan", files["plan.xlsx"], ["Plan", "Expected"])
    calendar(name, files["plan.ics"], expected)
    jira(name, files["plan.csv"], expected)
    github(name, files["plan.sh"], expected)
done()
