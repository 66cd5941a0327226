"""Prints the spec by which Schemathesis checks the sandbox: `prepare.py compute|kfp SPEC`.

The sandbox behaves like the servers. Where they differ from their spec, the spec is changed here, with the
reason.
"""

import json
import re
import sys


def every_object(value):
    """Yields all objects of a value, including itself."""
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from every_object(member)
    elif isinstance(value, list):
        for item in value:
            yield from every_object(item)


def compute(spec):
    schemas = spec["components"]["schemas"]
    # FastAPI rejects requests with a list of errors, the server's own code with a string.
    errors = {"type": "array", "items": {"$ref": "#/components/schemas/ValidationError"}}
    for name in ["HTTPBadRequestError", "HTTPValidationError"]:
        schemas[name]["properties"]["detail"] = {"anyOf": [{"type": "string"}, errors]}

    # The server returns times without the offset that `date-time` requires, and accepts both. Days end
    # at 28, so that generated dates exist.
    time = (
        r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
        r"(\.[0-9]{1,7})?(Z|[+-](0[0-9]|1[0-2]):[0-5][0-9])?$"
    )
    for schema in every_object(spec):
        if schema.get("type") == "string" and schema.get("format") == "date-time":
            del schema["format"]
            schema["pattern"] = time

    # Without a credential the response is 401, which most operations do not declare.
    refused = {"schema": {"$ref": "#/components/schemas/HTTPForbiddenError"}}
    refused = {"description": "no credential", "content": {"application/json": refused}}
    for path in spec["paths"].values():
        for operation in path.values():
            if operation.get("security"):
                operation["responses"].setdefault("401", refused)


def kfp(spec):
    # `/artifacts/{artifact_id}` and `/artifacts/{artifact.artifact_id}` are one path. Otherwise Schemathesis
    # expects that each rejects the methods of the other.
    paths = {}
    for template, path in spec["paths"].items():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path":
                    parameter["name"] = parameter["name"].split(".")[-1]
        paths.setdefault(re.sub(r"\{\w+\.(\w+)\}", r"{\1}", template), {}).update(path)
    spec["paths"] = paths

    for path in spec["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                # A missing body is an empty message.
                if parameter["in"] == "body":
                    parameter["required"] = False
                # Enum values may be numbers, and unknown values are valid.
                if parameter["in"] == "query":
                    parameter.pop("enum", None)
    for schema in spec["definitions"].values():
        if "enum" in schema:
            names = {"type": schema.pop("type"), "enum": schema.pop("enum")}
            schema["anyOf"] = [names, {"type": "integer"}]
    # The health check needs no credential.
    spec["paths"]["/apis/v2beta1/healthz"]["get"]["security"] = []

    # In the JSON of Protocol Buffers a null is an absent field.
    for schema in every_object(spec):
        for field in schema.get("properties", {}).values():
            field["x-nullable"] = True


if __name__ == "__main__":
    name, file = sys.argv[1:]
    with open(file, encoding="utf-8") as source:
        prepared = json.load(source)
    {"compute": compute, "kfp": kfp}[name](prepared)
    json.dump(prepared, sys.stdout)
