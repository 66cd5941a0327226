"""The official Python client of Quantum Inspire Compute."""

import asyncio

import compute_api_client
from pydantic_core import to_jsonable_python

import task as tasks

PAGE_SIZE = 100


async def main():
    task = tasks.from_arguments()
    configuration = compute_api_client.Configuration(host=task.url, access_token=tasks.TOKEN)
    async with compute_api_client.ApiClient(configuration) as client:
        jobs = compute_api_client.JobsApi(client)
        match task.work:
            case "jobs":
                await repeat(task, lambda: jobs.read_jobs_jobs_get(size=PAGE_SIZE))
            case _:
                tasks.not_offered(task)


def shown(page):
    return to_jsonable_python(page.to_dict())


async def repeat(task, call):
    """Makes the calls, `at_once` of them concurrently."""
    if task.show:
        tasks.show(shown(await call()))
        return
    await several(task, task.warm_up, call)
    measuring = tasks.Measuring()
    await several(task, task.calls, call)
    measuring.end(task.calls)


async def several(task, calls, call):
    left = iter(range(calls))

    async def one_after_the_other():
        for _ in left:
            await call()

    await asyncio.gather(*(one_after_the_other() for _ in range(task.at_once)))


asyncio.run(main())
