"""The official Python client of Kubeflow Pipelines."""

from concurrent.futures import ThreadPoolExecutor

import kfp_server_api

import task as tasks

PAGE_SIZE = 200


def main():
    task = tasks.from_arguments()
    configuration = kfp_server_api.Configuration(host=task.url)
    configuration.api_key["authorization"] = tasks.TOKEN
    configuration.api_key_prefix["authorization"] = "Bearer"
    if task.at_once > configuration.connection_pool_maxsize:
        # Otherwise the client closes the other connections after each call.
        configuration.connection_pool_maxsize = task.at_once
    client = kfp_server_api.ApiClient(configuration)
    service = kfp_server_api.RunServiceApi(client)
    shown = client.sanitize_for_serialization
    match task.work:
        case "run":
            repeat(task, lambda: service.run_service_get_run("run-1"), shown)
        case "runs":
            repeat(task, lambda: service.run_service_list_runs(page_size=PAGE_SIZE), shown)
        case "items":
            items(task, service)
        case _:
            tasks.not_offered(task)


def repeat(task, call, shown):
    """Makes the calls, from one thread per concurrent call."""
    if task.show or task.at_once == 1:
        tasks.compute(task, call, shown)
        return
    with ThreadPoolExecutor(task.at_once) as threads:
        several(threads, task.warm_up, call)
        measuring = tasks.Measuring()
        several(threads, task.calls, call)
        measuring.end(task.calls)


def several(threads, calls, call):
    for _ in threads.map(lambda _: call(), range(calls)):
        pass


def items(task, service):
    """Reads as many runs as the task has calls, page by page."""
    measuring = tasks.Measuring()
    seen, token = 0, ""
    while seen < task.calls and token is not None:
        page = service.run_service_list_runs(page_size=PAGE_SIZE, page_token=token)
        for _ in page.runs:
            seen += 1
        token = page.next_page_token
    if seen != task.calls:
        raise RuntimeError(f"expected {task.calls} items, got {seen}")
    measuring.end(seen)


main()
