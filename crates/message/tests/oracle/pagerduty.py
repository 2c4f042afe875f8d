"""PagerDuty's own client (`pagerduty`) is given our words and must make our event of them, and the event must be what the
Events API v2 describes: names and required ones from its OpenAPI document (PagerDuty/api-schema,
reference/events-v2/openapiv3.json), lengths from its documentation ("Send an Alert Event").
"""

import copy
import datetime
import json
import sys

import httpx2
import jsonschema
from checks import check, done, same
from pagerduty import EventsApiV2Client

TEXT = {"type": "string", "minLength": 1}
EVENT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["routing_key", "event_action", "dedup_key"],
    "properties": {
        "routing_key": {"type": "string", "minLength": 32, "maxLength": 32},
        "event_action": {"enum": ["trigger", "acknowledge", "resolve"]},
        "dedup_key": {**TEXT, "maxLength": 255},
        "client": TEXT,
        "client_url": TEXT,
        "images": {"type": "array"},
        "links": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["href"],
                "properties": {"href": {**TEXT, "pattern": "^https?://"}, "text": TEXT},
            },
        },
        "payload": {
            "type": "object",
            "additionalProperties": False,
            "required": ["summary", "severity", "source"],
            "properties": {
                "summary": {**TEXT, "maxLength": 1024},
                "severity": {"enum": ["critical", "error", "warning", "info"]},
                "source": TEXT,
                "timestamp": TEXT,
                "component": TEXT,
                "group": TEXT,
                "class": TEXT,
                "custom_details": {"type": "object"},
            },
        },
    },
    "if": {"properties": {"event_action": {"const": "trigger"}}},
    "then": {"required": ["payload"]},
}
SCHEMA = jsonschema.Draft202012Validator(EVENT)
KEY = "0123456789abcdef0123456789abcdef"
taken = []


def answer(request):
    """PagerDuty, in place of a network."""
    event = json.loads(request.content)
    taken.append((str(request.url), event))
    return httpx2.Response(202, json={"status": "success", "dedup_key": event["dedup_key"]})


def mistakes(event):
    return [f"{error.json_path}: {error.message}" for error in SCHEMA.iter_errors(event)]


sent = json.load(sys.stdin)
client = EventsApiV2Client(KEY, transport=httpx2.MockTransport(answer))
for name, text in sent["messages"].items():
    check(f"{name}: not over 512 KB", len(text.encode()) <= 512 * 1024)
    # The routing key is put in by whoever delivers.
    event = {"routing_key": KEY, **json.loads(text)}
    same(f"{name}: what the description does not allow", mistakes(event), [])
    payload = event["payload"]
    check(f"{name}: the time", datetime.datetime.fromisoformat(payload["timestamp"]).tzinfo is not None)
    if event["event_action"] == "trigger":
        more = {key: payload[key] for key in ("timestamp", "class")}
        wanted = {key: value for key, value in event.items() if key != "client"}
        client.trigger(
            payload["summary"],
            payload["source"],
            dedup_key=event["dedup_key"],
            severity=payload["severity"],
            payload=more,
            custom_details=payload["custom_details"],
            links=event["links"],
        )
    else:
        same(f"{name}: what else there is", event["event_action"], "resolve")
        wanted = {key: event[key] for key in ("routing_key", "event_action", "dedup_key")}
        client.resolve(event["dedup_key"])
    same(f"{name}: PagerDuty's client sends the same", taken[-1], ("https://events.pagerduty.com/v2/enqueue", wanted))
check("both kinds were there", {event["event_action"] for _, event in taken} == {"trigger", "resolve"})

# What the API refuses is refused here.
night = {"routing_key": KEY, **json.loads(sent["messages"]["bad-night"])}
same("the event itself is good", mistakes(night), [])
for where, value in [
    ("routing_key", None),
    ("routing_key", "short"),
    ("event_action", None),
    ("event_action", "open"),
    ("dedup_key", "x" * 256),
    ("banana", 1),
    ("payload", None),
    ("payload.summary", None),
    ("payload.summary", "x" * 1025),
    ("payload.severity", "high"),
    ("payload.source", None),
    ("payload.custom_details", "text"),
    ("payload.banana", 1),
]:
    event = copy.deepcopy(night)
    *path, last = where.split(".")
    place = event[path[0]] if path else event
    if value is None:
        del place[last]
    else:
        place[last] = value
    check(f"{where} as {value!r:.20} is refused", mistakes(event))
done()
