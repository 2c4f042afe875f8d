"""Writes schemas/PROVIDER.json: what Terraform's providers accept, of the resources that our modules use.

    python schemas.py --terraform-plugins FOLDER        aws, as the provider itself says it
    python schemas.py --azurerm FILE --google FILE      from `npm pack @cdktf/provider-azurerm` and `.../provider-google`

The bindings of CDK for Terraform (MPL-2.0) are generated from the providers' schemas, and their sources say of every
attribute whether it is required, optional or computed, and of every block how often it may come. What they do not say is
taken as widely as possible: of a computed attribute that is no plain value, any type.
"""

import argparse
import base64
import json
import os
import pathlib
import re
import subprocess
import tarfile
import tempfile

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent
SIMPLE = {"string": "string", "number": "number", "boolean": "bool"}


def used(provider):
    """Types of resources and data sources in our modules."""
    found = {"resource": set(), "data": set()}
    for path in ROOT.rglob("*.tf"):
        for kind, name in re.findall(r'^(resource|data) "([a-z0-9_]+)"', path.read_text(), re.M):
            if name.startswith(provider + "_"):
                found[kind].add(name)
    return found


def source(archive, folder):
    """The TypeScript that a binding was compiled from."""
    text = archive.extractfile(f"package/lib/{folder}/index.js").read().decode()
    encoded = text.rsplit("base64,", 1)[1].strip()
    return json.loads(base64.b64decode(encoded))["sourcesContent"][0]


def flags(text):
    """Name to (computed, optional, required), of one class."""
    pattern = r"// (\w+) - computed: (true|false), optional: (true|false), required: (true|false)"
    return {name: tuple(flag == "true" for flag in rest) for name, *rest in re.findall(pattern, text)}


def entries(text):
    """Name to (is block, type, class), of one `attrs` object."""
    pattern = r'(\w+): \{\n\s*value: .*\n\s*isBlock: (true|false),\n\s*type: "(\w+)",\n\s*storageClassType: "(\w+)",'
    return {name: (block == "true", kind, stored) for name, block, kind, stored in re.findall(pattern, text)}


def getter_types(text):
    found = {}
    for kind, name in re.findall(r"this\.get(String|Number|Boolean)Attribute\('(\w+)'\)", text):
        found[name] = SIMPLE[kind.lower()]
    for name in re.findall(r"getListAttribute\('(\w+)'\)", text):
        found[name] = ["list", "string"]
    for name in re.findall(r'new cdktf\.StringMap\(this, "(\w+)"\)', text):
        found[name] = ["map", "string"]
    return found


def classes(text):
    """The body of each class and of each function that synthesizes a struct."""
    bodies = {}
    for match in re.finditer(r"^export (?:class|function) (\w+)", text, re.M):
        end = re.compile(r"^}$", re.M).search(text, match.end())
        bodies[match.group(1)] = text[match.start() : end.end()]
    return bodies


def attribute_type(kind, stored):
    if kind == "simple":
        return SIMPLE.get(stored, "dynamic")
    element = {"stringList": "string", "numberList": "number", "booleanList": "bool"}.get(stored)
    if kind in ("list", "set") and element:
        return [kind, element]
    element = {"stringMap": "string", "numberMap": "number", "booleanMap": "bool"}.get(stored)
    if kind == "map" and element:
        return ["map", element]
    return "dynamic"


def block_of(bodies, about, attributes):
    """A block from its comments and its synthesized attributes."""
    # Blocks of a provider's own configuration have no class with comments: their attributes are taken for optional.
    said, types = flags(about) or dict.fromkeys(attributes, (False, True, False)), getter_types(about)
    block = {"attributes": {}, "blocks": {}}
    for name, (is_computed, is_optional, is_required) in sorted(said.items()):
        is_block, kind, stored = attributes.get(name, (False, None, None))
        if is_block:
            struct = stored.removesuffix("List") if kind in ("list", "set") else stored
            body = bodies.get(f"{struct[0].lower()}{struct[1:]}ToHclTerraform", "")
            inner = block_of(bodies, bodies.get(f"{struct}OutputReference", ""), entries(body))
            nesting = {"struct": "list", "list": "list", "set": "set", "map": "map"}[kind]
            if name == "timeouts":
                nesting = "single"
            block["blocks"][name] = {
                "nesting": nesting,
                "min": 1 if is_required and nesting != "single" else 0,
                "max": 1 if kind == "struct" and nesting == "list" else 0,
                "block": inner,
            }
            continue
        kind_of = attribute_type(kind, stored) if kind else types.get(name, "dynamic")
        attribute = {"type": kind_of}
        for flag, is_set in (("required", is_required), ("optional", is_optional), ("computed", is_computed)):
            if is_set:
                attribute[flag] = True
        # Terraform's convention; the bindings do not tell.
        if name.endswith("_wo"):
            attribute["write_only"] = True
        block["attributes"][name] = attribute
    return block


def folder_of(kind, name, provider):
    short = name.removeprefix(provider + "_").replace("_", "-")
    return f"data-{provider}-{short}" if kind == "data" else short


def from_bindings(provider, path):
    with tarfile.open(path) as archive:
        version = json.load(archive.extractfile("package/package.json"))["version"]
        readme = archive.extractfile("package/README.md").read().decode()
        of = re.search(rf"hashicorp/{provider} provider version ([\d.]+)", readme).group(1)
        schema = {"provider": {"version": of, "from": f"@cdktf/provider-{provider} {version}, MPL-2.0"}, "resource": {}, "data": {}}

        def read(folder, is_provider=False):
            text = source(archive, folder)
            bodies = classes(text)
            base = "cdktf.TerraformProvider" if is_provider else "cdktf.Terraform(?:Resource|DataSource)"
            name = re.search(rf"^export class (\w+) extends {base} ", text, re.M).group(1)
            return block_of(bodies, bodies[name], entries(bodies[name].split("synthesizeHclAttributes", 1)[1]))

        schema["config"] = read("provider", True)
        for kind, names in used(provider).items():
            for name in sorted(names):
                schema[kind][name] = read(folder_of(kind, name, provider))
    return schema


def from_provider(plugins):
    """AWS, as its provider says it."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "main.tf").write_text('terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n')
        rc = folder / "terraformrc"
        rc.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{plugins}" }}\n}}\n')
        environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(rc)}
        run = lambda *arguments: subprocess.run(["terraform", *arguments], cwd=folder, env=environment, check=True, capture_output=True)
        run("init", "-input=false")
        answer = json.loads(run("providers", "schema", "-json").stdout)["provider_schemas"]
        lock = (folder / ".terraform.lock.hcl").read_text()
    (said,) = answer.values()
    version = re.search(r'version\s*=\s*"([\d.]+)"', lock).group(1)

    def block(read):
        written = {"attributes": {}, "blocks": {}}
        for name, attribute in read.get("attributes", {}).items():
            kept = {"type": attribute.get("type", "dynamic")}
            kept |= {flag: True for flag in ("required", "optional", "computed", "write_only") if attribute.get(flag)}
            written["attributes"][name] = kept
        for name, inner in read.get("block_types", {}).items():
            written["blocks"][name] = {
                "nesting": inner["nesting_mode"],
                "min": inner.get("min_items", 0),
                "max": inner.get("max_items", 0),
                "block": block(inner["block"]),
            }
        return written

    schema = {"provider": {"version": version, "from": "the provider itself, MPL-2.0"}, "config": block(said["provider"]["block"])}
    for kind, key in (("resource", "resource_schemas"), ("data", "data_source_schemas")):
        schema[kind] = {name: block(said[key][name]["block"]) for name in sorted(used("aws")[kind])}
    return schema


def write(provider, schema):
    # One line for each type: a change is seen, and nobody reads more.
    lines = [f'"provider": {json.dumps(schema["provider"])}', f'"config": {json.dumps(schema["config"], sort_keys=True)}']
    for kind in ("resource", "data"):
        types = [f'{json.dumps(name)}: {json.dumps(block, sort_keys=True)}' for name, block in schema[kind].items()]
        lines.append(f'"{kind}": {{\n' + ",\n".join(types) + "\n}")
    (HERE / "schemas" / f"{provider}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--terraform-plugins")
    parser.add_argument("--azurerm")
    parser.add_argument("--google")
    asked = parser.parse_args()
    if asked.terraform_plugins:
        write("aws", from_provider(asked.terraform_plugins))
    for provider in ("azurerm", "google"):
        if getattr(asked, provider):
            write(provider, from_bindings(provider, getattr(asked, provider)))
