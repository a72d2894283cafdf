"""Makes requests with botocore, AWS's own SDK for Python, and prints them instead of sending them.

Reads lines of JSON, {"service": its service ID, "operation": its name, "input": its parameters}, and answers each with a line of JSON: the
request as it would go out, with the parameters that botocore's models know, or {"skip": why} where they do not know the operation.
"""

import base64
import datetime
import email.utils
import json
import sys

import botocore.config
import botocore.session


class Captured(Exception):
    def __init__(self, request):
        self.request = request


def capture(request, **_):
    raise Captured(request)


def timestamp(text):
    if text[0].isdigit() and "T" not in text:
        return datetime.datetime.fromtimestamp(int(text), datetime.timezone.utc)
    if "," in text:
        return email.utils.parsedate_to_datetime(text)
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def convert(shape, value):
    """Returns the value as botocore takes it, and as it was sent: without the members that botocore's model does not have."""
    kind = shape.type_name
    if shape.serialization.get("jsonvalue") and shape.serialization.get("location") == "header":
        return json.loads(value), value
    if getattr(shape, "is_document_type", False):
        return value, value
    if kind == "structure":
        pairs = {k: convert(shape.members[k], v) for k, v in value.items() if k in shape.members}
    elif kind == "map":
        pairs = {k: convert(shape.value, v) for k, v in value.items()}
    elif kind == "list":
        pairs = [convert(shape.member, v) for v in value]
        return [p[0] for p in pairs], [p[1] for p in pairs]
    elif kind == "blob":
        return base64.b64decode(value), value
    elif kind == "timestamp":
        return timestamp(value), value
    elif kind in ("integer", "long"):
        return int(value), int(value)
    else:
        return value, value
    return {k: p[0] for k, p in pairs.items()}, {k: p[1] for k, p in pairs.items()}


def main():
    session = botocore.session.get_session()
    session.set_credentials("AKIDEXAMPLE", "secret")
    config = botocore.config.Config(parameter_validation=False, retries={"max_attempts": 1})
    loader = session.get_component("data_loader")
    names = {}
    for name in session.get_available_services():
        metadata = loader.load_service_model(name, "service-2")["metadata"]
        names[metadata["serviceId"]] = name
    clients = {}
    for line in sys.stdin:
        ask = json.loads(line)
        name = names.get(ask["service"])
        answer = {"skip": "service"}
        if name:
            if name not in clients:
                clients.clear()
                clients[name] = session.create_client(name, "us-east-1", endpoint_url="http://127.0.0.1:9", config=config)
                clients[name].meta.events.register("before-send", capture)
            answer = make(clients[name], ask)
        print(json.dumps(answer), flush=True)


def make(client, ask):
    model = client.meta.service_model
    if ask["operation"] not in model.operation_names:
        return {"skip": "operation"}
    operation = model.operation_model(ask["operation"])
    parameters, sent = convert(operation.input_shape, ask["input"]) if operation.input_shape else ({}, {})
    if operation.has_event_stream_input:
        return {"skip": "stream"}
    try:
        client._make_api_call(ask["operation"], parameters)
    except Captured as captured:
        request = captured.request
        body = request.body or b""
        if hasattr(body, "read"):
            body.seek(0)
            body = body.read()
        if isinstance(body, str):
            body = body.encode()
        headers = {k: [v.decode() if isinstance(v, bytes) else str(v)] for k, v in request.headers.items()}
        return {"method": request.method, "url": request.url, "headers": headers, "body": base64.b64encode(body).decode(), "input": sent}
    except Exception as error:
        return {"skip": "error", "error": repr(error)}
    return {"skip": "error", "error": "nothing was sent"}


main()
