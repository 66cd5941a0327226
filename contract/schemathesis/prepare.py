"""Writes a description as Schemathesis can judge the sandbox by it: `prepare.py compute|kfp DESCRIPTION`.

The sandbox does as the servers do. Where those do other than their description says, the description
is changed here, each time for the reason given, and nothing else is.
"""

import json
import re
import sys


def every_object(value):
    """The value's objects, itself included."""
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from every_object(member)
    elif isinstance(value, list):
        for item in value:
            yield from every_object(item)


def compute(description):
    schemas = description["components"]["schemas"]
    # A refusal has a list of errors where FastAPI refuses, a text where the server's own code does.
    errors = {"type": "array", "items": {"$ref": "#/components/schemas/ValidationError"}}
    for name in ["HTTPBadRequestError", "HTTPValidationError"]:
        schemas[name]["properties"]["detail"] = {"anyOf": [{"type": "string"}, errors]}

    # The server answers times without an offset, which `date-time` demands, and takes both. The days
    # end at 28 so that what is generated is in the calendar.
    time = (
        r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
        r"(\.[0-9]{1,7})?(Z|[+-](0[0-9]|1[0-2]):[0-5][0-9])?$"
    )
    for schema in every_object(description):
        if schema.get("type") == "string" and schema.get("format") == "date-time":
            del schema["format"]
            schema["pattern"] = time

    # Without a credential the answer is 401, which most operations leave out.
    refused = {"schema": {"$ref": "#/components/schemas/HTTPForbiddenError"}}
    refused = {"description": "no credential", "content": {"application/json": refused}}
    for path in description["paths"].values():
        for operation in path.values():
            if operation.get("security"):
                operation["responses"].setdefault("401", refused)


def kfp(description):
    # `/artifacts/{artifact_id}` and `/artifacts/{artifact.artifact_id}` are one path: apart, each is
    # without the methods of the other, and Schemathesis expects those to be refused.
    paths = {}
    for template, path in description["paths"].items():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path":
                    parameter["name"] = parameter["name"].split(".")[-1]
        paths.setdefault(re.sub(r"\{\w+\.(\w+)\}", r"{\1}", template), {}).update(path)
    description["paths"] = paths

    for path in description["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                # A body that is not there is an empty message.
                if parameter["in"] == "body":
                    parameter["required"] = False
                # The values of an enum have numbers, too; unknown ones are values.
                if parameter["in"] == "query":
                    parameter.pop("enum", None)
    for schema in description["definitions"].values():
        if "enum" in schema:
            names = {"type": schema.pop("type"), "enum": schema.pop("enum")}
            schema["anyOf"] = [names, {"type": "integer"}]
    # Whether the server is well is for all to know.
    description["paths"]["/apis/v2beta1/healthz"]["get"]["security"] = []

    # In the JSON of Protocol Buffers a null is an absent field.
    for schema in every_object(description):
        for field in schema.get("properties", {}).values():
            field["x-nullable"] = True


if __name__ == "__main__":
    name, file = sys.argv[1:]
    with open(file, encoding="utf-8") as source:
        prepared = json.load(source)
    {"compute": compute, "kfp": kfp}[name](prepared)
    json.dump(prepared, sys.stdout)
