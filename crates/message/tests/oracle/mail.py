"""Python's own mail package reads every mail by the rules of its strict policy; whatever it calls a defect is one."""

import email
import email.policy
import html.parser
import json
import re
import sys

from checks import check, done, same

# Elements that end by themselves.
VOID = {"meta", "hr", "br"}
HEADERS = {
    "Auto-Submitted",
    "Content-Type",
    "Date",
    "From",
    "In-Reply-To",
    "List-Id",
    "MIME-Version",
    "Message-ID",
    "References",
    "Subject",
    "To",
}
ONCE = HEADERS - {"In-Reply-To", "References"}


class Reader(html.parser.HTMLParser):
    """The words of a page, its links, and whether everything that was opened was closed."""

    def __init__(self):
        super().__init__()
        self.open, self.words, self.links, self.mistakes, self.tags = [], [], [], [], set()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.links += [value for name, value in attributes if name in ("href", "src")]
        self.mistakes += [f"{name} of {tag}" for name, _ in attributes if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.mistakes.append(f"</{tag}>")

    def handle_data(self, data):
        self.words.append(data)


def parsed(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def defects(mail):
    """Everything the reader complains of: in the parts, and in the headers as it decodes them."""
    for part in mail.walk():
        # Only then are the letters of base64 looked at.
        part.get_payload(decode=True)
    found = [repr(defect) for part in mail.walk() for defect in part.defects]
    return found + [f"{name}: {defect!r}" for part in mail.walk() for name, value in part.items() for defect in value.defects]


def bare(words):
    """Words without white space and without the signs around names and labels."""
    return re.sub(r"[`'\s:]", "", words)


sent = json.load(sys.stdin)
for name, text in sent["messages"].items():
    raw = text.encode()
    mail = parsed(raw)
    same(f"{name}: defects", defects(mail), [])
    lines = raw.split(b"\r\n")
    check(f"{name}: no line is longer than 998", max(map(len, lines)) <= 998)
    check(f"{name}: only whole ends of lines", not re.search(rb"\r(?!\n)|(?<!\r)\n", raw))
    check(f"{name}: seven bits", raw.isascii())
    same(f"{name}: headers nobody meant", sorted(set(mail.keys()) - HEADERS), [])
    same(f"{name}: every header once", sorted(mail.keys()), sorted(set(mail.keys())))
    same(f"{name}: headers that are missing", sorted(ONCE - set(mail.keys())), [])
    same(f"{name}: from", [a.addr_spec for a in mail["From"].addresses], ["palisade@example.com"])
    same(f"{name}: to", [a.addr_spec for a in mail["To"].addresses], ["ana@example.com"])
    check(f"{name}: a subject", mail["Subject"].startswith("[Palisade] ") and len(mail["Subject"]) <= 180)
    check(f"{name}: a date", mail["Date"].datetime.tzinfo is not None)
    check(f"{name}: an id", re.fullmatch(r"<[^<>\s@]+@[^<>\s@]+>", mail["Message-ID"].strip()))
    same(f"{name}: machines do not answer it", mail["Auto-Submitted"], "auto-generated")

    same(f"{name}: what it is", mail.get_content_type(), "multipart/alternative")
    plain, page = mail.iter_parts()
    same(f"{name}: first text, then HTML", [plain.get_content_type(), page.get_content_type()], ["text/plain", "text/html"])
    same(f"{name}: letters", [plain.get_content_charset(), page.get_content_charset()], ["utf-8", "utf-8"])
    same(f"{name}: what is shown", mail.get_body(("html", "plain")), page)
    said = plain.get_content().replace("\r\n", "\n")
    reader = Reader()
    reader.feed(page.get_content())
    reader.close()
    same(f"{name}: HTML that is not closed", [reader.mistakes, reader.open], [[], []])
    check(f"{name}: nothing is run or fetched", not reader.tags & {"script", "img", "iframe", "link", "style", "form"})
    check(f"{name}: links lead to the report", all(link.startswith("https://palisade.example/") for link in reader.links))
    shown = " ".join(reader.words)
    for line in filter(None, map(str.strip, said.split("\n-- \n")[0].splitlines())):
        if line.startswith("https://"):
            check(f"{name}: the link {line}", line in reader.links)
        else:
            # Names stand in an element of their own there, and not between signs; labels have a cell of their own.
            # A long line is cut later there.
            check(f"{name}: both say the same", bare(line.removesuffix("…")) in bare(shown), f"{line!r} is not in {shown!r}")

# That the reader finds what is wrong.
night = sent["messages"]["bad-night"].encode()
check("a mail that ends early", defects(parsed(night[: len(night) // 2])))
check("a part that is no base64", defects(parsed(re.sub(rb"(base64\r\n\r\n)", rb"\1A*", night))))
check("a header that somebody put in", "Bcc" in parsed(b"Bcc: eve@example.com\r\n" + night))
check("a second subject", len(parsed(b"Subject: other\r\n" + night).get_all("Subject")) == 2)
broken = Reader()
broken.feed("<p><b>x</p><img src=x onerror=alert(1)>")
check("HTML that is not closed", broken.mistakes)
done()
