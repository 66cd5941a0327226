"""Calls one operation with the official client, and prints the name of a run."""

import sys

import kfp_server_api as kfp

configuration = kfp.Configuration(host=sys.argv[1])
configuration.api_key["authorization"] = "token"
configuration.api_key_prefix["authorization"] = "Bearer"
runs = kfp.RunServiceApi(kfp.ApiClient(configuration))
print(runs.run_service_get_run("run-1").display_name)
