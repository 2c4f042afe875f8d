"""Holds bills of materials against the published schema of CycloneDX, by the standard's own library.

    bill.py FILE...
"""

import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

validator = JsonStrictValidator(SchemaVersion.V1_6)
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    wrong = validator.validate_str(text)
    if wrong is not None:
        sys.exit(f"{path}: {wrong}")
    bill = json.loads(text)
    named = {part["bom-ref"] for part in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
    for one in bill["dependencies"]:
        for name in [one["ref"], *one["dependsOn"]]:
            if name not in named:
                sys.exit(f"{path}: `{name}` is in no component")
    # A validator that takes anything would be worth nothing.
    bill["components"][0]["type"] = "frobnicator"
    if validator.validate_str(json.dumps(bill)) is None:
        sys.exit("the validator takes what is no bill of materials")
    print(f"{path}: CycloneDX 1.6, {len(bill['components'])} components")
