"""Uses a server through the KFP SDK, after its documentation: every public method of `kfp.Client`.

Usage: use_kfp.py URL TOKEN

It ends with an error where a method fails, or gives what a server does not.
"""

import inspect
import json
import os
import sys
import tempfile
import warnings

import kfp
from kfp import compiler, dsl

warnings.simplefilter("ignore")

called = set()


class Client(kfp.Client):
    """Notes which methods are called."""

    def __getattribute__(self, name):
        if not name.startswith("_"):
            called.add(name)
        return super().__getattribute__(name)


@dsl.component(base_image="python:3.12")
def say_hello(name: str) -> str:
    return f"Hello, {name}!"


@dsl.component(base_image="python:3.12")
def shout(text: str) -> str:
    return text.upper()


@dsl.pipeline(name="hello-pipeline")
def hello(recipient: str = "World") -> str:
    return shout(text=say_hello(name=recipient).output).output


def ids(page, field, attribute):
    return [getattr(item, attribute) for item in getattr(page, field) or []]


def equals(key, value):
    predicate = {"operation": "EQUALS", "key": key, "stringValue": value}
    return json.dumps({"predicates": [predicate]})


def experiments(client):
    experiment = client.create_experiment("first", description="An experiment")
    again = client.create_experiment("first")
    assert again.experiment_id == experiment.experiment_id
    assert client.get_experiment(experiment_name="first").description == "An experiment"
    other = client.create_experiment("other")
    listed, token = [], ""
    while token is not None:
        page = client.list_experiments(page_token=token, page_size=1, sort_by="created_at desc")
        listed += ids(page, "experiments", "experiment_id")
        token = page.next_page_token or None
    assert {experiment.experiment_id, other.experiment_id} <= set(listed), listed
    assert len(listed) == len(set(listed)), listed
    found = client.list_experiments(filter=equals("name", "first"))
    assert ids(found, "experiments", "experiment_id") == [experiment.experiment_id]
    client.archive_experiment(other.experiment_id)
    assert client.get_experiment(other.experiment_id).storage_state == "ARCHIVED"
    client.unarchive_experiment(other.experiment_id)
    assert client.get_experiment(other.experiment_id).storage_state == "AVAILABLE"
    client.delete_experiment(other.experiment_id)
    return experiment.experiment_id


def pipelines(client, package):
    pipeline = client.upload_pipeline(package, pipeline_name="hello", description="Says hello")
    assert client.get_pipeline_id("hello") == pipeline.pipeline_id
    assert client.get_pipeline(pipeline.pipeline_id).description == "Says hello"
    second = client.upload_pipeline_version(package, "v2", pipeline_id=pipeline.pipeline_id)
    third = client.upload_pipeline_version_from_pipeline_func(hello, "v3", pipeline_name="hello")
    version = client.get_pipeline_version(pipeline.pipeline_id, second.pipeline_version_id)
    assert version.pipeline_spec["pipelineInfo"]["name"] == "hello-pipeline"
    versions = client.list_pipeline_versions(pipeline.pipeline_id, sort_by="created_at desc")
    assert len(versions.pipeline_versions) == 3
    client.delete_pipeline_version(pipeline.pipeline_id, third.pipeline_version_id)
    other = client.upload_pipeline_from_pipeline_func(hello, pipeline_name="other")
    found = client.list_pipelines(filter=equals("name", "other"))
    assert ids(found, "pipelines", "pipeline_id") == [other.pipeline_id]
    for one in client.list_pipeline_versions(other.pipeline_id).pipeline_versions:
        client.delete_pipeline_version(other.pipeline_id, one.pipeline_version_id)
    client.delete_pipeline(other.pipeline_id)
    assert client.get_pipeline_id("other") is None
    return pipeline.pipeline_id, second.pipeline_version_id


def runs(client, experiment, package, pipeline, version):
    arguments = {"recipient": "Delft"}
    run = client.create_run_from_pipeline_func(hello, arguments=arguments, experiment_name="first")
    ended = client.wait_for_run_completion(run.run_id, timeout=60, sleep_duration=1)
    assert ended.state == "SUCCEEDED", ended
    assert ended.runtime_config.parameters == arguments, ended
    assert client.get_run(run.run_id).finished_at >= ended.created_at
    again = client.create_run_from_pipeline_package(package, arguments=arguments, run_name="again")
    named = client.run_pipeline(experiment, "named", pipeline_id=pipeline, version_id=version)
    assert named.pipeline_version_reference.pipeline_version_id == version
    client.terminate_run(named.run_id)
    page = client.list_runs(experiment_id=experiment, page_size=50, sort_by="created_at desc")
    assert {run.run_id, named.run_id} <= set(ids(page, "runs", "run_id"))
    client.archive_run(run.run_id)
    assert client.get_run(run.run_id).storage_state == "ARCHIVED"
    client.unarchive_run(run.run_id)
    client.delete_run(again.run_id)


def recurring_runs(client, experiment, pipeline, version):
    hourly = client.create_recurring_run(
        experiment, "hourly", cron_expression="0 0 * * * *", pipeline_id=pipeline, version_id=version
    )
    often = client.create_recurring_run(
        experiment, "often", interval_second=3600, pipeline_id=pipeline, version_id=version, enabled=False
    )
    hourly, often = hourly.recurring_run_id, often.recurring_run_id
    assert client.get_recurring_run(often).status == "DISABLED"
    client.enable_recurring_run(often)
    assert client.get_recurring_run(often).status == "ENABLED"
    client.disable_recurring_run(often)
    client.enable_job(often)
    client.disable_job(often)
    page = client.list_recurring_runs(experiment_id=experiment, sort_by="created_at desc")
    assert set(ids(page, "recurring_runs", "recurring_run_id")) == {hourly, often}
    client.delete_recurring_run(hourly)
    client.delete_job(often)


def main(url, token):
    os.environ["HOME"] = tempfile.mkdtemp()
    client = Client(host=url, existing_token=token)
    assert client.get_kfp_healthz().multi_user is False
    client.set_user_namespace("")
    assert not client.get_user_namespace()
    package = os.path.join(tempfile.mkdtemp(), "hello.yaml")
    compiler.Compiler().compile(hello, package)
    experiment = experiments(client)
    pipeline, version = pipelines(client, package)
    runs(client, experiment, package, pipeline, version)
    recurring_runs(client, experiment, pipeline, version)
    public = {name for name, _ in inspect.getmembers(kfp.Client, inspect.isfunction)}
    missed = {name for name in public if not name.startswith("_")} - called
    assert not missed, missed


main(*sys.argv[1:])
