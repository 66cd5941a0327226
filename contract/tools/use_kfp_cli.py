"""Uses a server through the command line `kfp`: every command that reaches a server.

Usage: use_kfp_cli.py URL TOKEN
"""

import json
import os
import subprocess
import sys
import tempfile

import click
import kfp.cli.cli
from kfp import compiler, dsl

KFP = os.path.join(os.path.dirname(sys.executable), "kfp")

# They build images, compile, or look at the machine.
WITHOUT_SERVER = {("component", "build"), ("dsl", "compile"), ("diagnose-me",)}

called = set()


@dsl.component(base_image="python:3.12")
def say_hello(name: str) -> str:
    return f"Hello, {name}!"


@dsl.pipeline(name="hello-pipeline")
def hello(recipient: str = "World") -> str:
    return say_hello(name=recipient).output


def leaves(command, words=()):
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        if isinstance(inner, click.Group):
            yield from leaves(inner, (*words, name))
        else:
            yield (*words, name)


def kfp_cli(*arguments, answer="y\n"):
    called.add(arguments[:2])
    ended = subprocess.run(
        [KFP, "--endpoint", url, "--existing-token", token, "--output", "json", *arguments],
        input=answer,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, f"kfp {' '.join(arguments)}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


def read(*arguments):
    """The JSON in what a command prints, which may say something before."""
    printed = kfp_cli(*arguments)
    begin = min(at for at in (printed.find("{"), printed.find("[")) if at >= 0)
    return json.JSONDecoder().raw_decode(printed[begin:])[0]


def use():
    package = os.path.join(tempfile.mkdtemp(), "hello.yaml")
    compiler.Compiler().compile(hello, package)

    experiment = read("experiment", "create", "first", "--description", "d")["experiment_id"]
    assert read("experiment", "get", experiment)["display_name"] == "first"
    listed = read("experiment", "list")
    assert experiment in json.dumps(listed), listed
    kfp_cli("experiment", "archive", "--experiment-id", experiment)
    kfp_cli("experiment", "unarchive", "--experiment-id", experiment)

    pipeline = read("pipeline", "create", "--pipeline-name", "hello", package)["pipeline_id"]
    second = read("pipeline", "create-version", package, "-v", "v2", "-p", pipeline)
    second = second["pipeline_version_id"]
    assert read("pipeline", "get", pipeline)["display_name"] == "hello"
    assert read("pipeline", "get-version", pipeline, second)["display_name"] == "v2"
    assert pipeline in json.dumps(read("pipeline", "list"))
    versions = [one["pipeline_version_id"] for one in read("pipeline", "list-versions", pipeline)]
    assert second in versions and len(versions) == 2, versions

    run = read("run", "create", "-e", "first", "-r", "r", "-f", package, "recipient=Delft")["run_id"]
    assert read("run", "get", run)["display_name"] == "r"
    assert run in json.dumps(read("run", "list"))
    kfp_cli("run", "archive", run)
    kfp_cli("run", "unarchive", run)
    kfp_cli("run", "delete", run)

    given = ["--pipeline-id", pipeline, "--version-id", second, "--experiment-id", experiment]
    often = read("recurring-run", "create", "--job-name", "often", "--interval-second", "3600", *given)
    often = often["recurring_run_id"]
    assert read("recurring-run", "get", often)["display_name"] == "often"
    assert often in json.dumps(read("recurring-run", "list"))
    kfp_cli("recurring-run", "disable", often)
    kfp_cli("recurring-run", "enable", often)
    kfp_cli("recurring-run", "delete", often)

    for version in versions:
        kfp_cli("pipeline", "delete-version", pipeline, version)
    kfp_cli("pipeline", "delete", pipeline)
    kfp_cli("experiment", "delete", experiment)
    missed = set(leaves(kfp.cli.cli.cli)) - called - WITHOUT_SERVER
    assert not missed, missed


url, token = sys.argv[1:]
os.environ["HOME"] = tempfile.mkdtemp()
use()
