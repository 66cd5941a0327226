"""Calls one operation with the official client, and prints the number of jobs."""

import asyncio
import sys

import compute_api_client as compute


async def main():
    configuration = compute.Configuration(host=sys.argv[1], access_token="token")
    async with compute.ApiClient(configuration) as client:
        page = await compute.JobsApi(client).read_jobs_jobs_get()
        print(len(page.items))


asyncio.run(main())
