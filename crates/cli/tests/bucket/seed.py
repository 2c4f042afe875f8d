"""Makes a bucket in a moto server, or lists what is in it: argv is its URL, the bucket's name, and the days it is locked for."""

import json
import sys

import boto3

url, name, *days = sys.argv[1:]
s3 = boto3.client(
    "s3",
    endpoint_url=url,
    region_name="us-east-1",
    aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
    aws_secret_access_key="moto",
)
if name not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=bool(days))
    if days:
        kept = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": int(days[0])}}
        s3.put_object_lock_configuration(
            Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": kept}
        )
print(json.dumps(sorted(one["Key"] for one in s3.list_objects_v2(Bucket=name).get("Contents", []))))
