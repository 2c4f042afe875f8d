"""Puts a secret into a moto server: argv is its URL, the secret's name and its text."""

import json
import sys

import boto3

url, name, text = sys.argv[1:]
secrets = boto3.client(
    "secretsmanager",
    endpoint_url=url,
    region_name="eu-central-1",
    aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
    aws_secret_access_key="moto",
)
print(json.dumps(secrets.create_secret(Name=name, SecretString=text)["ARN"]))
