"""What the peers share: the workloads, their arguments, and the clock around a step.

A peer prints one line of JSON: {"peer", "workload", "params", "threads", "ms_per_step", "ms_min"}. With `--serve` it stays, and prints
one for each line that it reads, so that several can be alternated without compiling again.
"""
import argparse
import json
import pathlib
import statistics
import sys
import time

WORKLOADS = json.loads(pathlib.Path(__file__).resolve().parents[1].joinpath("workloads.json").read_text())
RATE, DECAY, BETA1, BETA2, EPSILON, CLIP = 1e-3, 0.01, 0.9, 0.999, 1e-8, 1.0
NORM_EPSILON = {"layer": 1e-5, "rms": 1e-8}


def parser(description):
    given = argparse.ArgumentParser(description=description.splitlines()[0])
    given.add_argument("workload", choices=WORKLOADS)
    given.add_argument("--threads", type=int, default=2)
    given.add_argument("--seconds", type=float, default=5.0, help="time to measure for")
    given.add_argument("--prune", action="store_true", help="queries, MLP and head of the last block only where the loss reads")
    given.add_argument("--serve", action="store_true", help="measure once for each line of the standard input")
    return given


def first_row(workload, arguments):
    """The first position of queries and MLP in the last block."""
    return workload["scored_from"] if arguments.prune else 0


def measure(step, seconds, steps_a_call=1):
    """Median and least milliseconds of a step; `step` does `steps_a_call` of them and waits for the result."""
    times, end = [], time.perf_counter() + seconds
    while len(times) * steps_a_call < 5 or time.perf_counter() < end:
        begun = time.perf_counter()
        step()
        times.append((time.perf_counter() - begun) / steps_a_call * 1e3)
    return statistics.median(times), min(times)


def report(peer, arguments, parameters, step, steps_a_call=1):
    """Warms up, then measures and prints once, or with `--serve` as often as asked."""
    step()  # compiles
    measure(step, min(1.0, arguments.seconds), steps_a_call)
    if arguments.serve:
        print("ready", flush=True)
    for _ in sys.stdin if arguments.serve else [None]:
        median, least = measure(step, arguments.seconds, steps_a_call)
        found = {"peer": peer, "workload": arguments.workload, "params": parameters, "threads": arguments.threads}
        print(json.dumps(found | {"ms_per_step": round(median, 5), "ms_min": round(least, 5)}), flush=True)
