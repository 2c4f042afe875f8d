"""Makes keys in a moto server's KMS: one that seals, under an alias too, and one that cannot. argv is its URL."""

import json
import sys

import boto3

kms = boto3.client(
    "kms",
    endpoint_url=sys.argv[1],
    region_name="eu-central-1",
    aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
    aws_secret_access_key="moto",
)
seal = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
other = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
kms.create_alias(AliasName="alias/evidence", TargetKeyId=seal["KeyId"])
alias = seal["Arn"].rsplit(":", 1)[0] + ":alias/evidence"
print(json.dumps({"key": seal["Arn"], "alias": alias, "rsa": other["Arn"]}))
