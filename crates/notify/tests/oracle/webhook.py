"""What a receiver does with a webhook, by public libraries: the signature and the CloudEvent."""

import base64
import datetime
import json
import sys

from checks import check, done
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def refuses(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return True
    return False


sent = json.load(sys.stdin)
body = base64.b64decode(sent["body"])
headers = sent["headers"]
for secret in sent["secrets"]:
    data = Webhook(secret).verify(body, headers)
    check("the body is the event", data["id"] == headers["webhook-id"])
    check("another body is refused", refuses(secret, body + b" ", headers))
    check("another id is refused", refuses(secret, body, {**headers, "webhook-id": "msg_other"}))
    old = {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 600)}
    check("an old timestamp is refused", refuses(secret, body, old))
check("another secret is refused", refuses("whsec_" + base64.b64encode(b"x" * 32).decode(), body, headers))

event = from_structured_event(HTTPMessage(headers, body))
check("the type", event.get_type() == "io.palisade.finding.opened")
check("the source", event.get_source() == "/palisade/acme")
check("the id", event.get_id() == headers["webhook-id"])
check("the version", event.get_specversion() == "1.0")
check("the time", isinstance(event.get_time(), datetime.datetime))
check("the subject", len(event.get_subject()) == 32)
check("the data", event.get_data()["events"][0]["finding"]["control"] == "CP-01")
done()
