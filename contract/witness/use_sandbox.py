"""Uses a sandbox through the official Python clients, as their users do.

Usage: use_sandbox.py URL COMPUTE_TOKEN KFP_TOKEN

It ends with an error where a client cannot read an answer, or the answer is not what a server gives.
"""

import asyncio
import sys

import compute_api_client as compute
import kfp_server_api as kfp

PIPELINE = {
    "pipelineInfo": {"name": "calibrate"},
    "root": {
        "dag": {"tasks": {}},
        "inputDefinitions": {
            "parameters": {"shots": {"parameterType": "NUMBER_INTEGER", "isOptional": True}}
        },
    },
    "schemaVersion": "2.1.0",
    "sdkVersion": "kfp-2.0.0",
}


def use_kfp(url, token):
    configuration = kfp.Configuration(host=url)
    configuration.api_key["authorization"] = token
    configuration.api_key_prefix["authorization"] = "Bearer"
    client = kfp.ApiClient(configuration)
    experiments = kfp.ExperimentServiceApi(client)
    runs = kfp.RunServiceApi(client)
    recurring = kfp.RecurringRunServiceApi(client)
    pipelines = kfp.PipelineServiceApi(client)

    experiment = experiments.experiment_service_create_experiment(
        kfp.V2beta1Experiment(display_name="witnessed")
    )
    assert experiment.storage_state == "AVAILABLE", experiment
    again = experiments.experiment_service_get_experiment(experiment.experiment_id)
    assert again.created_at == experiment.created_at

    pipeline = pipelines.pipeline_service_create_pipeline(
        kfp.V2beta1Pipeline(display_name="witnessed")
    )
    found = pipelines.pipeline_service_get_pipeline_by_name("witnessed")
    assert found.pipeline_id == pipeline.pipeline_id

    for number in range(5):
        run = runs.run_service_create_run(
            kfp.V2beta1Run(
                display_name=f"run {number}",
                experiment_id=experiment.experiment_id,
                pipeline_spec=PIPELINE,
                runtime_config=kfp.V2beta1RuntimeConfig(parameters={"shots": 1024}),
            )
        )
        assert run.run_id and run.created_at, run
    names, token = [], ""
    while token is not None:
        page = runs.run_service_list_runs(
            experiment_id=experiment.experiment_id,
            page_size=2,
            page_token=token,
            sort_by="created_at desc",
        )
        names += [run.display_name for run in page.runs]
        token = page.next_page_token
    assert sorted(names) == [f"run {number}" for number in range(5)], names

    runs.run_service_archive_run(run.run_id)
    assert runs.run_service_get_run(run.run_id).storage_state == "ARCHIVED"
    runs.run_service_delete_run(run.run_id)
    try:
        runs.run_service_get_run(run.run_id)
        raise AssertionError("a deleted run is still there")
    except kfp.ApiException as error:
        assert error.status == 404, error

    hourly = recurring.recurring_run_service_create_recurring_run(
        kfp.V2beta1RecurringRun(
            display_name="hourly",
            experiment_id=experiment.experiment_id,
            pipeline_spec=PIPELINE,
            trigger=kfp.V2beta1Trigger(
                periodic_schedule=kfp.V2beta1PeriodicSchedule(interval_second="3600")
            ),
            mode="ENABLE",
            max_concurrency="1",
        )
    )
    recurring.recurring_run_service_disable_recurring_run(hourly.recurring_run_id)
    hourly = recurring.recurring_run_service_get_recurring_run(hourly.recurring_run_id)
    assert hourly.status == "DISABLED", hourly
    client.close()


async def use_compute(url, token):
    configuration = compute.Configuration(host=url, access_token=token)
    async with compute.ApiClient(configuration) as client:
        types = await compute.BackendTypesApi(client).read_backend_types_backend_types_get()
        backend_type = types.items[0]
        user = (await compute.MembersApi(client).read_members_members_get()).items[0]
        projects = compute.ProjectsApi(client)
        project = await projects.create_project_projects_post(
            compute.ProjectIn(owner_id=user.id, name="witnessed", description="by Python")
        )
        changed = await projects.partial_update_project_projects_id_patch(
            project.id, compute.ProjectPatch(description="changed")
        )
        assert changed.description == "changed", changed
        algorithm = await compute.AlgorithmsApi(client).create_algorithm_algorithms_post(
            compute.AlgorithmIn(
                project_id=project.id, type="quantum", shared="private", name="witnessed"
            )
        )
        commit = await compute.CommitsApi(client).create_commit_commits_post(
            compute.CommitIn(description="first", algorithm_id=algorithm.id)
        )
        language = (await compute.LanguagesApi(client).read_languages_languages_get()).items[0]
        file = await compute.FilesApi(client).create_file_files_post(
            compute.FileIn(
                commit_id=commit.id,
                content="version 3.0\nqubit[2] q\nH q[0]\n",
                language_id=language.id,
                compile_stage="none",
                compile_properties={},
            )
        )
        batches = compute.BatchJobsApi(client)
        batch = await batches.create_batch_job_batch_jobs_post(
            compute.BatchJobIn(backend_type_id=backend_type.id)
        )
        jobs = compute.JobsApi(client)
        job = await jobs.create_job_jobs_post(
            compute.JobIn(file_id=file.id, batch_job_id=batch.id, number_of_shots=16)
        )
        assert job.status == "planned", job
        await batches.enqueue_batch_job_batch_jobs_id_enqueue_patch(batch.id)
        assert (await jobs.read_job_jobs_id_get(job.id)).id == job.id
        page = await jobs.read_jobs_jobs_get(batch_job_id=batch.id, size=1)
        assert (page.total, page.page, page.size) == (1, 1, 1), page
        await projects.delete_project_projects_id_delete(project.id)
        try:
            await projects.read_project_projects_id_get(project.id)
            raise AssertionError("a deleted project is still there")
        except compute.ApiException as error:
            assert error.status == 404, error


def main(url, compute_token, kfp_token):
    use_kfp(url, kfp_token)
    asyncio.run(use_compute(url, compute_token))


main(*sys.argv[1:])
