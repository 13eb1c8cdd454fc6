"""Trains what a page needs and keeps its figures: one entry of a JSON file for each row and seed, named by the plan's hash."""

import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import platform
import subprocess
import threading

import tables

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "infimum"
# What measuring writes while it goes on, and what is added to a commit from which files differ.
WRITTEN, DIRTY = (":(exclude)bench/results/*.json", ":(exclude)docs/results"), "-dirty"
# What is kept of a figure.
KEPT = ("value", "low", "high", "optimum", "baseline")


def infimum(*arguments, program=PROGRAM):
    """What one call of the program prints as JSON."""
    done = subprocess.run([program, *map(str, arguments), "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"infimum {' '.join(map(str, arguments))}\n{done.stderr.strip()}")
    return json.loads(done.stdout)


def hash_of(plan):
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()[:16]


def settings_of(row, seed):
    """The arguments that make the row's recipe the plan that is run."""
    pairs = {**row["settings"], "training.seed": seed}
    return [row["recipe"], *(part for key, value in pairs.items() for part in ("--set", f"{key}={value}"))]


def commit(root=ROOT):
    """The commit that is checked out, `-dirty` if files differ from it, but for those that measuring writes; the program is taken to be built
    from it."""
    git = lambda *arguments: subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    name = git("rev-parse", "--short=12", "HEAD").stdout.strip()
    if not name:
        return "not known"
    return name if git("diff", "--quiet", "HEAD", "--", ".", *WRITTEN).returncode == 0 else name + DIRTY


def commits(found):
    """The commits of the runs that keep one, with their numbers of runs where there are several; what is in no commit is said to be."""
    counts = collections.Counter(run["commit"] for run in found if "commit" in run)
    changed = lambda name: " with changes that are in no commit" if name.endswith(DIRTY) else ""
    many = lambda name: f" ({tables.runs(counts[name])})" if len(counts) > 1 else ""
    said = [f"{name.removesuffix(DIRTY)}{changed(name)}{many(name)}" for name in sorted(counts)]
    return f"commit{'s' if len(said) > 1 else ''} {tables.listed(said)}" if said else "no commit"


def processor():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines() if pathlib.Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {os.cpu_count()} processors"


class Store:
    """The figures of a page on disk: of each chain what is possible, of each row its runs by seed with the figures that the page names."""

    def __init__(self, path, names):
        self.path, self.names, self.lock = pathlib.Path(path), names, threading.Lock()
        self.data = json.loads(self.path.read_text()) if self.path.exists() else {"rows": {}}

    def runs(self, row):
        return self.data["rows"].setdefault(row, {"runs": {}})["runs"]

    def keep(self, row, seed, entry):
        figures = {name: figure for name, figure in entry["figures"].items() if name in self.names}
        with self.lock:
            self.runs(row)[str(seed)] = {**entry, "figures": figures}
            self.write()

    def write(self):
        """The file is whole at any moment: it is written beside and takes the old one's place."""
        beside = self.path.with_suffix(".new")
        beside.write_text(text_of(self.data))
        beside.replace(self.path)


def text_of(data):
    """JSON with a line for each figure, so that a change of one is a change of one line."""
    return compact(data, "") + "\n"


def compact(value, indent):
    inner = indent + " "
    if not isinstance(value, dict) or not any(isinstance(part, dict) for part in value.values()):
        return json.dumps(value, sort_keys=True)
    parts = [f"{inner}{json.dumps(key)}: {compact(value[key], inner)}" for key in sorted(value)]
    return "{\n" + ",\n".join(parts) + f"\n{indent}}}"


def record_of(plan, folder, program):
    """The record of this plan in the folder, and whether it is finished: (None, False) if there is none."""
    for record in sorted(folder.iterdir()) if folder.exists() else []:
        shown = infimum("show", record, program=program)
        if shown["plan"] == plan:
            return record, shown["status"] == "finished"
    return None, False


def trained(row, seed, plan, options):
    """The finished record of a row and seed: the one that is there, gone on with if it was stopped, or a new one."""
    folder = options.runs / row["name"]
    record, finished = record_of(plan, folder, options.program)
    common = ("--threads", options.threads)
    if record and not finished:
        infimum("resume", record, *common, program=options.program)
    if not record:
        infimum("run", *settings_of(row, seed), "--runs", folder, *common, program=options.program)
        record, _ = record_of(plan, folder, options.program)
    return record


def entry_of(record, plan, options):
    """What the page keeps of a finished run."""
    figures = infimum("eval", record, "--published", "--threads", options.threads, program=options.program)
    summary = json.loads((record / "summary.json").read_text())
    return {
        "plan_hash": hash_of(plan),
        "weights_hash": summary["weights_hash"],
        "numerics": summary["numerics"],
        "commit": commit(),
        "tokens": summary["tokens"],
        "steps": plan["training"]["steps"],
        "test_targets": plan["evaluation"]["test_sequences"] * plan["world"]["length"],
        "processor": processor(),
        "figures": {figure["name"]: {key: figure[key] for key in KEPT} for figure in figures},
    }


def measure(row, seed, store, options):
    plan = infimum("check", *settings_of(row, seed), program=options.program)["plan"]
    known = store.runs(row["name"]).get(str(seed))
    if known and known["plan_hash"] == hash_of(plan):
        return f"{row['name']}, seed {seed}: known"
    record = trained(row, seed, plan, options)
    store.keep(row["name"], seed, entry_of(record, plan, options))
    return f"{row['name']}, seed {seed}: measured"


def possible(recipe, options):
    """What `infimum floor` knows of a recipe: the ladder of predictors in nats, and the best accuracy."""
    found = infimum("floor", recipe, program=options.program)
    ladder = {floor["name"]: floor["nats"] for floor in found["floors"] if "_at_" not in floor["name"]}
    ceilings = {ceiling["name"]: ceiling["value"] for ceiling in found["ceilings"] if "_at_" not in ceiling["name"]}
    return {"recipe": recipe, "nats": ladder, "accuracy": ceilings}


def measure_all(rows, store, options):
    """Every row with its first seed, then with its second, ..., `options.jobs` at a time; what was stopped is gone on with the next time."""
    most = max(len(row["seeds"]) for row in rows)
    work = [(row, row["seeds"][turn]) for turn in range(most) for row in rows if turn < len(row["seeds"])]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        waiting = [pool.submit(measure, row, seed, store, options) for row, seed in work]
        for done in concurrent.futures.as_completed(waiting):
            print(done.result(), flush=True)
