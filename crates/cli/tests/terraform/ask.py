"""Asks a moto server, argv[1], what the role argv[2] of one account and argv[3] of another may do, with its rules on; prints JSON.
Its rules are those of policies and of whom a role trusts; conditions (the external id) it does not look at.

Then its rules are off again, and what is printed holds a session of the first role.
"""

import json
import sys
import urllib.request

import boto3
from botocore.exceptions import ClientError

URL, SCANNER, READER = sys.argv[1:]


def client(service, keys=None):
    keys = keys or {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "emulated", "SessionToken": None}
    return boto3.client(
        service,
        endpoint_url=URL,
        region_name="eu-west-1",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def rules(free):
    """How many calls are free of rules."""
    body = urllib.request.Request(URL + "/moto-api/reset-auth", data=free, headers={"Content-Type": "text/plain"})
    urllib.request.urlopen(body).read()


def outcome(ask, **arguments):
    try:
        return "yes", ask(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"], None


scanner = client("sts").assume_role(RoleArn=SCANNER, RoleSessionName="task")["Credentials"]
rules(b"0")
enter = client("sts", scanner).assume_role
said = {
    "scanner": {
        "describes regions": outcome(client("ec2", scanner).describe_regions)[0],
        "describes key pairs": outcome(client("ec2", scanner).describe_key_pairs)[0],
        "enters another role": outcome(enter, RoleArn=READER.replace("PalisadeReader", "Administrator"), RoleSessionName="task")[0],
    }
}
answer, entered = outcome(enter, RoleArn=READER, RoleSessionName="task", ExternalId="acme-7d1f")
said["scanner"]["enters"] = answer
if entered:
    reader = entered["Credentials"]
    said["reader"] = {
        "describes instances": outcome(client("ec2", reader).describe_instances)[0],
        "describes key pairs": outcome(client("ec2", reader).describe_key_pairs)[0],
        "reads who may do what": outcome(client("iam", reader).get_account_authorization_details)[0],
        "makes a user": outcome(client("iam", reader).create_user, UserName="x")[0],
        "goes on to another account": outcome(client("sts", reader).assume_role, RoleArn=SCANNER, RoleSessionName="task")[0],
    }
rules(b"1000000000")
said["session"] = {name: scanner[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")}
print(json.dumps(said))
