"""Stands in for Terraform's providers where they cannot be had: speaks their protocol, knows their schemas
(schemas/PROVIDER.json), accepts whatever is of the right shape and does nothing. With it, `terraform validate` finds unknown
arguments, missing ones, wrong blocks and wrong references; what a provider would say of values, it does not. grpc and protobuf
come with Google's SDKs (crates/simulator/tests/oracle/requirements.txt).

    with Providers(["azurerm", "google"]) as environment:
        subprocess.run(["terraform", "validate"], env={**os.environ, **environment})
"""

import json
import os
import pathlib
import tempfile
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

HERE = pathlib.Path(__file__).parent
NESTING = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}


def messages():
    """What we say of Terraform's plugin protocol, version 6: the schema of a provider. Everything else is empty."""
    kinds = {"string": 9, "bytes": 12, "bool": 8, "int64": 3, "int32": 5}
    file = descriptor_pb2.FileDescriptorProto(name="stand_in.proto", package="tfplugin6", syntax="proto3")

    def message(name, *fields):
        made = file.message_type.add(name=name)
        for number, field, kind, *is_repeated in fields:
            added = made.field.add(name=field, number=number, label=3 if is_repeated else 1)
            if kind in kinds:
                added.type = kinds[kind]
            else:
                added.type, added.type_name = 11, f".tfplugin6.{kind}"

    message(
        "Attribute",
        *((1, "name", "string"), (2, "type", "bytes"), (4, "required", "bool"), (5, "optional", "bool")),
        *((6, "computed", "bool"), (11, "write_only", "bool")),
    )
    message("Block", (2, "attributes", "Attribute", True), (3, "block_types", "NestedBlock", True))
    message(
        "NestedBlock",
        *((1, "type_name", "string"), (2, "block", "Block"), (3, "nesting", "int32")),
        *((4, "min_items", "int64"), (5, "max_items", "int64")),
    )
    message("Schema", (1, "version", "int64"), (2, "block", "Block"))
    # A map is a list of such pairs on the wire.
    message("Pair", (1, "key", "string"), (2, "value", "Schema"))
    message("Answer", (1, "provider", "Schema"), (2, "resources", "Pair", True), (3, "data", "Pair", True))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    made = {name: pool.FindMessageTypeByName(f"tfplugin6.{name}") for name in ("Answer",)}
    return message_factory.GetMessageClass(made["Answer"])


def fill(block, said):
    for name, attribute in said["attributes"].items():
        added = block.attributes.add(name=name, type=json.dumps(attribute["type"]).encode())
        for flag in ("required", "optional", "computed", "write_only"):
            setattr(added, flag, attribute.get(flag, False))
    for name, inner in said["blocks"].items():
        added = block.block_types.add(type_name=name, nesting=NESTING[inner["nesting"]])
        added.min_items, added.max_items = inner["min"], inner["max"]
        added.block.SetInParent()
        fill(added.block, inner["block"])


def answer(provider):
    said = json.loads((HERE / "schemas" / f"{provider}.json").read_text())
    made = messages()()
    fill(made.provider.block, said["config"])
    for pairs, kind in ((made.resources, "resource"), (made.data, "data")):
        for name, block in said[kind].items():
            fill(pairs.add(key=name).value.block, block)
    return made.SerializeToString()


class Handler(grpc.GenericRpcHandler):
    def __init__(self, schema):
        self.schema = schema

    def service(self, call):
        service, name = call.method.rsplit("/", 1)
        if service != "/tfplugin6.Provider" or name == "GetMetadata":
            return None
        said = self.schema if name == "GetProviderSchema" else b""
        return grpc.unary_unary_rpc_method_handler(lambda request, context: said)


class Providers:
    """Serves them; its value is the environment by which Terraform finds them."""

    def __init__(self, names):
        self.names = names

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.servers, found = [], {}
        for name in self.names:
            server = grpc.server(
                futures.ThreadPoolExecutor(16),
                handlers=[Handler(answer(name))],
                options=[("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)],
            )
            socket = f"{self.folder.name}/{name}"
            server.add_insecure_port(f"unix:{socket}")
            server.start()
            self.servers.append(server)
            found[f"registry.terraform.io/hashicorp/{name}"] = {
                "Protocol": "grpc",
                "ProtocolVersion": 6,
                "Pid": os.getpid(),
                "Test": True,
                "Addr": {"Network": "unix", "String": socket},
            }
        return {"TF_REATTACH_PROVIDERS": json.dumps(found)}

    def __exit__(self, *_):
        for server in self.servers:
            server.stop(None)
        self.folder.cleanup()
