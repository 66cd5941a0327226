"""Uses a server through the command line `qi` of `quantuminspire`: every command.

Usage: use_qi.py URL

The login is that of `~/.quantuminspire/config.json`, if there is one.
"""

import os
import re
import subprocess
import sys
import tempfile

import typer.main
from quantuminspire.cli import app

QI = os.path.join(os.path.dirname(sys.executable), "qi")

BELL = """version 3.0

qubit[2] q
bit[2] b

H q[0]
CNOT q[0], q[1]
b = measure q
"""

HYBRID = """def execute(qi):
    return None


def finalize(results):
    return {}
"""

called = set()


def qi(*arguments, answer=""):
    """What a command prints; its words are those before the first option or value."""
    for length in (2, 1):
        if arguments[:length] in commands:
            called.add(arguments[:length])
            break
    ended = subprocess.run(
        [QI, *arguments],
        input=answer,
        capture_output=True,
        text=True,
        env=os.environ | {"BROWSER": "true", "NO_COLOR": "1", "COLUMNS": "200"},
    )
    assert ended.returncode == 0, f"qi {' '.join(arguments)}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


def leaves(command, words=()):
    for name, inner in command.commands.items():
        if hasattr(inner, "commands"):
            yield from leaves(inner, (*words, name))
        else:
            yield (*words, name)


commands = set(leaves(typer.main.get_command(app)))


def job_of(printed):
    return re.search(r"job id: (\d+)", printed).group(1)


def use(url):
    config = os.path.expanduser("~/.quantuminspire/config.json")
    if not os.path.exists(config):
        assert "Login successful" in qi("login", url)
    backends = qi("backends", "list")
    assert "QX emulator" in backends, backends
    backend = re.search(r"│ (\d+) +│ QX emulator", backends).group(1)
    assert "'nqubits': 10" in qi("backends", "get", backend)
    assert "-" not in qi("backends", "queue", backend).split("{")[1]

    with open("bell.cq", "w") as file:
        file.write(BELL)
    with open("hybrid.py", "w") as file:
        file.write(HYBRID)
    qi("projects", "init", "demo", "A demo")
    qi("algorithms", "init", "bell", "bell.cq", backend, "--num-shots", "64")
    qi("run", "--name", "bell", "--persist")
    assert "completed" in qi("algorithms", "status", "bell", "--wait")
    assert "executing H q[0]" in qi("algorithms", "logs", "bell")
    assert "'00': 32" in qi("algorithms", "results", "bell")
    hybrid = ("run", "--file", "hybrid.py", "--backend-type-id", backend, "--name", "hybrid")
    job = job_of(qi(*hybrid, "--persist"))
    assert "completed" in qi("algorithms", "status", "hybrid", "--wait")
    assert "iterations" in qi("algorithms", "final-result", "hybrid")
    assert "iterations" in qi("jobs", "final-result", job)

    job = job_of(qi("run", "--file", "bell.cq", "--backend-type-id", backend, "--store-raw-data"))
    assert "completed" in qi("jobs", "status", job, "--wait")
    assert "completed" in qi("jobs", "inspect", job)
    assert job in qi("jobs", "list", "completed", "--quiet").split()
    assert "'raw_data': None" not in qi("jobs", "results", job)
    assert "executing" in qi("jobs", "logs", job)
    qi("jobs", "cancel", job, answer="y\n")
    qi("files", "compile", "--file", "bell.cq", "--backend-type-id", backend)
    assert any(re.fullmatch(r"bell_.+\.cq", name) for name in os.listdir()), os.listdir()

    qi("config", "set", "default_host", url, "--user")
    assert url in qi("config", "get", "default_host")
    project = qi("projects", "list", "--quiet").split()[0]
    assert "deleted" in qi("projects", "delete", project, answer="y\n")
    assert "logged out" in qi("logout")
    missed = commands - called - {("login",)}
    assert not missed, missed


os.chdir(tempfile.mkdtemp())
use(*sys.argv[1:])
