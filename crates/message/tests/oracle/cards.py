"""What Teams does with a card, by public means: Microsoft's own renderer with the colours of Teams, in a browser.

Teams reads a little Markdown in texts. The renderer leaves that to its host, so the CommonMark reader `markdown-it` stands
in for it: a name that is not escaped becomes a link or an emphasis here as it would there.
"""

import json
import pathlib
import re
import sys
import tempfile

import browser
from checks import check, done, same

VENDOR = pathlib.Path(browser.__file__).resolve().parents[1] / "vendor"

PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Card</title>
<script src="{vendor}/adaptivecards.min.js"></script><script src="{vendor}/markdown-it.min.js"></script></head>
<body style="margin:0;width:760px"><main id="card"></main></body></html>"""

SHOW = """(card, config) => {
    const markdown = window.markdownit();
    AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
        result.outputHtml = markdown.render(text);
        result.didProcess = true;
    };
    const shown = new AdaptiveCards.AdaptiveCard();
    shown.hostConfig = new AdaptiveCards.HostConfig(config);
    const context = new AdaptiveCards.SerializationContext(AdaptiveCards.Versions.v1_4);
    shown.parse(card, context);
    const place = document.getElementById("card");
    place.replaceChildren(shown.render());
    document.body.style.backgroundColor = config.containerStyles.default.backgroundColor;
    const blocks = [...place.querySelectorAll(".ac-textBlock")].map(block => block.innerText);
    const tags = [...new Set([...place.querySelectorAll("*")].map(element => element.localName))];
    return {
        events: [...Array(context.eventCount).keys()].map(number => context.getEventAt(number).message),
        blocks, tags,
        buttons: [...place.querySelectorAll("button")].map(button => button.innerText),
        wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    };
}"""


def words(text):
    """A text without the escapes of Markdown and with its white space as a browser shows it."""
    return " ".join(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text).split())


def texts(element):
    """What a card says, in the order in which it is shown, and the names of its buttons."""
    if isinstance(element, list):
        return [text for part in element for text in texts(part)]
    kind = element.get("type")
    if kind == "TextBlock":
        return [("text", element["text"])]
    if kind == "FactSet":
        # The renderer writes all names and values of a set row by row.
        return [("text", part) for fact in element["facts"] for part in (fact["title"], fact["value"])]
    if kind == "ActionSet":
        return [("button", action["title"]) for action in element["actions"]]
    return texts(element.get("items", [])) + texts(element.get("columns", []))


sent = json.load(sys.stdin)
configs = {look: json.loads((VENDOR / f"microsoft-teams-{look}.json").read_text()) for look in ("light", "dark")}
folder = tempfile.TemporaryDirectory()
file = pathlib.Path(folder.name) / "card.html"
file.write_text(PAGE.format(vendor=VENDOR.as_uri()))
seen = set()
with browser.Browser() as chromium:
    page = chromium.open(file.as_uri(), width=760, height=600)
    for name, text in sent["messages"].items():
        message = json.loads(text)
        check(f"{name}: the envelope", message["type"] == "message" and len(message["attachments"]) == 1)
        card = message["attachments"][0]["content"]
        said = texts(card["body"])
        for look, config in configs.items():
            shown = page.call(SHOW, card, config)
            same(f"{name}: what the renderer complains of", shown["events"], [])
            same(f"{name}: the words", [words(block) for block in shown["blocks"]], [words(t) for k, t in said if k == "text"])
            same(f"{name}: the buttons", shown["buttons"], [t for k, t in said if k == "button"])
            # Paragraphs of text, rows of facts and buttons: no name has become an element of its own.
            allowed = {"div", "p", "table", "tbody", "tr", "td", "button"}
            same(f"{name}: elements nobody meant", sorted(set(shown["tags"]) - allowed), [])
            check(f"{name}: nothing is wider than the card", not shown["wide"])
            # Names and roles of the renderer's own elements are not ours to mend; what can be read is.
            rules = {"runOnly": ["color-contrast"]}
            same(f"{name} ({look}): what nobody can read", page.accessibility(VENDOR / "axe.min.js", **rules), [])
            if (look == "light" and not name.endswith("-small")) or name == "bad-night":
                picture = page.picture(pathlib.Path(sent["pictures"]) / f"{name}-{look}.png")
                same(f"{name}: the width of the picture", picture.width, 760)
                check(f"{name}: the picture shows something", picture.height >= 60 and len(picture.getcolors(1 << 24)) > 30)
                seen.add(picture.tobytes())
    same("what the page complains of", page.complaints, [])
    same("what was asked of a network", page.requests, [])
    check("the pictures differ", len(seen) > 30, len(seen))

    # That these looks can fail: each is shown what it must refuse.
    night = json.loads(sent["messages"]["bad-night"])["attachments"][0]["content"]

    def of(*elements):
        return {**night, "body": list(elements)}

    light = configs["light"]
    wrong = page.call(SHOW, of({"type": "Banana"}), light)
    check("an unknown element is complained of", any("Banana" in event for event in wrong["events"]))
    wrong = page.call(SHOW, of({"type": "TextBlock", "text": "[here](https://evil.example) **big**"}), light)
    check("Markdown that is not escaped is seen", {"a", "strong"} <= set(wrong["tags"]))
    check("and its words are others", wrong["blocks"] == ["here big"])
    page.call(SHOW, of({"type": "TextBlock", "text": "pale", "color": "Warning"}), light)
    check("a pale text is found", page.accessibility(VENDOR / "axe.min.js", runOnly=["color-contrast"]))
    page.call(SHOW, {**night, "body": []}, light)
    check("an empty card is a picture of one colour", len(page.picture().getcolors(1 << 24)) == 1)
done()
