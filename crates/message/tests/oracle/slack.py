"""Slack's own models of blocks (`slack_sdk`) read what we send, hold it against Slack's limits and write it again.

The models skip what they do not know and drop keys that they do not know, so what they write must be what they read. Two
things that Slack refuses they let pass, and these are looked at here: a header that is not plain text, and too many blocks.
"""

import copy
import json
import sys

from checks import check, done, same
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block


def refused(blocks):
    """Why Slack's models refuse blocks, or nothing."""
    if not 1 <= len(blocks) <= 50:
        return f"{len(blocks)} blocks"
    for number, block in enumerate(blocks):
        try:
            read = Block.parse(block)
            if read is None:
                return f"block {number} is unknown"
            written = read.to_dict()
        except (SlackObjectFormationError, TypeError, KeyError) as error:
            return f"block {number}: {error}"
        if written != block:
            return f"block {number} is read as {written}"
        if block["type"] == "header" and block["text"]["type"] != "plain_text":
            return f"block {number}: a header is plain text"
    return None


sent = json.load(sys.stdin)
for name, text in sent["messages"].items():
    message = json.loads(text)
    same(name, refused(message["blocks"]), None)
    check(f"{name}: there is a text for notifications", 0 < len(message["text"]) <= 4000)
    check(f"{name}: nothing is made a link or a preview", message["unfurl_links"] is message["unfurl_media"] is False)
    shown = [block["text"] for block in message["blocks"] if block["type"] == "section"]
    check(f"{name}: names are left as they are", all(text["type"] == "mrkdwn" and text["verbatim"] for text in shown))

# What Slack refuses is refused here, one change at a time.
night = json.loads(sent["messages"]["bad-night"])["blocks"]
section = next(number for number, block in enumerate(night) if block["type"] == "section")


def header_too_long(blocks):
    blocks[0]["text"]["text"] = "x" * 151


def section_too_long(blocks):
    blocks[section]["text"]["text"] = "x" * 3001


def header_without_text(blocks):
    del blocks[0]["text"]


def section_without_text(blocks):
    del blocks[section]["text"]


def text_without_words(blocks):
    del blocks[section]["text"]["text"]


def text_of_no_type(blocks):
    del blocks[section]["text"]["type"]


def text_of_an_unknown_type(blocks):
    blocks[section]["text"]["type"] = "markup"


def header_in_mrkdwn(blocks):
    blocks[0]["text"] = {"type": "mrkdwn", "text": "x"}


def unknown_block(blocks):
    blocks[section]["type"] = "banana"


def unknown_key(blocks):
    blocks[section]["banana"] = True


def unknown_element(blocks):
    blocks[-1]["elements"].append({"type": "banana"})


def too_many_elements(blocks):
    blocks[-1]["elements"] *= 11


def too_many_fields(blocks):
    blocks[section]["fields"] = [{"type": "mrkdwn", "text": "x"}] * 11


def too_long_an_id(blocks):
    blocks[section]["block_id"] = "x" * 256


def too_many_blocks(blocks):
    blocks.extend([{"type": "divider"}] * 50)


def no_blocks(blocks):
    blocks.clear()


for change in [
    header_too_long,
    section_too_long,
    header_without_text,
    section_without_text,
    text_without_words,
    text_of_no_type,
    text_of_an_unknown_type,
    header_in_mrkdwn,
    unknown_block,
    unknown_key,
    unknown_element,
    too_many_elements,
    too_many_fields,
    too_long_an_id,
    too_many_blocks,
    no_blocks,
]:
    blocks = copy.deepcopy(night)
    change(blocks)
    check(f"{change.__name__} is refused", refused(blocks) is not None)
same("and the message itself is not", refused(night), None)
done()
