"""The export as OpenTelemetry's own messages read it: everything is where they look for it, and nothing is beyond them."""

import base64
import json
import sys

from checks import check, done, same
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

given = json.load(sys.stdin)
request = ExportTraceServiceRequest.FromString(base64.b64decode(given["body"]))


def known(message, where):
    """No field that the messages do not know, however deep."""
    same(f"fields of {where}", len(UnknownFieldSet(message)), 0)
    for field, value in message.ListFields():
        if field.message_type is not None:
            for one in [value] if hasattr(value, "ListFields") else value:
                known(one, f"{where}.{field.name}")


def read(value):
    return getattr(value, value.WhichOneof("value"))


known(request, "the request")
[resource_spans] = request.resource_spans
attributes = {pair.key: read(pair.value) for pair in resource_spans.resource.attributes}
same("service", (attributes["service.name"], attributes["service.version"]), ("palisade", given["version"]))
[scope_spans] = resource_spans.scope_spans
same("scope", (scope_spans.scope.name, scope_spans.scope.version), ("palisade", given["version"]))
same("spans", len(scope_spans.spans), len(given["spans"]))
for span, wanted in zip(scope_spans.spans, given["spans"]):
    same("trace", (len(span.trace_id), span.trace_id.hex()), (16, wanted["trace"]))
    same("id", (len(span.span_id), span.span_id.hex()), (8, wanted["id"]))
    same("parent", span.parent_span_id.hex(), wanted["parent"])
    same("name", span.name, wanted["name"])
    client = wanted["name"] == "palisade.call"
    same("kind", span.kind, Span.SPAN_KIND_CLIENT if client else Span.SPAN_KIND_INTERNAL)
    same("times", (span.start_time_unix_nano, span.end_time_unix_nano), (wanted["from"], wanted["to"]))
    check("it does not end before it begins", span.end_time_unix_nano >= span.start_time_unix_nano)
    same("attributes", {pair.key: read(pair.value) for pair in span.attributes}, wanted["attributes"])
    failure = (span.status.code, span.status.message)
    same("status", failure, (Status.STATUS_CODE_ERROR, wanted["failure"]) if wanted["failure"] else (Status.STATUS_CODE_UNSET, ""))
done()
