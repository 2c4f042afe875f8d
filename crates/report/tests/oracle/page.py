"""The report's page in a browser, opened as the file that it is, against the JSON form of the same report."""

import csv
import json
import pathlib
import re
import sys

import browser
from checks import check, done, same

AXE = pathlib.Path(browser.__file__).resolve().parents[1] / "vendor/axe.min.js"
# Those that the summary counts: nothing is open with `info` alone.
SEVERITIES = ["critical", "high", "medium", "low"]
PARTS = ["#/", "#/health", "#/plan", "#/maps", "#/maps/authority?after", "#/maps/protection/0", "#/answers", "#/clusters", "#/controls", "#/findings", "#/findings?parts=each", "#/changes", "#/coverage"]
# What turns the reading direction, hides, or drives a terminal.
DECEIVING = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\U000e0000-\U000e0fff]")

LOOK = """() => ({
    tags: [...new Set([...document.body.querySelectorAll("*")].map(one => one.localName))],
    handlers: [...document.querySelectorAll("*")].flatMap(one => [...one.attributes].map(a => a.name)).filter(name => /^on/.test(name)),
    links: [...document.querySelectorAll("a")].map(one => one.getAttribute("href")),
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    words: document.body.innerText,
    title: [...document.querySelectorAll("h1")].filter(one => one.checkVisibility()).map(one => one.innerText),
})"""

TAGS = set(
    "a b br button circle code dd desc details div dl dt figcaption figure footer form g h1 h2 h3 h4 header i input kbd label li "
    "line main nav noscript ol option p path polyline rect script section select small span summary svg table tbody td text th "
    "thead title tr ul".split()
)


def go(page, part):
    """Moves to a part of the page as its links do."""
    page.run(f"location.hash = {json.dumps(part)}; 0")
    page.run("new Promise(next => setTimeout(next))")


def opened(page, most=40):
    """Opens the drawers that are there."""
    page.run(f"[...document.querySelectorAll('details')].slice(0, {most}).forEach(box => box.open = true); 0")
    page.run("new Promise(next => setTimeout(next))")


def once(findings):
    """A cluster's own findings: each thing once."""
    return [one for one in findings if one["subject"]["kind"] == "cluster"]


def is_open(one):
    return one["verdict"] == "fail" and not one["waived"]


def untouched(name, page):
    """Nothing ran, nothing was asked of a network, and nothing that nobody meant is in the page."""
    look = page.call(LOOK)
    same(f"{name}: what the browser complains of", page.complaints, [])
    same(f"{name}: what was asked of a network", page.requests, [])
    same(f"{name}: elements nobody meant", sorted(set(look["tags"]) - TAGS), [])
    same(f"{name}: attributes that run", look["handlers"], [])
    same(f"{name}: names of more than one element", page.twice(), [])
    same(f"{name}: links that lead away", [link for link in look["links"] if not link.startswith("#")], [])
    check(f"{name}: nothing is wider than the window", look["wide"] <= 0, look["wide"])
    same(f"{name}: letters that deceive", DECEIVING.findall(look["words"].replace("\t", " ")), [])
    check(f"{name}: one heading", len(look["title"]) == 1 and look["title"][0], look["title"])


def counts(name, page, findings):
    """The figures of the summary are those of the report, and lead to what they count."""
    own = once(findings)
    wanted = {severity: sum(is_open(one) and one["severity"] == severity for one in own) for severity in SEVERITIES}
    wanted["unknown"] = sum(one["verdict"] in ("unknown", "attest-missing", "attest-expired") for one in own)
    wanted["pass"] = sum(one["verdict"] == "pass" for one in own)
    figures = page.run("[...document.querySelectorAll('.figure')].map(one => [one.querySelector('span').innerText, one.querySelector('b').innerText])")
    same(f"{name}: figures", {label: int(count.replace(",", "")) for label, count in figures}, wanted)
    for severity in SEVERITIES:
        go(page, "#/")
        page.run(f"document.querySelector('.figure.sev-{severity} a').click()")
        page.run("new Promise(next => setTimeout(next))")
        same(f"{name}: where {severity} leads", page.run("location.hash"), f"#/findings?severity={severity}&state=fail")
        filtered(name, page, findings, f"severity={severity}&state=fail", lambda one: is_open(one) and one["severity"] == severity)


def planned(name, page):
    """Every change is in the picture and in the tables, and every link of the two still views leads somewhere."""
    go(page, "#/plan")
    dots = page.run("document.querySelectorAll('#plan .dot').length")
    rows = page.run("document.querySelectorAll('#plan .field-table tbody tr').length")
    more = page.run("[...document.querySelectorAll('#plan .field-table > .note')].map(one => one.innerText)")
    same(f"{name}: changes in the picture and in the tables", dots, rows + sum(int(re.findall(r"\d+", one)[0]) for one in more))
    check(f"{name}: there are changes", dots > 0)
    for section in ("plan", "health"):
        links = page.run(f"[...new Set([...document.querySelectorAll('#{section} a')].map(one => one.getAttribute('href')))]")
        check(f"{name}: {section} has links", links)
        for link in links:
            go(page, link)
            title = page.run("document.querySelector('#view h1')?.innerText")
            check(f"{name}: {link} leads somewhere", title and not title.startswith("No such"), title)


SHAPES = """(svg) => [...svg.querySelectorAll("text, rect, path, line, .n")].map(one => [
    one.localName === "a" ? "g" : one.localName, one.getAttribute("class"),
    ...["x", "y", "width", "height", "x1", "x2", "y1", "y2", "rx", "d"].map(key => one.getAttribute(key)),
    one.localName === "text" ? one.textContent : one.querySelector?.("title")?.textContent])"""


def mapped(name, page, clusters):
    """Four maps, now and after the plan, of the fleet and of one cluster, without a mouse and without losing one's place."""
    seen = "[...document.querySelectorAll('#maps .scroll > svg')].filter(one => one.checkVisibility())"
    scroller = "[...document.querySelectorAll('#maps .scroll')].find(one => one.checkVisibility())"
    for kind in ("exposure", "authority", "architecture", "protection"):
        go(page, f"#/maps/{kind}")
        check(f"{name}: one map of {kind}", page.run(f"{seen}.length === 1 && {seen}[0].querySelectorAll('.n').length > 0"))
        bad = page.run(f"{seen}[0].querySelectorAll('.e.bad').length")
        page.run(f"document.getElementById('map-fit').ariaPressed === 'true' && document.getElementById('map-fit').click(); {scroller}.scrollLeft = 37; {scroller}.scrollTop = 23; 0")
        place = page.run(f"[{scroller}.scrollLeft, {scroller}.scrollTop]")
        page.run("document.querySelector('#maps button[data-when=after]').focus(); 0")
        page.key("Enter", text="\r")
        same(f"{name}: after the plan has an address", page.run("location.hash"), f"#/maps/{kind}?after")
        same(f"{name}: which is pressed", page.run("[...document.querySelectorAll('#maps [aria-pressed=true]')].map(one => one.innerText)"), ["After the plan"])
        same(f"{name}: nobody lost the place on {kind}", page.run(f"[{scroller}.scrollLeft, {scroller}.scrollTop]"), place)
        less = page.run(f"{seen}[0].querySelectorAll('.e.bad').length")
        check(f"{name}: a plan makes nothing of {kind} worse", less <= bad, [less, bad])
        rows = page.run("[...document.querySelectorAll('#maps .map-view')].find(one => one.checkVisibility()).querySelectorAll('tbody tr').length")
        told = page.run(f"{seen}[0].querySelectorAll('.e.bad, .e.unknown, .e.changed').length")
        same(f"{name}: {kind} in words", rows, min(told, 40))
        page.run("document.querySelector('#maps button[data-when=now]').click(); 0")
        fleet = page.run(f"({SHAPES})({seen}[0])")
        page.run("(of => { of.value = '0'; of.dispatchEvent(new Event('change')); })(document.getElementById('map-of')); 0")
        same(f"{name}: the address of one cluster", page.run("location.hash"), f"#/maps/{kind}/0")
        check(f"{name}: {kind} of one cluster", page.run(f"{seen}.length === 1 && {seen}[0].querySelectorAll('.n').length > 0"))
        if clusters == 1:
            same(f"{name}: {kind} of the only cluster is that of the fleet", page.run(f"({SHAPES})({seen}[0])"), fleet)
        untouched(f"{name}, {kind} of one cluster", page)
    go(page, "#/maps/exposure?after")
    link = page.run(f"{seen}[0].querySelector('a.n').getAttribute('href')")
    page.run(f"{seen}[0].querySelector('a.n').dispatchEvent(new MouseEvent('click', {{ bubbles: true, cancelable: true }})); 0")
    page.run("new Promise(next => setTimeout(next))")
    same(f"{name}: where a cluster on the map leads", page.run("location.hash"), link)
    check(f"{name}: and it is drawn after the plan", link.endswith("?after") and page.run(f"{seen}.length === 1"))
    go(page, "#/maps/exposure/99999")
    check(f"{name}: a cluster that is not there", "No such cluster" in page.run("document.getElementById('map-one').innerText"))
    page.send("Emulation.setEmulatedMedia", media="print")
    same(f"{name}: maps on paper", page.run("[...document.querySelectorAll('#maps .map-page svg')].filter(one => one.checkVisibility()).length"), 8)
    page.send("Emulation.setEmulatedMedia", media="")


def filtered(name, page, findings, asked, wanted, own=True):
    """A filter shows what it names and nothing else."""
    go(page, f"#/findings?{asked}")
    good = [one["fingerprint"] for one in (once(findings) if own else findings) if wanted(one)]
    said = page.run("document.querySelector('.count').innerText")
    same(f"{name}: the count of {asked}", said.split(" ")[0].replace(",", ""), str(len(good)))
    while page.run("[...document.querySelectorAll('#view button')].some(one => one.checkVisibility() && one.innerText.startsWith('Show'))"):
        page.run("[...document.querySelectorAll('#view button')].find(one => one.innerText.startsWith('Show')).click()")
    shown = page.run("[...document.querySelectorAll('.line')].map(one => one.id.slice(2))")
    same(f"{name}: what {asked} shows", sorted(shown), sorted(good))
    severities = set(page.run("[...document.querySelectorAll('.line .mark')].map(one => one.innerText)"))
    if "state=fail" in asked and "severity=" in asked:
        check(f"{name}: the marks of {asked}", severities <= {re.search(r"severity=(\w+)", asked)[1]}, severities)


def deep_links(name, chromium, url, findings):
    """The address of a finding opens it with what it rests on."""
    alone = {}
    for one in findings:
        alone.setdefault(one["fingerprint"], []).append(one)
    chosen = [few[0] for few in alone.values() if len(few) == 1]
    for one in chosen[:1] + [one for one in chosen if is_open(one)][:1] + chosen[-1:]:
        page = chromium.open(f"{url}#/finding/{one['fingerprint']}")
        check(f"{name}: the drawer opens", page.shown("document.querySelector('#view details')?.open && document.querySelector('#view dl')"))
        words = page.run("document.getElementById('view').innerText")
        check(f"{name}: its address", one["fingerprint"] in words)
        for record in one["evidence"][:50]:
            check(f"{name}: the record it rests on", record["digest"].removeprefix("sha256:") in words, record)
        untouched(f"{name}, a finding", page)
        page.close()
    page = chromium.open(f"{url}#/finding/0000")
    check(f"{name}: an address of nothing says so", "No such finding" in page.run("document.getElementById('view').innerText"))
    same(f"{name}: and nothing breaks", page.complaints, [])


def keys(name, page):
    """It can be walked through without a mouse."""
    go(page, "#/")
    page.key("/", "Slash", "/")
    check(f"{name}: a slash searches", page.shown("document.activeElement?.id === 'search'"))
    page.key("Escape")
    for key, part in {"h": "#/health", "p": "#/plan", "m": "#/maps", "a": "#/answers", "l": "#/clusters", "c": "#/controls", "f": "#/findings", "d": "#/changes", "v": "#/coverage", "s": "#/"}.items():
        page.key("g", "KeyG", "g")
        page.key(key, f"Key{key.upper()}", key)
        check(f"{name}: g {key}", page.shown(f"location.hash === {json.dumps(part)}"))


def answered(name, page, rows):
    """What is missing and what was said stand in the part of the answers, each once."""
    go(page, "#/answers")
    wanted = {True: [], False: []}
    for row in rows:
        wanted[row["verdict"] in ("attest-missing", "attest-expired")].append(row["control"])
    for missing, part in ((True, "answers-missing"), (False, "answers-given")):
        shown = page.run(f"[...document.querySelectorAll('table[aria-labelledby={part}] tbody th code')].map(one => one.innerText)")
        same(f"{name}: {part}", shown, wanted[missing])


def searched(name, page, findings):
    """What is typed is looked for, and the address keeps it."""
    one = findings[0]
    go(page, "#/findings")
    page.call("word => { const box = document.getElementById('search'); box.value = word; box.dispatchEvent(new Event('input')); }", one["fingerprint"])
    check(f"{name}: the search answers", page.shown("document.querySelector('.count').innerText.split(' ')[0] === '%d'" % sum(other["fingerprint"] == one["fingerprint"] for other in findings)))
    check(f"{name}: the address keeps the search", one["fingerprint"] in page.run("location.hash"))


def copied(name, page, findings):
    """What is copied for a spreadsheet holds no formula and stays in its cells."""
    go(page, "#/findings?parts=each")
    page.run("Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { writeText: async text => { window.copied = text; } } }); 0")
    page.run("[...document.querySelectorAll('button')].find(one => one.innerText === 'Copy as CSV').click()")
    check(f"{name}: something is copied", page.shown("window.copied"))
    rows = list(csv.reader(page.run("window.copied").split("\r\n"), strict=True))
    same(f"{name}: a row for each finding", len(rows), len(findings) + 1)
    same(f"{name}: cells in each row", {len(row) for row in rows}, {len(rows[0])})
    cells = [cell for row in rows for cell in row]
    same(f"{name}: formulas", [cell[:40] for cell in cells if re.match(r"\s*[=+\-@|%\t\r\uff1d\uff0b\uff0d\uff20]", cell)], [])


def legible(name, chromium, url, parts, pictures):
    """What axe-core finds wrong, in both colours, wide and narrow."""
    for dark in (False, True):
        for width in (1280, 360):
            page = chromium.open(url, width=width, dark=dark)
            look = f"{'dark' if dark else 'light'}, {width}"
            for part in parts:
                go(page, part)
                opened(page, 3)
                same(f"{name} ({look}): {part}", page.accessibility(AXE), [])
                wide = page.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                check(f"{name} ({look}): {part} fits", wide <= 0, wide)
            if pictures:
                go(page, "#/")
                picture = page.picture(pathlib.Path(pictures) / f"{name}-{'dark' if dark else 'light'}-{width}.png")
                check(f"{name} ({look}): a picture", picture.width == width and len(picture.getcolors(1 << 24)) > 100)
            page.close()


sent = json.load(sys.stdin)
with browser.Browser() as chromium:
    for name, where in sent["pages"].items():
        report = json.loads(pathlib.Path(where["json"]).read_bytes())
        findings, clusters = report["findings"], report["clusters"]
        url = pathlib.Path(where["html"]).as_uri()
        page = chromium.open(url)
        untouched(f"{name}, #/", page)
        parts = [*PARTS, "#/cluster/0", f"#/control/{findings[0]['control']}"]
        # What a name pushes out of its place, it pushes out of a narrow window first.
        for width in (1280, 360) if where["whole"] else (360,):
            page.size(width, 900)
            for part in parts:
                go(page, part)
                opened(page)
                untouched(f"{name}, {part}, {width} wide", page)
        page.size(1280, 900)
        copied(name, page, findings)
        if where["whole"] or name.endswith("-0"):
            mapped(name, page, len(clusters))
        if not where["whole"]:
            page.close()
            continue
        counts(name, page, findings)
        planned(name, page)
        answered(name, page, report["answers"]["rows"])
        for verdict in ("fail", "unknown", "pass"):
            of = lambda one: one["verdict"] == verdict and not (verdict == "fail" and one["waived"])
            filtered(name, page, findings, f"state={verdict}", of)
        for provider in sorted({one["provider"] for one in clusters}):
            filtered(name, page, findings, f"provider={provider}&parts=each", lambda one: one["subject"]["provider"] == provider, own=False)
        go(page, "#/clusters")
        same(f"{name}: clusters", page.run("document.querySelector('.count').innerText"), f"{len(clusters)} of {len(clusters)}")
        go(page, "#/coverage")
        words = page.run("document.getElementById('view').innerText")
        known = f"{report['coverage']['facts_known']:,} of {report['coverage']['facts_total']:,} facts were read"
        check(f"{name}: coverage", known in words, words)
        for gap in report["gaps"]:
            check(f"{name}: the gap {gap['call']}", gap["call"] in words)
        keys(name, page)
        searched(name, page, findings)
        deep_links(name, chromium, url, findings)
        untouched(f"{name}, after everything", page)
        page.close()
        legible(name, chromium, url, parts, sent["pictures"])

    # That these looks can fail: the same page with something in it that must be noticed.
    whole = next(where for where in sent["pages"].values() if where["whole"])
    text = pathlib.Path(whole["html"]).read_text()
    broken = pathlib.Path(whole["html"]).with_suffix(".broken.html")
    for what, old, new in [
        ("a script that somebody put in", "<h1 ", "<img src=x onerror=alert(1)><h1 "),
        ("a picture from elsewhere", "<h1 ", '<img src="https://evil.example/pixel.png"><h1 '),
        ("a script that was changed", '"use strict";', '"use strict"; '),
    ]:
        check(f"{what} changes the page", old in text)
        broken.write_text(text.replace(old, new, 1))
        check(f"{what} is complained of", chromium.open(broken.as_uri()).complaints)
    broken.write_text(text.replace('<html lang="en">', "<html>", 1))
    page = chromium.open(broken.as_uri())
    page.run("document.documentElement.style.setProperty('--soft', '#c5c6c6')")
    page.run("document.getElementById('health').id = 'plan'")
    same("a hidden part that is called what another is", page.twice(), ["plan"])
    found = {rule for rule, *_ in page.accessibility(AXE)}
    check("a page without a language and with pale letters", {"html-has-lang", "color-contrast"} <= found, found)
done()
