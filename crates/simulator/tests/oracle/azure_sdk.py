"""Checks every reply of the simulated Azure against Microsoft's own Python models, strictly.

    python azure_sdk.py http://127.0.0.1:PORT

A reply passes when each of its fields is known to the model of that api-version and has the model's type, and when a
list can be followed to its end through `nextLink`. The libraries themselves are more lenient: they keep what they do
not know. That this check is strict is proven on the way, by breaking replies in every place.
"""

import datetime
import functools
import inspect
import json
import re
import sys
import types
import typing
import urllib.error
import urllib.request

import azure.mgmt.authorization.v2022_04_01.models as authorization
import azure.mgmt.compute.models as compute
import azure.mgmt.containerservice.models as containerservice
import azure.mgmt.keyvault.models as keyvault
import azure.mgmt.managementgroups.models as managementgroups
import azure.mgmt.monitor.v2021_05_01_preview.models as monitor
import azure.mgmt.msi.models as msi
import azure.mgmt.network.models as network
import azure.mgmt.resource.subscriptions.models as subscriptions
import azure.mgmt.resourcegraph.models as resourcegraph

PRIMITIVES = {"str": str, "int": int, "float": (int, float), "bool": bool, "object": object}


# Maps with free keys.
FREE = {"config", "tags", "nodeLabels", "userAssignedIdentities", "addonProfiles", "identityProfile"}


PROVEN = 5


class Mismatch(Exception):
    """A reply that the model does not describe."""


def check(model, value, at, module):
    """Raises `Mismatch` unless `value` is exactly what `model` describes."""
    if value is None:
        return
    if inspect.isclass(model) and hasattr(model, "as_dict") and not hasattr(model, "_attribute_map"):
        try:
            model({})  # The fields of a model are resolved when it is first made.
        except Exception:  # noqa: BLE001, S110 - only the resolving matters
            pass
    if hasattr(model, "_attribute_map"):
        old_model(model, value, at, module)
    elif inspect.isclass(model) and hasattr(model, "_attr_to_rest_field"):
        new_model(model, value, at, module)
    else:
        scalar(model, value, at, module)


def new_model(model, value, at, module):
    """Models generated from TypeSpec: fields carry their wire name and their annotations."""
    if not isinstance(value, dict):
        raise Mismatch(f"{at}: {model.__name__} is an object, not {value!r}")
    fields = {field._rest_name: (name, field) for name, field in model._attr_to_rest_field.items()}
    hints = typing_hints(model)
    for key, inner in value.items():
        if key not in fields:
            raise Mismatch(f"{at}.{key}: {model.__name__} has no such field")
        name, _field = fields[key]
        annotated(hints.get(name, typing.Any), inner, f"{at}.{key}", module)


@functools.cache
def typing_hints(model):
    space = dict(vars(sys.modules[model.__module__]))
    for name in dir(sys.modules[model.__module__.rsplit(".", 1)[0]]):
        space.setdefault(name, getattr(sys.modules[model.__module__.rsplit(".", 1)[0]], name))
    hints = {}
    for parent in reversed(model.__mro__):
        for name, hint in getattr(parent, "__annotations__", {}).items():
            if isinstance(hint, str):
                for prefix in ("_models.", "_types.", "_enums."):
                    hint = hint.replace(prefix, "")
                try:
                    hint = eval(hint, {**vars(typing), **space, "datetime": datetime})  # noqa: S307
                except NameError:
                    hint = typing.Any
            hints[name] = hint
    return hints


def annotated(hint, value, at, module):
    if value is None or hint is typing.Any:
        return
    if isinstance(hint, typing.ForwardRef):
        hint = hint.__forward_arg__
    if isinstance(hint, str):
        hint = getattr(module, hint.split(".")[-1], typing.Any)
        return annotated(hint, value, at, module)
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        failures = []
        for choice in arguments:
            if choice is type(None):
                continue
            try:
                return annotated(choice, value, at, module)
            except Mismatch as failure:
                failures.append(failure)
        raise failures[-1]
    if origin is list:
        if not isinstance(value, list):
            raise Mismatch(f"{at}: a list is expected, not {value!r}")
        for position, inner in enumerate(value):
            annotated(arguments[0], inner, f"{at}[{position}]", module)
        return None
    if origin is dict:
        if not isinstance(value, dict):
            raise Mismatch(f"{at}: a map is expected, not {value!r}")
        for key, inner in value.items():
            annotated(arguments[1], inner, f"{at}[{key}]", module)
        return None
    if origin is typing.Literal:
        if value not in arguments:
            raise Mismatch(f"{at}: {value!r} is none of {arguments}")
        return None
    return check(hint, value, at, module)


def old_model(model, value, at, module):
    """Models generated for msrest: a map of attributes with keys like `properties.scope`."""
    if not isinstance(value, dict):
        raise Mismatch(f"{at}: {model.__name__} is an object, not {value!r}")
    tree = {}
    for attribute in model._attribute_map.values():
        parts = re.split(r"(?<!\\)\.", attribute["key"])
        branch = tree
        for part in parts[:-1]:
            branch = branch.setdefault(part.replace("\\.", "."), {})
        branch[parts[-1].replace("\\.", ".")] = attribute["type"]
    flattened(tree, value, at, model, module)


def flattened(tree, value, at, model, module):
    for key, inner in value.items():
        if key not in tree:
            raise Mismatch(f"{at}.{key}: {model.__name__} has no such field")
        if isinstance(tree[key], dict):
            flattened(tree[key], inner, f"{at}.{key}", model, module)
        else:
            scalar(tree[key], inner, f"{at}.{key}", module)


def scalar(kind, value, at, module):
    """A leaf: a primitive, an enumeration, a date, or the name of one of these or of a model."""
    if value is None:
        return
    if isinstance(kind, str):
        if kind.startswith("[") and kind.endswith("]"):
            if not isinstance(value, list):
                raise Mismatch(f"{at}: a list is expected, not {value!r}")
            for position, inner in enumerate(value):
                scalar(kind[1:-1], inner, f"{at}[{position}]", module)
            return
        if kind.startswith("{"):
            for key, inner in value.items():
                scalar(kind[1:-1], inner, f"{at}[{key}]", module)
            return
        if kind in ("iso-8601", "rfc-1123"):
            date(value, at)
            return
        if kind in PRIMITIVES:
            kind = PRIMITIVES[kind]
        else:
            check(getattr(module, kind), value, at, module)
            return
    if kind is object or kind is typing.Any:
        return
    if kind in (datetime.datetime, datetime.date):
        # Key Vault counts seconds; everything else writes ISO 8601.
        if not isinstance(value, int):
            date(value, at)
        return
    if inspect.isclass(kind) and issubclass(kind, str) and kind is not str:
        # Enumerations are open: an unknown value is legal on the wire, but not in our worlds.
        known = {member.value.lower() for member in kind}
        if not isinstance(value, str) or value.lower() not in known:
            raise Mismatch(f"{at}: {value!r} is no {kind.__name__} ({', '.join(sorted(known))})")
        return
    if kind is float:
        kind = (int, float)
    if not isinstance(value, kind) or (kind in (int, (int, float)) and isinstance(value, bool)):
        raise Mismatch(f"{at}: {kind} is expected, not {value!r}")


def date(value, at):
    try:
        datetime.datetime.fromisoformat(re.sub(r"\.(\d{6})\d+", r".\1", value).replace("Z", "+00:00"))
    except (TypeError, ValueError) as error:
        raise Mismatch(f"{at}: {value!r} is no date") from error


def objects(value, at=""):
    """Every object that a model describes: not the maps whose keys are free."""
    if isinstance(value, dict):
        if at not in FREE and not at.startswith("/"):
            yield value
        for key, inner in list(value.items()):
            yield from objects(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner, at)


class Client:
    """Asks the simulator the way a client of ARM does."""

    def __init__(self, base):
        self.base = base.rstrip("/")
        self.passed = 0
        self.failed = 0
        self.proven = {}

    def call(self, url, body=None, token="oracle"):
        if url.startswith("/"):
            url = self.base + url
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url.replace(" ", "%20"), data=data, headers=headers)
        try:
            with urllib.request.urlopen(request) as reply:
                return reply.status, json.loads(reply.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def test(self, name, run):
        try:
            outcome = run()
        except (Mismatch, AssertionError, KeyError, TypeError) as failure:
            self.failed += 1
            print(f"FAIL {name}: {type(failure).__name__} {failure}")
            return None
        self.passed += 1
        return outcome

    def prove(self, model, item, module):
        """A field nobody knows must be refused wherever it is put: else the check would be empty there.

        A few replies of each kind are enough, and all that a large world has time for.
        """
        self.proven[model] = self.proven.get(model, 0) + 1
        if self.proven[model] > PROVEN:
            return
        for spot in objects(item):
            spot["fieldNobodyKnows"] = "x"
            try:
                check(model, item, "broken", module)
            except Mismatch:
                del spot["fieldNobodyKnows"]
                continue
            raise AssertionError(f"an unknown field went through in {json.dumps(spot)[:200]}")

    def list(self, path, version, model, module):
        """Follows a list to its end and checks each item."""

        def run():
            items = []
            url = f"{path}?api-version={version}"
            for _page in range(1000):
                status, body = self.call(url)
                assert status == 200, f"{status} {body}"
                unknown = set(body) - {"value", "nextLink"}
                assert not unknown, f"a list has no {unknown}"
                for item in body["value"]:
                    check(model, item, item.get("id", "?").split("/")[-1], module)
                    self.prove(model, item, module)
                items += body["value"]
                url = body.get("nextLink")
                if not url:
                    return items
                assert url.startswith(self.base), f"`nextLink` leaves the server: {url}"
            raise AssertionError("the list does not end")

        return self.test(f"GET {path}", run) or []

    def computed(self, path, version, model, module):
        """A list that is asked for with POST and pages on by a token in the body."""

        def run():
            items, question = [], {}
            for _page in range(1000):
                status, body = self.call(f"{path}?api-version={version}", question)
                assert status == 200, f"{status} {body}"
                unknown = set(body) - {"value", "skipToken"}
                assert not unknown, f"a computed list has no {unknown}"
                for item in body["value"]:
                    check(model, item, item.get("id", "?").split("/")[-1], module)
                    self.prove(model, item, module)
                items += body["value"]
                if not body.get("skipToken"):
                    return items
                question = {"skipToken": body["skipToken"]}
            raise AssertionError("the list does not end")

        return self.test(f"POST {path}", run) or []

    def get(self, path, version, model, module):
        def run():
            status, body = self.call(f"{path}?api-version={version}")
            assert status == 200, f"{status} {body}"
            check(model, body, body.get("name", "?"), module)
            return body

        return self.test(f"GET {path}", run)


def main():
    client = Client(sys.argv[1])
    subscription_list = client.list("/subscriptions", "2022-12-01", subscriptions.Subscription, subscriptions)
    groups = client.list(
        "/providers/Microsoft.Management/managementGroups", "2023-04-01", managementgroups.ManagementGroupInfo, managementgroups
    )
    for group in groups:
        client.list(f"{group['id']}/descendants", "2023-04-01", managementgroups.DescendantInfo, managementgroups)
    client.list("/providers/Microsoft.Authorization/roleDefinitions", "2022-04-01", authorization.RoleDefinition, authorization)
    for subscription in subscription_list:
        one_subscription(client, subscription["id"])
    resource_graph(client, subscription_list)
    refusals(client, subscription_list)
    print(f"{client.passed} passed, {client.failed} failed")
    sys.exit(1 if client.failed or not client.passed else 0)


def one_subscription(client, here):
    flat = [
        ("Microsoft.Network/networkSecurityGroups", "2026-03-01", network.NetworkSecurityGroup, network),
        ("Microsoft.Network/virtualNetworks", "2026-03-01", network.VirtualNetwork, network),
        ("Microsoft.Network/publicIPAddresses", "2026-03-01", network.PublicIPAddress, network),
        ("Microsoft.Network/loadBalancers", "2026-03-01", network.LoadBalancer, network),
        ("Microsoft.Network/routeTables", "2026-03-01", network.RouteTable, network),
        ("Microsoft.Network/natGateways", "2026-03-01", network.NatGateway, network),
        ("Microsoft.Network/networkInterfaces", "2026-03-01", network.NetworkInterface, network),
        ("Microsoft.Authorization/roleAssignments", "2022-04-01", authorization.RoleAssignment, authorization),
        ("Microsoft.Authorization/roleDefinitions", "2022-04-01", authorization.RoleDefinition, authorization),
        ("Microsoft.Authorization/denyAssignments", "2022-04-01", authorization.DenyAssignment, authorization),
    ]
    for kind, version, model, module in flat:
        found = client.list(f"{here}/providers/{kind}", version, model, module)
        for item in found if model is network.VirtualNetwork else []:
            rules = f"{item['id']}/listNetworkManagerEffectiveSecurityAdminRules"
            client.computed(rules, "2026-03-01", network.EffectiveSecurityAdminRule, network)
    clusters = f"{here}/providers/Microsoft.ContainerService/managedClusters"
    for cluster in client.list(clusters, "2026-08-01", containerservice.ManagedCluster, containerservice):
        own = cluster["id"]
        client.get(own, "2026-08-01", containerservice.ManagedCluster, containerservice)
        client.list(f"{own}/trustedAccessRoleBindings", "2026-08-01", containerservice.TrustedAccessRoleBinding, containerservice)
        client.list(f"{own}/privateEndpointConnections", "2026-08-01", containerservice.PrivateEndpointConnection, containerservice)
        windows = f"{own}/maintenanceConfigurations"
        client.list(windows, "2026-08-01", containerservice.MaintenanceConfiguration, containerservice)
        versions = f"{here}/providers/Microsoft.ContainerService/locations/{cluster['location']}/kubernetesVersions"
        client.get(versions, "2026-08-01", containerservice.KubernetesVersionListResult, containerservice)
        settings = f"{own}/providers/Microsoft.Insights/diagnosticSettings"
        client.list(settings, "2021-05-01-preview", monitor.DiagnosticSettingsResource, monitor)
    scale_sets = f"{here}/providers/Microsoft.Compute/virtualMachineScaleSets"
    for scale_set in client.list(scale_sets, "2026-04-01", compute.VirtualMachineScaleSet, compute):
        interfaces = client.list(f"{scale_set['id']}/networkInterfaces", "2018-10-01", network.NetworkInterface, network)
        client.test("as many interfaces as instances", lambda s=scale_set, i=interfaces: same(s["sku"]["capacity"], len(i)))
        client.list(f"{scale_set['id']}/publicipaddresses", "2018-10-01", network.PublicIPAddress, network)
    identities = f"{here}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    for identity in client.list(identities, "2024-11-30", msi.Identity, msi):
        client.list(f"{identity['id']}/federatedIdentityCredentials", "2024-11-30", msi.FederatedIdentityCredential, msi)
    vaults = f"{here}/providers/Microsoft.KeyVault/vaults"
    for vault in client.list(vaults, "2026-05-15", keyvault.Vault, keyvault):
        client.get(vault["id"], "2026-05-15", keyvault.Vault, keyvault)
        settings = f"{vault['id']}/providers/Microsoft.Insights/diagnosticSettings"
        client.list(settings, "2021-05-01-preview", monitor.DiagnosticSettingsResource, monitor)
        for key in client.list(f"{vault['id']}/keys", "2026-05-15", keyvault.Key, keyvault):
            client.get(key["id"], "2026-05-15", keyvault.Key, keyvault)


def same(expected, found):
    assert expected == found, f"{expected} expected, {found} found"


def resource_graph(client, subscription_list):
    def run():
        query = "Resources | where type =~ 'Microsoft.ContainerService/managedClusters' | project id, subscriptionId"
        found, token = [], None
        for _page in range(1000):
            options = {"resultFormat": "objectArray", "$top": 3}
            if token:
                options["$skipToken"] = token
            url = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01"
            body = {"subscriptions": [s["subscriptionId"] for s in subscription_list], "query": query, "options": options}
            status, reply = client.call(url, body)
            assert status == 200, f"{status} {reply}"
            check(resourcegraph.QueryResponse, reply, "resources", resourcegraph)
            assert reply["resultTruncated"] in ("true", "false"), "`resultTruncated` is text"
            found += reply["data"]
            token = reply.get("$skipToken")
            if not token:
                same(reply["totalRecords"], len(found))
                return
        raise AssertionError("the query does not end")

    client.test("Resource Graph pages to its end", run)


def refusals(client, subscription_list):
    path = f"{subscription_list[0]['id']}/providers/Microsoft.ContainerService/managedClusters"
    cases = [
        ("no token", f"{path}?api-version=2026-08-01", 401, "AuthenticationFailed", ""),
        ("no version", path, 400, "MissingApiVersionParameter", "oracle"),
        ("a version of tomorrow", f"{path}?api-version=2099-01-01", 400, "NoRegisteredProviderFound", "oracle"),
        ("an unknown cluster", "/subscriptions/none/resourceGroups/x/providers/Microsoft.ContainerService/managedClusters/y?api-version=2026-08-01", 404, "SubscriptionNotFound", "oracle"),
        ("an unknown path", "/nowhere?api-version=2026-08-01", 404, "NotFound", "oracle"),
    ]
    for name, url, status, code, token in cases:

        def run(url=url, status=status, code=code, token=token):
            found, body = client.call(url, token=token)
            same(status, found)
            same(code, body["error"]["code"])

        client.test(f"refuses {name}", run)


if __name__ == "__main__":
    main()
