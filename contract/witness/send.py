"""Sends calls through the official Python clients of both APIs.

Usage: send.py URL < calls > outcomes

A call is a line of JSON: {"case", "api", "method", "path", "parameters", "body", "files"}, named as the
API descriptions name them; "files" maps the name of a part to a path. Its request carries the case in
the header `x-case`. An outcome is a line too: {"case", "outcome", "detail", "unknown"}, where the
outcome is `sent`, `absent` (the client has no such operation) or `refused` (the client raised an
error, before or after it sent something), and `unknown` names the parameters that it does not have.
"""

import asyncio
import inspect
import json
import re
import sys
import typing

import compute_api_client
import kfp_server_api

PLACEHOLDER = re.compile(r"\{[^}]*\}")


def route(method, path):
    """An operation as both sides know it, whatever its path parameters are called."""
    return method.upper(), PLACEHOLDER.sub("{}", path)


def names_in(source):
    """Names in the client, by the names in the description, of the parameters of a method."""
    by_query = re.findall(
        r"(?:params|files)\.append\(\s*\(?\s*'([^']+)',\s*(?:local_var_params\[')?(\w+)", source
    )
    by_key = re.findall(
        r"(?:params|_files|var_files)\['([^']+)'\] = (?:local_var_params\[')?(\w+)", source
    )
    return dict(by_query + by_key)


def renamed(arguments, source, unknown):
    """Arguments under the names of the client; those it does not have are noted and left out."""
    names = names_in(source)
    unknown.extend(key for key in arguments if key not in names)
    return {names[key]: value for key, value in arguments.items() if key in names}


class Kfp:
    def __init__(self, url):
        self.client = kfp_server_api.ApiClient(kfp_server_api.Configuration(host=url))
        self.client.configuration.api_key["authorization"] = "witness"
        self.client.configuration.api_key_prefix["authorization"] = "Bearer"
        self.operations = {}
        for api in vars(kfp_server_api).values():
            if not (inspect.isclass(api) and api.__name__.endswith("Api")):
                continue
            for name, function in inspect.getmembers(api, inspect.isfunction):
                if name.endswith("_with_http_info"):
                    source = inspect.getsource(function)
                    path, method = re.search(r"call_api\(\s*'([^']+)', '([A-Z]+)'", source).groups()
                    self.operations[route(method, path)] = (api, name, function, source)

    async def send(self, call, unknown):
        api, name, function, source = self.operations[route(call["method"], call["path"])]
        arguments = renamed({**call["parameters"], **call.get("files", {})}, source, unknown)
        if "body" in call:
            body = re.search(r"body_params = local_var_params\['(\w+)'\]", source).group(1)
            model = re.search(rf":type {body}: (\S+)", inspect.getdoc(function)).group(1)
            arguments[body] = self.client.deserialize(Text(json.dumps(call["body"])), model)
        self.client.set_default_header("x-case", call["case"])
        getattr(api(self.client), name)(**arguments)

    async def close(self):
        self.client.close()


class Text:
    """What the KFP client reads JSON from."""

    def __init__(self, data):
        self.data = data


class Compute:
    def __init__(self, url):
        configuration = compute_api_client.Configuration(host=url, access_token="witness")
        configuration.api_key["backend"] = "witness"
        self.client = compute_api_client.ApiClient(configuration)
        self.operations = {}
        for api in vars(compute_api_client).values():
            if not (inspect.isclass(api) and api.__name__.endswith("Api")):
                continue
            for name, function in inspect.getmembers(api, inspect.isfunction):
                if name.startswith("_") and name.endswith("_serialize"):
                    source = inspect.getsource(function)
                    method, path = re.search(
                        r"method='([A-Z]+)',\s*resource_path='([^']+)'", source
                    ).groups()
                    public = name.removeprefix("_").removesuffix("_serialize")
                    self.operations[route(method, path)] = (api, public, source)

    async def send(self, call, unknown):
        api, name, source = self.operations[route(call["method"], call["path"])]
        function = getattr(api(self.client), name)
        arguments = renamed(call["parameters"], source, unknown)
        if "body" in call:
            body = re.search(r"_body_params = (\w+)", source.split("process the body")[1]).group(1)
            arguments[body] = model(inspect.signature(function).parameters[body], call["body"])
        await function(**arguments, _headers={"x-case": call["case"]})

    async def close(self):
        await self.client.close()


def model(parameter, value):
    """The value as the type that a parameter is declared with."""
    for kind in (parameter.annotation, *typing.get_args(parameter.annotation)):
        if hasattr(kind, "from_dict"):
            return kind.from_dict(value)
    return value


async def main(url):
    clients = {"kfp": Kfp(url), "compute": Compute(url)}
    for line in sys.stdin:
        call = json.loads(line)
        client = clients[call["api"]]
        outcome, detail, unknown = "sent", "", []
        if route(call["method"], call["path"]) not in client.operations:
            outcome = "absent"
        else:
            try:
                await client.send(call, unknown)
            except Exception as error:  # of any kind: whether a request went out, the server knows
                outcome, detail = "refused", f"{type(error).__name__}: {error}"
        result = {"case": call["case"], "outcome": outcome, "detail": detail, "unknown": unknown}
        print(json.dumps(result), flush=True)
    for client in clients.values():
        await client.close()


asyncio.run(main(sys.argv[1]))
