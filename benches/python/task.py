"""Command line and measurements of the Python candidates, like the crate `candidate` for Rust."""

import argparse
import json
import sys
import time

NOT_OFFERED = 64
TOKEN = "benchmark-token-0123456789abcdef0123456789abcdef"


def from_arguments():
    """Reads the task from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("work")
    parser.add_argument("--url", default="")
    parser.add_argument("--calls", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--warm-up", type=int, default=0)
    parser.add_argument("--show", action="store_true")
    return parser.parse_args()


def show(value):
    """Prints decoded data, or figures, as one line of JSON."""
    print(json.dumps(value))


def compute(task, call, shown):
    """Makes the calls one after the other. `shown` converts a result to JSON."""
    if task.show:
        show(shown(call()))
        return
    for _ in range(task.warm_up):
        call()
    measuring = Measuring()
    for _ in range(task.calls):
        call()
    measuring.end(task.calls)


class Measuring:
    """A measurement in progress."""

    def __init__(self):
        self.cpu = time.process_time_ns()
        self.wall = time.perf_counter_ns()

    def end(self, calls):
        """Ends the measurement and prints the figures."""
        cpu = time.process_time_ns() - self.cpu
        wall = time.perf_counter_ns() - self.wall
        show(
            {
                "calls": calls,
                "cpu_ns": cpu,
                "wall_ns": wall,
                "resident_peak_kib": resident_peak_kib(),
            }
        )


def resident_peak_kib():
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            key, _, rest = line.partition(":")
            if key == "VmHWM":
                return int(rest.split()[0])
    raise RuntimeError("/proc/self/status has no VmHWM")


def not_offered(task):
    """Reports that the candidate does not support the work, and exits."""
    print(f"unsupported work `{task.work}`", file=sys.stderr)
    sys.exit(NOT_OFFERED)
