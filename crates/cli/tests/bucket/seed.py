"""Makes a bucket in a moto server, or lists what is in it: argv is its URL and the bucket's name."""

import json
import sys

import boto3

url, name = sys.argv[1:]
s3 = boto3.client(
    "s3",
    endpoint_url=url,
    region_name="us-east-1",
    aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
    aws_secret_access_key="moto",
)
if name not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
    s3.create_bucket(Bucket=name)
print(json.dumps(sorted(one["Key"] for one in s3.list_objects_v2(Bucket=name).get("Contents", []))))
