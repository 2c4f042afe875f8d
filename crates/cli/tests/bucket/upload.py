"""Puts a folder into a bucket of a moto server, which keeps versions of it: argv is its URL, the bucket's name, the folder and a
name for it there."""

import json
import sys
from pathlib import Path

import boto3

url, name, folder, prefix = sys.argv[1:]
s3 = boto3.client(
    "s3",
    endpoint_url=url,
    region_name="us-east-1",
    aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
    aws_secret_access_key="moto",
)
s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
for path in files:
    s3.put_object(Bucket=name, Key=f"{prefix}/{path.relative_to(folder).as_posix()}", Body=path.read_bytes())
print(json.dumps(len(files)))
