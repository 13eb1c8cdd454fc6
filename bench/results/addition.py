"""The page of the smallest adders: what was published of them, what many seeds give, and what the published counts could decide."""

import json
import pathlib
import subprocess

import addition_printed as printed
import runs
import tables
import verdicts

NAME = "addition"
SEEDS = list(range(32))
MODELS = ["67p", "122p", "456p", "512p", "763p", "896p", "959p", "1128p"]
ROWS = [{"name": model, "recipe": f"adders/{model}", "settings": {}, "seeds": SEEDS} for model in MODELS]
EXACT, OFFICIAL = "exact_match", "official_correct"
FIGURES = (EXACT, OFFICIAL)


def measure(rows, store, options):
    """Trains what is missing of each row's seeds, all of a row at once."""
    for row in rows:
        seeds = row["seeds"]
        folder = options.runs / NAME / row["name"]
        command = [options.program, "run", row["recipe"], "--seeds", f"{seeds[0]}..{seeds[-1] + 1}", "--runs", folder]
        command += ["--threads", options.jobs * options.threads, "--json"]
        done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{row['name']}: stopped; the same command goes on")
        store.data["rows"][row["name"]] = entry(json.loads(done.stdout), options)
        store.write()


def entry(found, options):
    """What the page keeps of `run --seeds`."""
    kept = {str(run["seed"]): entry_of(run, options) for run in found["seeds"]}
    keys = ("value", "low", "high", "successes", "of")
    rate = {key: found["success_rate"][key] for key in keys}
    time = {key: found["time_to_success"][key] for key in ("median", "low", "high")}
    return {"runs": kept, "success_rate": rate, "time_to_success": time}


def entry_of(run, options):
    """What the page keeps of a seed."""
    summary = json.loads((pathlib.Path(run["record"]) / "summary.json").read_text())
    plan = runs.infimum("show", run["record"], program=options.program)["plan"]
    official = runs.infimum("eval", run["record"], "--official", program=options.program)
    figures = {figure["name"]: {key: figure[key] for key in runs.KEPT} for figure in run["figures"] + official if figure["name"] in FIGURES}
    return {
        "plan_hash": runs.hash_of(plan),
        "weights_hash": run["weights_hash"],
        "numerics": summary["numerics"],
        "tokens": summary["tokens"],
        "commit": runs.commit(),
        "processor": runs.processor(),
        "seconds": round(run["seconds"], 1),
        "reached": run["reached"],
        "figures": figures,
    }


def percent(share):
    return f"{100 * share:.0f} %"


def steps(value):
    return "never" if value is None else f"{value:,}"


def reached(time):
    """The median and its interval; less than half of the seeds may be known not to get there."""
    if time["low"] is None:
        return "less than half get there"
    return f"{steps(time['median'])} ({steps(time['low'])} to {steps(time['high'])})"


def errors(share):
    return f"{round(100_000 * (1 - share)):,}"


def row_of(model, data):
    found = data["rows"].get(model)
    if not found:
        return [model, printed.PUBLISHED[model], "not run", "", "", "", "", ""]
    rate, time = found["success_rate"], found["time_to_success"]
    of = list(found["runs"].values())
    exact = sorted((run["figures"][EXACT]["value"] for run in of), reverse=True)
    good = [value for value in exact if value >= 0.99]
    middle = errors(good[len(good) // 2]) if good else "-"
    official = max(run["figures"][OFFICIAL]["value"] for run in of)
    seconds = sorted(run["seconds"] for run in of)[len(of) // 2]
    return [
        model,
        printed.PUBLISHED[model],
        f"{rate['successes']} of {rate['of']}, {percent(rate['value'])} ({percent(rate['low'])} to {percent(rate['high'])})",
        reached(time),
        errors(exact[0]),
        middle,
        f"{official:,.0f}",
        f"{seconds:.0f} s",
    ]


def conclusion_row(name, words, a, b):
    if a is None or b is None:
        return [name, words, "one seed each", "no: one run of each says nothing of the next"]
    return [name, words, f"{a[0]} of {a[1]}; {b[0]} of {b[1]}", verdicts.differ(a, b)]


def missing(data):
    """Which recipes have fewer seeds than are planned; nothing if none has."""
    there = {model: len(data["rows"].get(model, {"runs": ()})["runs"]) for model in MODELS}
    fewer = [f"{model} has {count}" for model, count in there.items() if 0 < count < len(SEEDS)]
    none = [model for model, count in there.items() if count == 0]
    said = [f"Stopped for time, {tables.listed(fewer)} of them."] if fewer else []
    said += [f"Not run yet: {tables.listed(none)}."] if none else []
    return " ".join([f"Planned are {len(SEEDS)} seeds of each recipe.", *said]) + "\n\n" if said else ""


def seeds_of(model, data):
    """The errors of each seed, from the first on."""
    found = data["rows"][model]["runs"]
    of = [errors(found[seed]["figures"][EXACT]["value"]) for seed in sorted(found, key=int)]
    return f"- {model}, seeds from 0 on: {'; '.join(of)}"


def document(data):
    head = ["model", "published", "ours: reach 0.99 of fresh pairs (95 % interval)", "median steps to it (95 % interval)", "errors in 100,000, best seed",
            "median of those that reach it", "official sums right, of 10,010, best seed", "time of a seed, median"]
    models = tables.table(head, [row_of(model, data) for model in MODELS])
    conclusions = tables.table(["experiment", "what it concluded", "runs that succeeded", "could the counts carry it"],
                               [conclusion_row(*conclusion) for conclusion in printed.CONCLUSIONS])
    each = "\n".join(seeds_of(model, data) for model in MODELS if model in data["rows"]) or "- not run"
    return printed.TEXT.format(models=models, missing=missing(data), each=each, conclusions=conclusions, measured=where(data))


def where(data):
    """The processors and the commits of the runs."""
    found = [run for row in data["rows"].values() for run in row["runs"].values()]
    return f"{'; '.join(sorted({run['processor'] for run in found}))}; {runs.commits(found)}" if found else "nothing: it was not run"
