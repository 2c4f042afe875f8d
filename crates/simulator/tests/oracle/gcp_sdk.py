"""Checks every reply of the simulated Google Cloud against Google's own protocol buffers, strictly.

    python gcp_sdk.py http://127.0.0.1:PORT

A reply passes when it parses into the message of that API with unknown fields refused, when its enumerations are
numbers where numbers were asked for and names where not, and when both spellings parse into the same message.
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

from google.cloud import compute_v1, container_v1, iam_admin_v1, iam_v2, kms_v1, recommender_v1, resourcemanager_v3
from google.iam.v1 import policy_pb2
from google.protobuf import json_format
from google.rpc import error_details_pb2 as _known_inside_status  # noqa: F401
from google.rpc import status_pb2


class Mismatch(Exception):
    """A reply that the message does not describe."""


def parse(message, body):
    """Parses strictly into a new message of the given class."""
    made = message.pb(message()) if hasattr(message, "pb") else message()
    try:
        json_format.Parse(json.dumps(body), made, ignore_unknown_fields=False)
    except json_format.ParseError as error:
        raise Mismatch(str(error)) from error
    return made


def spelled(descriptor, value, numbers, at):
    """Refuses an enumeration in the spelling that was not asked for, and what proto3 would have left out."""
    if not isinstance(value, dict) or descriptor.full_name.startswith("google.protobuf."):
        return
    fields = {field.json_name: field for field in descriptor.fields}
    for key, inner in value.items():
        field = fields.get(key)
        if field is None:
            continue
        items = inner if isinstance(inner, list) else [inner]
        if field.enum_type is not None:
            for item in items:
                if isinstance(item, int) != numbers:
                    raise Mismatch(f"{at}.{key}: {item!r} where {'numbers' if numbers else 'names'} were asked for")
        elif field.message_type is not None and not field.message_type.GetOptions().map_entry:
            for item in items:
                spelled(field.message_type, item, numbers, f"{at}.{key}")
        elif field.cpp_type in (field.CPPTYPE_INT64, field.CPPTYPE_UINT64) and not field.message_type:
            for item in items:
                if not isinstance(item, str):
                    raise Mismatch(f"{at}.{key}: 64-bit numbers are text, not {item!r}")


def nothing_said(descriptor, value, at):
    """Outside Compute Engine what has no presence is left out when it is false, zero or empty."""
    if not isinstance(value, dict) or descriptor.full_name.startswith("google.protobuf."):
        return
    fields = {field.json_name: field for field in descriptor.fields}
    for key, inner in value.items():
        field = fields.get(key)
        if field is None:
            continue
        if field.message_type is not None:
            if not field.message_type.GetOptions().map_entry:
                for item in inner if isinstance(inner, list) else [inner]:
                    nothing_said(field.message_type, item, f"{at}.{key}")
        elif not field.has_presence and inner in (False, 0, "", []):
            raise Mismatch(f"{at}.{key}: {inner!r} would not have been sent")


class Client:
    """Asks the simulator the way Google's Rust clients do."""

    def __init__(self, base):
        self.base = base.rstrip("/")
        self.passed = 0
        self.failed = 0

    def call(self, path, query=None, body=None, method="GET"):
        url = f"{self.base}{path}"
        if query:
            url += "?" + urllib.parse.urlencode(query)
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json", "Authorization": "Bearer oracle"}
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request) as reply:
                return reply.status, json.loads(reply.read())
        except urllib.error.HTTPError as error:
            text = error.read()
            return error.code, json.loads(text) if text[:1] == b"{" else {}

    def test(self, name, run):
        try:
            outcome = run()
        except (Mismatch, AssertionError, KeyError, TypeError) as failure:
            self.failed += 1
            print(f"FAIL {name}: {type(failure).__name__} {failure}")
            return None
        self.passed += 1
        return outcome

    def get(self, path, message, query=None, body=None, method="GET"):
        """One reply of an API that knows both spellings of enumerations."""

        def run():
            status, named = self.call(path, {**(query or {}), "$alt": "json"}, body, method)
            assert status == 200, f"{status} {named}"
            one = parse(message, named)
            spelled(one.DESCRIPTOR, named, False, "")
            nothing_said(one.DESCRIPTOR, named, "")
            status, numbered = self.call(path, {**(query or {}), "$alt": "json;enum-encoding=int"}, body, method)
            assert status == 200, f"{status} {numbered}"
            other = parse(message, numbered)
            spelled(other.DESCRIPTOR, numbered, True, "")
            assert one == other, "numbers and names say different things"
            return named

        return self.test(f"{method} {path}", run) or {}

    def compute(self, path, message, query=None):
        """One reply of Compute Engine, which knows names only."""

        def run():
            status, body = self.call(f"/compute/v1/{path}", {**(query or {}), "$alt": "json"})
            assert status == 200, f"{status} {body}"
            made = parse(message, body)
            # In these messages enumerations are declared as text, so only the 64-bit numbers are looked at.
            spelled(made.DESCRIPTOR, body, False, "")
            return body

        return self.test(f"GET /compute/v1/{path}", run) or {}

    def pages(self, path, message, field, query=None, size=3, base=""):
        """Follows a list to its end in small pages."""
        found, token = [], ""
        for _page in range(1000):
            asked = {**(query or {}), "pageToken": token, "pageSize" if not base else "maxResults": size}
            body = self.compute(path, message, asked) if base else self.get(path, message, asked)
            found += body.get(field, [])
            token = body.get("nextPageToken", "")
            if not token:
                return found
        self.test(f"{path} ends", lambda: same("an end", "none"))
        return found


def same(expected, found):
    assert expected == found, f"{expected} expected, {found} found"


def main():
    client = Client(sys.argv[1])
    organizations = client.pages("/v3/organizations:search", resourcemanager_v3.SearchOrganizationsResponse, "organizations")
    folders = client.pages("/v3/folders:search", resourcemanager_v3.SearchFoldersResponse, "folders")
    projects = client.pages("/v3/projects:search", resourcemanager_v3.SearchProjectsResponse, "projects", {"query": ""})
    for holder in organizations + folders:
        name = holder["name"]
        client.get(f"/v3/{name}", resourcemanager_v3.Organization if name.startswith("o") else resourcemanager_v3.Folder)
        policy(client, f"/v3/{name}:getIamPolicy")
        deny_policies(client, name)
        client.pages("/v3/projects", resourcemanager_v3.ListProjectsResponse, "projects", {"parent": name})
        client.pages("/v3/folders", resourcemanager_v3.ListFoldersResponse, "folders", {"parent": name})
    for holder in organizations:
        client.pages(f"/v1/{holder['name']}/roles", iam_admin_v1.ListRolesResponse, "roles", {"view": "1"})
    client.pages("/v1/roles", iam_admin_v1.ListRolesResponse, "roles", {"view": "FULL"}, size=20)
    client.get("/v1/roles/editor", iam_admin_v1.Role)
    for project in projects:
        one_project(client, project)
    refusals(client)
    print(f"{client.passed} passed, {client.failed} failed")
    sys.exit(1 if client.failed or not client.passed else 0)


def policy(client, path, method="POST"):
    asked = {"options": {"requestedPolicyVersion": 3}} if method == "POST" else None
    query = {} if method == "POST" else {"options.requestedPolicyVersion": 3}
    found = client.get(path, policy_pb2.Policy, query, asked, method)
    old = client.get(path, policy_pb2.Policy, {}, {} if method == "POST" else None, method)
    conditional = [binding for binding in found.get("bindings", []) if "condition" in binding]

    def run():
        same(len(found.get("bindings", [])), len(old.get("bindings", [])))
        assert not any("condition" in binding for binding in old.get("bindings", []))
        same(len(conditional), sum("_withcond_" in binding["role"] for binding in old.get("bindings", [])))

    client.test(f"{path} hides conditions from version 1", run)


def deny_policies(client, name):
    attachment = urllib.parse.quote(f"cloudresourcemanager.googleapis.com/{name}", safe="")
    for found in client.pages(f"/v2/policies/{attachment}/denypolicies", iam_v2.ListPoliciesResponse, "policies"):
        client.get(f"/v2/{found['name']}", iam_v2.Policy)


def one_project(client, project):
    name = project["projectId"]
    client.get(f"/v3/projects/{name}", resourcemanager_v3.Project)
    client.get(f"/v3/{project['name']}", resourcemanager_v3.Project)
    policy(client, f"/v3/projects/{name}:getIamPolicy")
    deny_policies(client, f"projects/{name}")
    for role in client.pages(f"/v1/projects/{name}/roles", iam_admin_v1.ListRolesResponse, "roles", {"view": "1"}):
        client.get(f"/v1/{role['name']}", iam_admin_v1.Role)
    for account in client.pages(f"/v1/projects/{name}/serviceAccounts", iam_admin_v1.ListServiceAccountsResponse, "accounts"):
        client.get(f"/v1/{account['name']}", iam_admin_v1.ServiceAccount)
        policy(client, f"/v1/{account['name']}:getIamPolicy")
        client.get(f"/v1/{account['name']}/keys", iam_admin_v1.ListServiceAccountKeysResponse)
        client.get(f"/v1/{account['name']}/keys", iam_admin_v1.ListServiceAccountKeysResponse, {"keyTypes": 1})
    networks(client, name)
    clusters = client.get(
        f"/v1/projects/{name}/locations/-/clusters", container_v1.ListClustersResponse, {"projectId": "", "zone": ""}
    ).get("clusters", [])
    for cluster in clusters:
        own = f"/v1/projects/{name}/locations/{cluster['location']}/clusters/{cluster['name']}"
        client.get(own, container_v1.Cluster)
        client.get(f"{own}:fetchClusterUpgradeInfo", container_v1.ClusterUpgradeInfo)
        key = cluster["databaseEncryption"].get("keyName")
        if key:
            client.get(f"/v1/{key}", kms_v1.CryptoKey)
            policy(client, f"/v1/{key}:getIamPolicy", "GET")
            policy(client, f"/v1/{key.split('/cryptoKeys/')[0]}:getIamPolicy", "GET")
            client.pages(f"/v1/{key.rsplit('/', 1)[0]}", kms_v1.ListCryptoKeysResponse, "cryptoKeys")
    insights = f"/v1/projects/{name}/locations/global/insightTypes/google.iam.policy.Insight/insights"
    status, reply = client.call(insights)
    if status == 200:
        client.pages(insights, recommender_v1.ListInsightsResponse, "insights")
    else:
        client.test(f"{insights} says why not", lambda: refused(reply, 403, "SERVICE_DISABLED"))


def networks(client, name):
    base = f"projects/{name}"
    client.compute(base, compute_v1.Project)
    client.pages(f"{base}/global/firewalls", compute_v1.FirewallList, "items", size=4, base="compute")
    client.pages(f"{base}/global/routes", compute_v1.RouteList, "items", size=2, base="compute")
    for network in client.pages(f"{base}/global/networks", compute_v1.NetworkList, "items", size=1, base="compute"):
        effective = f"{base}/global/networks/{network['name']}/getEffectiveFirewalls"
        client.compute(effective, compute_v1.NetworksGetEffectiveFirewallsResponse)
        for region in {link.split("/regions/")[1].split("/")[0] for link in network.get("subnetworks", [])}:
            client.compute(
                f"{base}/regions/{region}/firewallPolicies/getEffectiveFirewalls",
                compute_v1.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse,
                {"network": network["selfLink"]},
            )
    aggregated(client, f"{base}/aggregated/instances", compute_v1.InstanceAggregatedList, "instances")
    aggregated(client, f"{base}/aggregated/subnetworks", compute_v1.SubnetworkAggregatedList, "subnetworks")
    aggregated(client, f"{base}/aggregated/routers", compute_v1.RouterAggregatedList, "routers")
    aggregated(client, f"{base}/aggregated/forwardingRules", compute_v1.ForwardingRuleAggregatedList, "forwardingRules")
    aggregated(client, f"{base}/aggregated/targetPools", compute_v1.TargetPoolAggregatedList, "targetPools")


def aggregated(client, path, message, field):
    names, token = [], ""
    for _page in range(1000):
        body = client.compute(path, message, {"maxResults": 3, "pageToken": token})
        for scope, held in body.get("items", {}).items():
            names += [item["name"] + scope for item in held.get(field, [])]
            client.test(f"{path} {scope} has items or a warning", lambda h=held: same(1, len({"warning", field} & set(h))))
        token = body.get("nextPageToken", "")
        if not token:
            break
    client.test(f"{path} shows nothing twice", lambda: same(len(names), len(set(names))))


def refused(reply, code, reason):
    status = parse(status_pb2.Status, {key: value for key, value in reply["error"].items() if key not in ("errors", "status")} | {"code": 7})
    same(code, reply["error"]["code"])
    same(reason, reply["error"]["details"][0]["reason"])
    return status


def refusals(client):
    status, reply = client.call("/v1/projects/nobody/locations/-/clusters")
    client.test("a project that does not exist", lambda: (same(403, status), refused(reply, 403, "CONSUMER_INVALID")))
    status, reply = client.call("/compute/v1/projects/nobody/global/firewalls")
    client.test("a project that Compute Engine does not know", lambda: same("notFound", reply["error"]["errors"][0]["reason"]))
    status, _reply = client.call("/nowhere")
    client.test("a path that is none", lambda: same(404, status))


if __name__ == "__main__":
    main()
