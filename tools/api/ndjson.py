"""Teaches schemathesis NDJSON: a body of lines is made of values of the lines' schema."""

import json

import schemathesis

NDJSON = "application/x-ndjson"


@schemathesis.hook
def before_load_schema(context, raw_schema):
    for item in raw_schema["paths"].values():
        for operation in item.values():
            content = operation.get("requestBody", {}).get("content", {})
            if NDJSON in content:
                lines = content[NDJSON]["schema"]["contentSchema"]
                content[NDJSON] = {"schema": {"type": "array", "items": lines}}
            # One way to send a value is enough where the lines are what the JSON body is.
            if NDJSON in content and "application/json" in content:
                del content[NDJSON]


@schemathesis.serializer(NDJSON)
def serialize(context, value):
    lines = value if isinstance(value, list) else [value]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()
