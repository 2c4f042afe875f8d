"""The page of a framework in a browser, opened as the file that it is, against the JSON form of the same report."""

import base64
import json
import pathlib
import re
import sys

import browser
from checks import check, done, same

AXE = pathlib.Path(browser.__file__).resolve().parents[1] / "vendor/axe.min.js"
# What turns the reading direction, hides, or drives a terminal.
DECEIVING = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\U000e0000-\U000e0fff]")
TAGS = set(
    "a article b br code dd div dl dt footer h1 h2 h3 header li main nav p path rect section small span svg table tbody td th thead "
    "title tr ul".split()
)
LOOK = """() => ({
    tags: [...new Set([...document.body.querySelectorAll("*")].map(one => one.localName))],
    handlers: [...document.querySelectorAll("*")].flatMap(one => [...one.attributes].map(a => a.name)).filter(name => /^on|^style$/.test(name)),
    links: [...document.querySelectorAll("a")].map(one => one.getAttribute("href")),
    lost: [...document.querySelectorAll("a")].map(one => one.getAttribute("href")).filter(href => !document.getElementById(href.slice(1))),
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    words: document.body.innerText,
    cells: [...document.querySelectorAll("#overview .grid li")].map(one => [one.querySelector("b").innerText, one.querySelector("span").innerText]),
    states: [...document.querySelectorAll(".state")].map(one => [one.querySelector("dt").innerText, one.querySelector("b").innerText]),
    prints: [...document.querySelectorAll(".print")].map(one => one.innerText),
    signs: document.querySelectorAll(".sign span").length,
})"""
SIZES = [("desk", 1280, 900, False), ("phone", 390, 844, False), ("dark", 1280, 900, True)]

asked = json.load(sys.stdin)
pictures = pathlib.Path(asked["pictures"])
with browser.Browser() as chromium:
    for name, files in asked["pages"].items():
        data = json.loads(pathlib.Path(files["json"]).read_text(encoding="utf-8"))
        checked = [one for one in data["requirements"] if one["checked"]]
        for size, width, height, dark in SIZES if files["whole"] else SIZES[1:2]:
            what = f"{name}, {size}"
            page = chromium.open(f"file://{files['html']}", width, height, dark)
            look = page.call(LOOK)
            same(f"{what}: what the browser complains of", page.complaints, [])
            same(f"{what}: what was asked of a network", page.requests, [])
            same(f"{what}: elements nobody meant", sorted(set(look["tags"]) - TAGS), [])
            same(f"{what}: attributes that run", look["handlers"], [])
            same(f"{what}: names of more than one element", page.twice(), [])
            same(f"{what}: links that lead away", [link for link in look["links"] if not link.startswith("#")], [])
            same(f"{what}: links that lead nowhere", look["lost"], [])
            check(f"{what}: nothing is wider than the window", look["wide"] <= 0, look["wide"])
            same(f"{what}: letters that deceive", DECEIVING.findall(look["words"].replace("\t", " ")), [])
            wanted = [[one["id"], {"accepted": "accepted deviation"}.get(one["status"], one["status"].replace("-", " "))] for one in checked]
            same(f"{what}: requirements", look["cells"], wanted)
            same(f"{what}: figures", sum(int(count) for _, count in look["states"]), len(checked))
            same(f"{what}: places to sign", look["signs"], 9)
            known = {finding["fingerprint"] for control in data["controls"] for finding in control["findings"]}
            same(f"{what}: findings that nobody made", [one for one in look["prints"] if one not in known], [])
            if files["whole"]:
                # The whole page would be too long for a picture.
                clip = {"x": 0, "y": 0, "width": width, "height": 5000, "scale": 1}
                shot = page.send("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
                (pictures / f"{name}-{size}.png").write_bytes(base64.b64decode(shot))
                same(f"{what}: accessibility", page.accessibility(AXE), [])
        if files["whole"]:
            page = chromium.open(f"file://{files['html']}", 1280, 900)
            paper = base64.b64decode(page.send("Page.printToPDF", preferCSSPageSize=True)["data"])
            check(f"{name}: it prints", paper.startswith(b"%PDF-"))
            (pictures / f"{name}.pdf").write_bytes(paper)
done()
