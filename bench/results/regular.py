"""The page of regular languages: whether training finds the automaton, and what it finds of ten languages at lengths beyond training."""

import concurrent.futures
import json
import pathlib
import resource
import statistics
import subprocess

import regular_figures
import regular_page
import regular_rows
import runs

NAME = "regular"
ROWS = regular_rows.ROWS
FIGURES = ("class_accuracy", "class_exact_match", "excess_loss", "token_accuracy", "shared_sequences")


def measure(rows, store, options):
    """What theory says of each language, then what is missing of the rows' runs: as many rows at a time as there are threads, each on one."""
    languages = (*regular_rows.PATTERNS, *regular_rows.LANGUAGES)
    store.data["theory"] = {language: theory(language, options) for language in languages}
    for row in rows:
        store.data["rows"].setdefault(row["name"], {"runs": {}})
    store.write()
    clock = Clock(store)
    with concurrent.futures.ThreadPoolExecutor(options.jobs * options.threads) as pool:
        waiting = [pool.submit(measure_row, row, store, options, clock) for row in rows]
        for done in concurrent.futures.as_completed(waiting):
            print(done.result(), flush=True)


class Clock:
    """Processor seconds of all that the page has started, of each commit, added up over the times that it was stopped and gone on with."""

    def __init__(self, store):
        self.store, self.commit, self.last = store, runs.commit(), self.now()

    @staticmethod
    def now():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def charge(self):
        with self.store.lock:
            now = self.now()
            seconds = self.store.data.setdefault("processor_seconds", {})
            seconds[self.commit], self.last = round(seconds.get(self.commit, 0.0) + now - self.last, 1), now
            self.store.write()


def theory(language, options):
    """What `regular show` says of a built-in language, or of a pattern over a and b."""
    pattern = pattern_of(language, options)
    over = ("--alphabet", "ab") if pattern != language else ()
    shown = runs.infimum("regular", "show", pattern, *over, program=options.program)
    return {"pattern": pattern, **{key: shown[key] for key in ("states", "monoid", "aperiodic", "solvable", "depth", "groups")}}


def pattern_of(language, options):
    if language in regular_rows.LANGUAGES:
        return language
    for line in (runs.ROOT / "recipes" / "regular" / f"{language}.toml").read_text().splitlines():
        if line.startswith("language = "):
            return json.loads(line.removeprefix("language = "))
    raise SystemExit(f"recipes/regular/{language}.toml names no language")


def measure_row(row, store, options, clock):
    """Trains what is missing of a row's seeds, and looks at each that is not known."""
    folder, seeds = options.runs / NAME / row["name"], row["seeds"]
    sets = [part for key, value in row["settings"].items() for part in ("--set", f"{key}={value}")]
    command = [options.program, "run", row["recipe"], *sets, "--seeds", f"{seeds[0]}..{seeds[-1] + 1}", "--runs", folder]
    done = subprocess.run([*map(str, command), "--threads", "1", "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{row['name']}: stopped; the same command goes on\n{done.stderr.strip()[-2000:]}")
    found, measured = json.loads(done.stdout), 0
    for run in found["seeds"]:
        known = store.runs(row["name"]).get(str(run["seed"]), {})
        plan = runs.infimum("show", run["record"], program=options.program)["plan"]
        if not is_known(known, row, run, plan):
            store.keep(row["name"], run["seed"], entry(row, run, plan, sets, options))
            measured += 1
    if measured:
        clock.charge()
    return f"{row['name']}: {measured} of {len(seeds)} seeds measured, the others known"


def effort(row):
    """How much is asked of each run of a row."""
    if "language" in row:
        return {"seconds": regular_rows.EXTRACTION_SECONDS, "length": regular_rows.LONGEST_ASKED}
    return {"seconds": regular_rows.EXTRACTION_SECONDS, "words": regular_rows.WORDS, "interventions": regular_rows.INTERVENTIONS}


def is_known(known, row, run, plan):
    """Whether an entry is of this run, by as much effort, and by a program that is in a commit."""
    wanted = {"plan_hash": runs.hash_of(plan), "weights_hash": run["weights_hash"], "effort": effort(row)}
    return all(known.get(key) == value for key, value in wanted.items()) and not known["commit"].endswith(runs.DIRTY)


def entry(row, run, plan, sets, options):
    """What the page keeps of a finished run."""
    summary = json.loads((pathlib.Path(run["record"]) / "summary.json").read_text())
    kept = {
        "plan_hash": runs.hash_of(plan),
        "weights_hash": run["weights_hash"],
        "numerics": summary["numerics"],
        "parameters": plan["parameters"],
        "commit": runs.commit(),
        "tokens": summary["tokens"],
        "steps": plan["training"]["steps"],
        "processor": runs.processor(),
        "effort": effort(row),
        "figures": figures(run["figures"]),
    }
    if "language" in row:
        return {**kept, "extract": extracted(run["record"], row, options), "beyond": beyond(row, run["record"], options)}
    compared = runs.infimum("regular", "compare", run["record"], *flags(row, "words", "interventions"), program=options.program)
    return {**kept, "extract": extracted(run["record"], row, options), "compare": comparison(compared)}


def figures(found):
    return {figure["name"]: {key: figure[key] for key in runs.KEPT} for figure in found}


def flags(row, *names):
    """These parts of a row's effort, where it has them, as arguments of a command that takes one thread."""
    asked = effort(row)
    return (*(part for name in names if name in asked for part in (f"--{name}", asked[name])), "--threads", 1)


def extracted(record, row, options):
    found = runs.infimum("regular", "extract", record, *flags(row, "seconds", "length"), program=options.program)
    return {key: found[key] for key in ("states", "truth_states", "equals_truth", "complete", "agrees_up_to_length", "shortest_disagreement")}


def beyond(row, record, options):
    """The class on words that are longer than those of training, by the same weights in a longer program."""
    scores = {}
    for shortest, longest in regular_rows.BEYOND:
        pairs = {**row["settings"], "world": regular_rows.world(row["language"], shortest, longest)}
        sets = [part for key, value in pairs.items() for part in ("--set", f"{key}={value}")]
        found = runs.infimum("eval", record, "--recipe", row["recipe"], *sets, "--threads", 1, program=options.program)
        scores[f"{shortest} to {longest}"] = figures(found)["class_accuracy"]
    return scores


def comparison(found):
    """Of `regular compare`: the stream before the block, after its attention and after it, what it decodes to, and the published cosine."""
    stream = [site for site in found["sites"] if site["site"] in regular_figures.STREAM]
    probes = {site["site"]: {key: site[key] for key in regular_figures.PROBED} for site in stream}
    return {
        "states": found["states"],
        "chance": found["chance"],
        "shared_strings": found["words"]["shared_strings"],
        "probes": probes,
        "operators": {"trained": operators(found["operators"]), "random": operators(found["operators_at_random_start"])},
        "interventions": {name: intervention(found, site, place) for name, (site, place) in regular_figures.INTERVENTIONS.items()},
        "raw": raw(found["raw"]),
    }


def operators(found):
    last = next(one for one in found if one["site"] == regular_figures.AFTER)
    return {key: last[key] for key in ("relative_error", "transitions_right")}


def intervention(found, site, place):
    """What the head of classes says; {} where no intervention could be seen there."""
    lines = [one for one in found["interchange"] if (one["site"], one["head"], one["place"]) == (site, "class", place)]
    return {key: lines[0][key] for key in regular_figures.INTERVENED} if lines else {}


def raw(found):
    """The published cosine over heads, beside its null; {} where the weights have not the size."""
    heads = [head for head in found["heads"] if head["cosine"] is not None]
    if not heads:
        return {}
    return {
        "heads": len(heads),
        "cosine": statistics.mean(head["cosine"] for head in heads),
        "transposed": statistics.mean(head["transposed"]["cosine"] for head in heads),
        "low": statistics.mean(head["null_of_bases"]["low"] for head in heads),
        "high": statistics.mean(head["null_of_bases"]["high"] for head in heads),
        "beyond": sum(head["null_of_bases"]["p"] < 0.05 for head in heads),
    }


def document(data):
    return regular_page.document(data)
