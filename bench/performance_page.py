#!/usr/bin/env python3
"""Writes docs/performance.md from bench/performance.json, which `bench/compare` keeps.

    python3 bench/performance_page.py               write the page
    python3 bench/performance_page.py --check FILE  fail unless FILE is what would be written
"""

import json
import pathlib
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEPT, PAGE = ROOT / "bench" / "performance.json", ROOT / "docs" / "performance.md"
# Ratio to the fastest peer: at least, aimed at; share of the peak: at least.
WANTED = {
    "add456": (60, 100, 0.40), "add1128": (25, 40, 0.35), "memo4k": (3, 6, None), "regex": (2.3, 3, 0.50),
    "copilot": (4, 6, 0.45), "mm10": (2.8, 3.5, 0.60), "mm100": (2.7, 3.2, 0.70),
}
BATCHES = json.loads((ROOT / "bench" / "workloads.json").read_text())
OURS, OURS_ALONE, PRUNED = "Infimum, 2 threads", "Infimum, 1 thread", "JAX, scan 50, pruned"
# Ratio to the fastest PyTorch, where that is asked for beside.
OF_PYTORCH = {"memo4k": 23}
INSTRUCTION_SETS = ("avx512", "avx2", "neon", "scalar")

INTRODUCTION = """\
# Performance

How long a training step takes, beside PyTorch and JAX on the same machine; what limits it; how cost grows. `bench/compare` measures and writes this
page; nothing here is written by hand.
"""
STEP = """\
A step is forward, gradient, clipping to length 1 and AdamW with bias correction on a batch that lies in memory: the same model with the same norms, biases,
positions and tying, the same batch, in f32. `bench/workloads.json` defines the models, `bench/peers/` has the other frameworks' side: JAX compiles the
whole step, and with "scan 50" fifty steps into one call; PyTorch runs eager and, from 2.0 on, compiled. All sides drop the logits of positions without
loss. "Pruned" JAX leaves out queries and MLP there, too, which a careful user can write for a model of one layer; it is no peer of the ratio but
shows how much of it is work that is not done."""
ROOFLINE = """\
Operations are two for each multiply-add of weight products and causal attention over the rows that the loss needs, times three for forward and both
gradients. Norms, nonlinearities, softmax and AdamW are not counted, and what the engine folds away counts as if it had not. The peak is that of fused
multiply-adds in registers on two threads, measured in the same process. Memory is the most that the process held."""
KERNELS = """\
One replay on one thread, instruction by instruction, the shortest time of each (`infimum bench kernels`). Products are what the peak bounds; the rest moves
numbers, or computes exponentials, which count as no operation. The last column is what these times make of the median step on one thread: beyond it are
weights that are packed, gradients of chunks that are added, AdamW, and all that makes a median longer than the shortest time, as neighbours on the
processor and numbers that come from farther away."""
GROWTH = """\
A decoder of width C = 32, L = 2 layers, T = 32 positions and 32 sequences on one thread; one size doubles, the others stay (`infimum bench scaling`). The
exponent e is of the law cost = size^e that fits the shortest times best; what is expected follows from the counted operations, and from the numbers that must be held.
Memory is that of the arrays of a step, added up, and not what the process took."""
REPRODUCE = """\
## Reproduce

```sh
pip install jax torch
bench/compare
```

`bench/compare --help` tells how to take other Pythons for either, fewer workloads, more rounds. The ratios carry over to other machines better than the
times. `infimum bench` alone needs no Python; `infimum bench mm100 --threads 1 --isa avx2` times one workload.
`infimum bench --recipe markov-10` times the steps of a recipe's model, and `bench/figures --only whole-run` measures what a whole run takes beside its steps."""


def table(headings, rows):
    """Headings that begin with `>` are aligned to the right."""
    lines = [[heading.lstrip(">") for heading in headings], ["--:" if heading.startswith(">") else "---" for heading in headings], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def digits(x):
    """Three digits, no exponent."""
    return f"{x:.0f}" if abs(x) >= 100 else f"{x:.1f}" if abs(x) >= 10 else f"{x:.2f}" if abs(x) >= 1 else f"{x:.3f}"


def percent(x):
    return f"{100 * x:.0f} %"


def spread(values):
    return f"{digits(statistics.median(values))} ({digits(min(values))} to {digits(max(values))})"


def fastest_peer(times, framework=""):
    """The name of the peer, of those that begin so, with the least median; None without peers."""
    is_peer = lambda name: name.startswith(framework) and not name.startswith("Infimum") and name != PRUNED
    peers = {name: statistics.median(ms) for name, ms in times.items() if is_peer(name)}
    return min(peers, key=peers.get, default=None)


def ratios(times, name, to=OURS):
    return [theirs / ours for theirs, ours in zip(times[name], times[to])]


def verdict(value, least):
    return "" if least is None else "kept" if value >= least else "**missed**"


def ratio_row(name, workload):
    times, (least, aim, _) = workload["ms"], WANTED[name]
    peer = fastest_peer(times)
    start = [name, f"{workload['params']:,}", spread(times[OURS]), spread(times[OURS_ALONE])]
    if peer is None:
        return [*start, "none was there", "", "", f"{least} ({aim})", ""]
    found = ratios(times, peer)
    pruned = digits(statistics.median(ratios(times, PRUNED))) if PRUNED in times else ""
    row = [*start, f"{peer}: {spread(times[peer])}", spread(found), pruned, f"{least} ({aim})", verdict(statistics.median(found), least)]
    return row if name not in OF_PYTORCH else with_pytorch(row, times, OF_PYTORCH[name])


def with_pytorch(row, times, least):
    """The row with the ratio to the fastest PyTorch in its last cells."""
    peer = fastest_peer(times, "PyTorch")
    ratio = statistics.median(ratios(times, peer)) if peer else 0.0
    said = f"{digits(ratio)} {verdict(ratio, least)}" if peer else "none was there"
    return [*row[:-2], f"{row[-2]}; {least} of PyTorch", f"{row[-1]}; PyTorch: {said}"]


def roofline_row(name, workload):
    share, least = workload["gflops"] / workload["peak_gflops"], WANTED[name][2]
    wanted = percent(least) if least else ""
    return [name, workload["executor"], digits(workload["gflops"]), digits(workload["peak_gflops"]), percent(share), wanted, verdict(share, least),
            f"{workload['megabytes']:.0f} MB"]


def limit_row(name, kernels, peak, workload):
    """Where the time of a replay goes: products, the rest, the three kernels that take most; and what all of them make of a step."""
    of = [kernel for kernel in kernels if kernel["workload"] == name]
    products = [kernel for kernel in of if kernel["gflops"]]
    share = sum(kernel["share"] for kernel in products)
    rate = sum(kernel["gflops"] * kernel["share"] for kernel in products) / share
    most = ", ".join(f"{kernel['kernel']} {percent(kernel['share'])}" for kernel in of[:3])
    groups = -(-BATCHES[name]["batch"] // (16 if workload["executor"] == "lanes" else 1))
    step = 1e-3 * groups * sum(kernel["microseconds"] for kernel in of) / statistics.median(workload["ms"][OURS_ALONE])
    return [name, percent(share), percent(rate / peak), percent(1 - share), most, percent(step)]


def all_times(workloads):
    names = list(dict.fromkeys(name for workload in workloads.values() for name in workload["ms"]))
    rows = [[name, *(digits(statistics.median(w["ms"][name])) if name in w["ms"] else "" for w in workloads.values())] for name in names]
    return table(["milliseconds a step, median", *(f">{name}" for name in workloads)], rows)


def instruction_sets(workloads):
    """Times with a slower instruction set beside the ratio that it leaves."""
    rows = []
    for name, workload in workloads.items():
        peer = fastest_peer(workload["ms"])
        for isa in INSTRUCTION_SETS:
            side = f"Infimum, {isa}"
            if side in workload["ms"] and peer:
                ratio, least = statistics.median(ratios(workload["ms"], peer, side)), WANTED[name][0] / 3
                rows.append([name, isa, spread(workload["ms"][side]), digits(ratio), digits(least), verdict(ratio, least)])
    if not rows:
        return ""
    return "A third of the ratio is wanted of a slower instruction set.\n\n" + table(
        ["workload", "instruction set", ">ms a step", ">ratio", ">wanted", ""], rows)


def sittings(workloads):
    """When and where; one line for each sitting."""
    found = {}
    for name, workload in workloads.items():
        found.setdefault(json.dumps(workload["sitting"], sort_keys=True), []).append(name)
    lines = []
    for text, names in found.items():
        s = json.loads(text)
        versions = ", ".join(f"{ {'jax': 'JAX', 'torch': 'PyTorch'}[module]} {version}" for module, version in s["versions"].items()) or "no peer"
        lines.append(f"- {', '.join(names)}: {s['date']}, commit {s['commit']}, {s['processor']}; {versions}; {s['rounds']} rounds of {s['seconds']} s"
                     f" for each side.{PROVISIONAL.format(load=s['load']) if s['provisional'] else ''}")
    if missing := [name for name in WANTED if name not in workloads]:
        lines.append(f"- Not measured yet: {', '.join(missing)}.")
    return "\n".join(lines)


PROVISIONAL = " **Provisional: the machine was not idle (load {load}), so peaks, times and ratios are not what they will be.**"


def peaks(kept):
    rates = [[peak["isa"], str(peak["threads"]), digits(peak["gflops"])] for peak in kept["multiply_adds"]]
    reads = [[f"{read['bytes_per_thread'] // 1024:,} KiB", str(read["threads"]), digits(read["gigabytes"])] for read in kept["reads"]]
    return table(["fused multiply-adds", ">threads", ">GFLOP/s"], rates) + "\n\n" + table(["reading, of each thread", ">threads", ">GB/s"], reads)


def growth(grown):
    row = lambda g: [g["size"], f"{g['points'][0]['value']} to {g['points'][-1]['value']}", *(digits(g[key]) for key in (
        "time_exponent", "expected_time_exponent", "memory_exponent", "expected_memory_exponent"))]
    points = [[g["size"], str(p["value"]), digits(p["ms_per_step"]), digits(p["ms_min"]), digits(p["gflops"]), digits(p["megabytes"])] for g in grown for p in g["points"]]
    return table(["size", "from, to", ">time: e", ">expected", ">memory: e", ">expected"], map(row, grown)) + "\n\n" + table(
        ["size", ">", ">ms a step", ">least", ">GFLOP/s", ">MB held"], points)


def page(kept):
    workloads = {name: kept["workloads"][name] for name in WANTED if name in kept["workloads"]}
    parts = [INTRODUCTION, "## Beside PyTorch and JAX", STEP]
    parts.append(table(["workload", ">parameters", ">ms a step, 2 threads", ">1 thread", "fastest peer, ms", ">ratio (range)", ">pruned JAX",
                        ">wanted (aim)", ""], [ratio_row(*item) for item in workloads.items()]))
    parts += [sittings(workloads), all_times(workloads), instruction_sets(workloads), "## Of the peak", ROOFLINE]
    parts.append(table(["workload", "executor", ">GFLOP/s", ">peak", ">of it", ">wanted", "", ">memory"],
                       [roofline_row(*item) for item in workloads.items()]))
    if "kernels" in kept:
        peak = max(peak["gflops"] for peak in kept["peaks"]["multiply_adds"] if peak["threads"] == 1)
        parts += ["## What limits it", KERNELS]
        parts.append(table(["workload", ">products", ">at, of the peak", ">the rest", "most of the time", ">of the step"],
                           [limit_row(name, kept["kernels"], peak, workload) for name, workload in workloads.items()]))
        parts += ["## The processor", peaks(kept["peaks"]), "## How cost grows", GROWTH, growth(kept["scaling"])]
    return "\n\n".join(part.strip() for part in [*parts, REPRODUCE] if part) + "\n"


def main():
    text = page(json.loads(KEPT.read_text()))
    if sys.argv[1:2] != ["--check"]:
        return PAGE.write_text(text) and 0
    same = pathlib.Path(sys.argv[2]).read_text() == text
    print("the page is what would be written" if same else f"{sys.argv[2]} is not what bench/performance.json gives: run bench/compare --page")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
