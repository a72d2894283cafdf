"""Prints, one JSON object a line, the requests that botocore makes of every S3 operation: with what is required, with each optional member
alone, and with all of them; those with none and all in virtual-hosted style too. Nothing is sent."""

import base64
import datetime
import json

import botocore.config
import botocore.session

# Members that only make sense to directory buckets or to another operation, which are refused, and forms that exclude one another.
LEFT_OUT = {
    "CreateBucketConfiguration": {"Location", "Bucket"},
    "RestoreRequest": {"SelectParameters", "OutputLocation", "Type"},
}
STRINGS = {
    "Bucket": "bucket",
    "Key": "a key/with+more?",
    "CopySource": "other/source%20key?versionId=v",
    "ExpectedBucketOwner": "111122223333",
    "ExpectedSourceBucketOwner": "111122223333",
    "ContentMD5": "1B2M2Y8AsgTpgAmY7PhCfg==",
    "Tagging": "team=a%20b&x=y",
    "Role": "arn:aws:iam::111122223333:role/replicator",
    "ContentEncoding": "gzip",
    "KMSKeyArn": "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555",
}


class Made(Exception):
    """Stands in for the answer."""


def value(shape, name, depth=0):
    if shape.type_name == "structure":
        left_out = LEFT_OUT.get(shape.name, set())
        members = list(shape.members.items())
        if getattr(shape, "is_tagged_union", False):
            members = members[:1]
        return {n: value(m, n, depth + 1) for n, m in members if n not in left_out and depth < 8}
    if shape.type_name == "list":
        return [value(shape.member, name, depth + 1)]
    if shape.type_name == "map":
        return {"name": "value"}
    if shape.type_name == "string":
        return shape.enum[0] if getattr(shape, "enum", None) else STRINGS.get(name, "text-" + name.lower())
    if shape.type_name == "timestamp":
        return datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    if shape.type_name == "boolean":
        return True
    if shape.type_name == "blob":
        return b"content"
    return 1


def main():
    session = botocore.session.get_session()
    session.set_credentials("AKIAIOSFODNN7EXAMPLE", "secret")
    for style in ("path", "virtual"):
        client = session.create_client("s3", region_name="us-east-1", endpoint_url="https://s3.us-east-1.amazonaws.com",
                                       config=botocore.config.Config(s3={"addressing_style": style}))
        client.meta.events.register("before-send.s3", make)
        for operation in client.meta.service_model.operation_names:
            model = client.meta.service_model.operation_model(operation)
            for case, parameters in sets(model):
                if style == "virtual" and case not in ("required", "all"):
                    continue
                try:
                    client._make_api_call(operation, parameters)
                except Made as made:
                    print(json.dumps({"operation": operation, "case": case, "style": style, **made.args[0]}))
    model = client.meta.service_model
    for operation in model.operation_names:
        shape = model.operation_model(operation).input_shape
        for member in shape.members.values() if shape else ():
            if member.serialization.get("location") == "header" and getattr(member, "enum", None):
                print(json.dumps({"header": member.serialization["name"].lower(), "values": member.enum}))


def sets(model):
    shape = model.input_shape
    if shape is None:
        yield "required", {}
        return
    needed = {n: value(shape.members[n], n) for n in shape.required_members}
    optional = [n for n in shape.members if n not in needed]
    yield "required", needed
    for name in optional:
        yield name, {**needed, name: value(shape.members[name], name)}
    yield "all", {**needed, **{n: value(shape.members[n], n) for n in optional}}


def make(request, **_):
    body = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    text = lambda v: v.decode() if isinstance(v, bytes) else v
    raise Made({"method": request.method, "url": text(request.url), "body": base64.b64encode(body).decode(),
                "headers": {text(k): text(v) for k, v in request.headers.items()}})


main()
