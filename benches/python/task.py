"""What the Python candidates share, as the crate `candidate` does for those in Rust: the command line,
and how work is measured."""

import argparse
import json
import sys
import time

NOT_OFFERED = 64
TOKEN = "benchmark-token-0123456789abcdef0123456789abcdef"


def from_arguments():
    """The task of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("work")
    parser.add_argument("--url", default="")
    parser.add_argument("--file", default="")
    parser.add_argument("--calls", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--warm-up", type=int, default=0)
    parser.add_argument("--show", action="store_true")
    return parser.parse_args()


def text(task):
    """The text of the file that the task names."""
    with open(task.file, encoding="utf-8") as file:
        return file.read()


def show(value):
    """Prints decoded data, or figures, as one line of JSON."""
    print(json.dumps(value))


def compute(task, call, shown):
    """Calls something one after the other; `shown` makes JSON of what it gives."""
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
    """A measurement that has begun."""

    def __init__(self):
        self.resident_before = memory("VmRSS")
        self.cpu = time.process_time_ns()
        self.wall = time.perf_counter_ns()

    def end(self, calls):
        """Ends now, and prints the figures."""
        cpu = time.process_time_ns() - self.cpu
        wall = time.perf_counter_ns() - self.wall
        show(
            {
                "calls": calls,
                "cpu_ns": cpu,
                "wall_ns": wall,
                "resident_before_kib": self.resident_before,
                "resident_peak_kib": memory("VmHWM"),
            }
        )


def memory(name):
    """A figure of the process's memory, in KiB, as Linux tells it."""
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            key, _, rest = line.partition(":")
            if key == name:
                return int(rest.split()[0])
    raise RuntimeError(f"/proc/self/status does not tell {name}")


def not_offered(task):
    """Ends, and says that the candidate does not offer the work."""
    print(f"this candidate does not offer `{task.work}`", file=sys.stderr)
    sys.exit(NOT_OFFERED)
