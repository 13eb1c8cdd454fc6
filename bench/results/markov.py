"""The page of nanoMarkov's published figures: what it printed, what is possible, what was measured."""

import math
import statistics

import markov_files
import markov_others
import markov_printed as printed
import markov_text as text
import runs
import seeds
import tables
import verdicts

NAME = "markov"
SEEDS = [42, 123, 999]  # nanoMarkov's own
CHAINS = {chain: f"published/nanomarkov-{chain}" for chain in ("mm10", "mm100", "mm1000", "mm100-sparse75", "mm1000-sparse75")}
# States, tokens of a block, blocks of train.bin, successors of a state.
SIZES = {
    "mm10": (10, 128, 10_000, 10),
    "mm100": (100, 256, 50_000, 100),
    "mm1000": (1000, 256, 50_000, 1000),
    "mm100-sparse75": (100, 256, 50_000, 25),
    "mm1000-sparse75": (1000, 256, 50_000, 250),
}
ON_FILES = ("validation_sha256", "perplexity_known_phase", "perplexity_one_token", "counting_kl", "random_law_kl")
LEARNABLE_STATES = 100  # up to here counting bounds what can be learnt from train.bin; 1000 states have too few counts a cell
NOT_RUN = "not run"
NOT_MEASURED = "not measured"
FIGURES = (
    "excess_loss", "cross_entropy", "accuracy", "transition_kl", "memorylessness", "counting_excess", "perplexity_published",
    "accuracy_published", "transition_kl_published", "transition_kl_uniform_published", "transition_kl_noisy_published",
    "structure_captured_published", "loss_ratio_published",
)
OLDER_COMMIT = "c2ca9e3"  # of the runs that keep none
COUNTS = "published/nanomarkov-c12-counts"


def shortened(name, steps, sequences, accumulation):
    """A published recipe with fewer and smaller steps; the warm-up is a tenth of them."""
    settings = {"training.steps": steps, "training.accumulation": accumulation, "training.warmup": steps // 10,
                "evaluation.every": steps, "evaluation.test_sequences": sequences}
    return {"name": name, "recipe": f"published/nanomarkov-{name}", "settings": settings, "seeds": SEEDS}


def of_thousand_states(name):
    """13 million weights: a few steps, and few sequences to validate and test on, since each costs what a step does."""
    row = shortened(name, 12, 64, 2)
    return {**row, "settings": {**row["settings"], "evaluation.sequences": 16}}


def on_counts(name, settings):
    return {"name": name, "recipe": COUNTS, "settings": settings, "seeds": SEEDS}


def counting(chain):
    """One table of logits on the counts of a chain's train.bin. For 1000 states a step takes minutes, so it makes one, and what
    counts there is the counting estimator that stands beside it."""
    states, length, blocks, successors = SIZES[chain]
    steps, sequences = (200, 4000) if states <= 100 else (1, 400)
    settings = {"world.states": states, "world.length": length, "model.width": states + 1}
    settings |= {"export.train_sequences": blocks, "export.validation_sequences": blocks // 10}
    settings |= {"training.steps": steps, "evaluation.every": steps, "evaluation.test_sequences": sequences}
    if successors < states:
        settings["world.sparsity"] = 75
    return {"name": f"counting-{chain}", "recipe": COUNTS, "settings": settings, "seeds": SEEDS[:1]}


ROWS = [
    on_counts("c12", {}),
    on_counts("c11", {"model.mlp_first": "free"}),
    *(counting(chain) for chain in ("mm10", "mm100", "mm100-sparse75")),
    shortened("mm10", 500, 1000, 1),
    *(shortened(name, 1000, 400, 2) for name in ("c9", "c5", "c6", "c4")),
    *(shortened(name, 600, 400, 2) for name in ("c7", "c8", "c10")),
    *(shortened(name, 300, 400, 2) for name in ("c2", "c3")),
    *(shortened(name, 120, 400, 2) for name in ("c1", "mm100", "mm100-sparse75")),
    *(of_thousand_states(chain) for chain in ("mm1000", "mm1000-sparse75")),
    *(counting(chain) for chain in ("mm1000", "mm1000-sparse75")),
]


def measure(rows, store, options):
    """What is possible on each chain, then what is missing of the rows' runs."""
    for chain, recipe in CHAINS.items():
        known = store.data.setdefault("chains", {}).get(chain, {}).get("on_files", {})
        on_files = known if set(ON_FILES) <= set(known) else truth_on_files(chain)
        store.data["chains"][chain] = {**runs.possible(recipe, options), "on_files": on_files}
    store.write()
    runs.measure_all(rows, store, options)


def truth_on_files(chain):
    """What the truth scores on nanoMarkov's files."""
    return markov_files.truth_on_files(chain, *SIZES[chain])


class Figures:
    """What the page asks of the stored figures."""

    def __init__(self, data):
        self.data = data

    def runs(self, row):
        """By seed, in the order of the seeds."""
        found = self.data["rows"].get(row, {"runs": {}})["runs"]
        return [(seed, found[str(seed)]) for seed in SEEDS if str(seed) in found]

    def values(self, row, figure, key="value"):
        return [run["figures"][figure][key] for _, run in self.runs(row) if figure in run["figures"]]

    def nats(self, chain, rung):
        return self.data["chains"][chain]["nats"][rung]

    def ceiling(self, chain):
        return self.data["chains"][chain]["accuracy"]["accuracy"]

    def truth(self, chain, figure):
        """A twin's optimum, what the truth scores by the same formula on the same tokens; None if nothing was run."""
        found = self.values(f"counting-{chain}", figure, "optimum") or self.values(chain, figure, "optimum")
        return found[0] if found else None

    def known_phase_perplexity(self, chain):
        """The truth's on nanoMarkov's blocks, for who knows where they begin."""
        return self.data["chains"][chain]["on_files"]["perplexity_known_phase"]

    def one_token_perplexity(self, chain):
        """There, the best of who sees the last token and neither place nor phase."""
        return self.data["chains"][chain]["on_files"]["perplexity_one_token"]

    def table_excess(self, chain):
        runs = [run for _, run in self.runs(f"counting-{chain}") if run["steps"] > 1]
        return runs[0]["figures"]["excess_loss"]["value"] if runs else None

    def loss_error(self, chain):
        """The standard error of nanoMarkov's validation loss: that of a model near the optimum, for as few targets as it has."""
        runs = [run for _, run in self.runs(f"counting-{chain}") if run["steps"] > 1]
        if not runs:
            return None
        errors = [seeds.standard_error(run["figures"]["cross_entropy"]) * math.sqrt(run["test_targets"]) for run in runs]
        return statistics.mean(errors) / math.sqrt(printed.LOSS_TARGETS)


def counting_floor(chain):
    states, length, blocks, successors = SIZES[chain]
    return verdicts.counting_floor(states, successors, blocks * (length - 2))


# Key: its name on the page, the figure that is measured, digits, how many of its unit make the shown one.
MEASURES = {
    "train_loss": ("loss, training", None, 4),
    "loss": ("loss, validation", "excess_loss", 4),
    "perplexity": ("perplexity", "perplexity_published", 2),
    "accuracy": ("accuracy", "accuracy_published", 4),
    "kl": ("transition KL", "transition_kl_published", 5),
    "memory": ("Markov property", "memorylessness", 5),
    "ratio": ("“of the optimum”, minimum / loss", "loss_ratio_published", 4),
    "structure": ("“of the optimum”, structure", "structure_captured_published", 4),
}


def limits(figures, chain, key):
    """The least and the most that such a figure can be; `least` of a loss is its floor."""
    if key == "loss":
        return figures.nats(chain, "floor"), math.inf
    if key in ("ratio", "structure"):
        return -math.inf, figures.truth(chain, MEASURES[key][1]) or 1.0
    if key == "perplexity":
        return figures.known_phase_perplexity(chain), math.inf
    return 0.0, 1.0 if key == "accuracy" else math.inf


def measured(figures, row, chain, key):
    """The mean over seeds with its interval, in the words of a cell."""
    _, figure, digits = MEASURES[key]
    values = figures.values(row, figure) if figure else []
    if key == "loss":
        values = [figures.nats(chain, "floor") + value for value in values]
    if not values:
        return "" if key == "train_loss" else NOT_MEASURED if figures.runs(row) else NOT_RUN
    return seeds.with_interval(values, digits, *limits(figures, chain, key)) + (" †" if key == "memory" else "")


def possible(figures, chain, key):
    """The best value that any predictor can be expected to have, in the words of a cell."""
    _, figure, digits = MEASURES[key]
    if key in ("loss", "train_loss"):
        return f"{figures.nats(chain, 'floor'):.4f}"
    if key == "accuracy":
        return f"{figures.ceiling(chain):.4f}"
    if key == "kl":
        return f"{counting_floor(chain)[0]:.5f}" if SIZES[chain][0] <= LEARNABLE_STATES else "not known"
    if key == "perplexity":
        unknown, known = figures.truth(chain, "perplexity_published"), f"{figures.known_phase_perplexity(chain):.2f} (phase known)"
        return f"{unknown:.2f}; {known}" if unknown else known
    if key == "memory":
        return "0"
    return f"{figures.truth(chain, figure):.{digits}f}" if figures.truth(chain, figure) else NOT_RUN


def loss_behind(figures, chain, key, value):
    """The loss that a share of the optimum was computed from, as text with the digits that it determines."""
    minimum, uniform = figures.nats(chain, "row_mean_entropy"), math.log(SIZES[chain][0])
    share = float(value)
    loss = minimum / share if key == "ratio" else uniform - share * (uniform - minimum)
    return f"{loss:.4f}"


def verdict(figures, chain, key, value):
    """Whether one printed value is possible."""
    if key in ("ratio", "structure"):
        return verdict(figures, chain, "loss", loss_behind(figures, chain, key, value))
    if key in ("loss", "train_loss"):
        return verdicts.loss(value, figures.nats(chain, "floor"), figures.loss_error(chain))
    if key == "perplexity":
        return verdicts.perplexity(value, figures.truth(chain, "perplexity_published"), figures.known_phase_perplexity(chain))
    if key == "accuracy":
        return verdicts.accuracy(value, figures.ceiling(chain), printed.ACCURACY_TARGETS, figures.truth(chain, "accuracy_published"))
    if key == "kl" and SIZES[chain][0] <= LEARNABLE_STATES:
        return verdicts.transition_kl(value, *counting_floor(chain))
    return verdicts.FINE


def models_table(figures, models):
    """A line for each printed figure of each model. What was measured stands beside the first line of a model and figure."""
    lines, shown = [], set()
    for label, chain, values in models:
        for key, value in values.items():
            each = value if isinstance(value, list) else [value]
            judgements = [verdict(figures, chain, key, one) for one in each]
            first = (chain, key) not in shown
            shown.add((chain, key))
            lines.append([label, MEASURES[key][0], ", ".join(each), possible(figures, chain, key),
                          measured(figures, chain, chain, key) if first else "as above", next(filter(None, judgements), "")])
            label = ""
    return tables.table(["model", "figure", "they print", "possible", "we measured", ""], lines)


KEYS = ("loss", "perplexity", "accuracy", "kl")


def variant_verdicts(figures, name):
    """The loss that is possible for what the variant can see, and the words for each of its figures."""
    _, *values = printed.VARIANTS[name]
    lowest = figures.nats("mm100", "bigram" if name in printed.ONE_TOKEN_IN_VIEW else "floor")
    others = [variant_verdict(figures, name, key, value) for key, value in zip(KEYS[1:], values[1:])]
    return lowest, [verdicts.loss(values[0], lowest, figures.loss_error("mm100")), *others]


def variant_verdict(figures, name, key, value):
    """The words for a figure of a variant that is no loss."""
    if key == "perplexity" and name in printed.NEITHER_PLACE_NOR_CONTEXT:
        return verdicts.one_token_perplexity(value, figures.one_token_perplexity("mm100"))
    return verdict(figures, "mm100", key, value)


def variant_possible(figures, name, key):
    """What is possible for what the variant can see."""
    if key == "loss":
        return f"{variant_verdicts(figures, name)[0]:.4f}"
    if key == "perplexity" and name in printed.NEITHER_PLACE_NOR_CONTEXT:
        return f"{figures.one_token_perplexity('mm100'):.2f}"
    return possible(figures, "mm100", key)


def variant_line(figures, name):
    what, *values = printed.VARIANTS[name]
    lowest, words = variant_verdicts(figures, name)
    pairs = [cell for key, value in zip(KEYS, values) for cell in (value, measured(figures, name, "mm100", key))]
    said = [f"{MEASURES[key][0]}: {said}" for key, said in zip(KEYS, words) if said]
    return [f"{name}: {what}", f"{lowest:.4f}", *pairs, "; ".join(said)]


def variants_table(figures):
    pairs = [cell for key in KEYS for cell in (MEASURES[key][0].removesuffix(", validation"), "measured")]
    head = ["variant", "loss possible", *pairs, ""]
    return tables.table(head, [variant_line(figures, name) for name in printed.VARIANTS])


def ladder(figures):
    """What is possible on a chain: label, digits, and the number of a chain, None where nothing was run."""
    def rung(name):
        return lambda chain: figures.nats(chain, name)

    def added(to_each):
        return lambda chain: figures.data["chains"][chain]["on_files"]["counting_kl"][f"add_{to_each:g}"]

    def counted(figure, key="value"):
        return lambda chain: first_value(figures, f"counting-{chain}", figure, key)

    return [
        ("row mean entropy, their “theoretical minimum”", 4, rung("row_mean_entropy")),
        ("entropy rate", 4, rung("entropy_rate")),
        ("**floor** of the loss that they report", 4, rung("floor")),
        ("the same with one token in view", 4, rung("bigram")),
        ("uniform over all tokens", 4, rung("uniform")),
        ("standard error of their validation loss, measured", 4, figures.loss_error),
        ("accuracy, at best", 4, figures.ceiling),
        ("accuracy of the truth on their targets", 4, lambda chain: figures.truth(chain, "accuracy_published")),
        ("perplexity of the truth on their blocks", 2, lambda chain: figures.truth(chain, "perplexity_published")),
        ("the same, knowing where blocks begin", 2, figures.known_phase_perplexity),
        ("the same with one token in view and no place", 2, figures.one_token_perplexity),
        ("transition KL of maximum likelihood counting, limit of many tokens", 5, lambda chain: counting_floor(chain)[0]),
        ("transition KL of train.bin's counts + 1/2, zeros known, measured", 5, added(0.5)),
        ("transition KL of train.bin's counts + 1, zeros known, measured", 5, added(1.0)),
        ("transition KL of train.bin's counts + 1/2, measured", 5, counted("transition_kl", "baseline")),
        ("excess loss of counting train.bin, measured", 4, counted("counting_excess")),
        ("excess loss of one table of logits trained on it, measured", 4, figures.table_excess),
        ("transition KL of a uniform law, by their formula", 3, counted("transition_kl_uniform_published")),
        ("transition KL that they call excellent, below", 3, lambda chain: twice(counted("transition_kl_noisy_published")(chain))),
    ]


def ladder_table(figures):
    lines = [[label, *(shown(number(chain), digits) for chain in CHAINS)] for label, digits, number in ladder(figures)]
    return tables.table(["", *CHAINS], lines)


def twice(value):
    return None if value is None else 2 * value


def runs_table(figures):
    """How each row was run, and what each of its seeds gave."""
    lines = []
    for name in [*CHAINS, *printed.VARIANTS]:
        runs = figures.runs(name)
        if not runs:
            lines.append([name, NOT_RUN, "", "", "", ""])
            continue
        first = runs[0][1]
        seen = "counts, all of train.bin in every step" if name in ("c11", "c12") else \
            f"{tables.count(first['tokens'])}, {tables.share(first['tokens'] / printed.tokens_of(name))} of theirs"
        excess = [run["figures"]["excess_loss"] for _, run in runs]
        lines.append([name, f"{first['steps']:,}", seen, str(len(runs)),
                      ", ".join(f"{one['value']:.4f} ± {seeds.at_least_a_digit(seeds.NORMAL * seeds.standard_error(one), 4)}" for one in excess),
                      ", ".join(f"{value:.5f}" for value in figures.values(name, "transition_kl"))])
    return tables.table(["row", "steps", "tokens", "seeds", "excess loss of each, nats", "transition KL of each, nats"], lines)


def judged_figures(figures):
    """Every printed figure as (model, figure, value, possible, words); a share of the optimum is the printed loss again and is left out."""
    for label, chain, values in printed.MAIN + printed.SPARSE:
        for key, value in values.items():
            if key in ("ratio", "structure"):
                continue
            for one in value if isinstance(value, list) else [value]:
                yield label, key, one, possible(figures, chain, key), verdict(figures, chain, key, one)
    for name, (_, *values) in printed.VARIANTS.items():
        for key, value, words in zip(KEYS, values, variant_verdicts(figures, name)[1]):
            yield name, key, value, variant_possible(figures, name, key), words


def impossible(figures):
    """Those that no predictor can have, and how many were looked at."""
    found = list(judged_figures(figures))
    return [one for one in found if verdicts.IMPOSSIBLE in one[4]], len(found)


def document(data):
    figures = Figures(data)
    found, looked_at = impossible(figures)
    facts = facts_of(figures)
    sections = [
        ("What cannot be", what_cannot_be(found, looked_at)),
        ("What is possible", text.POSSIBLE, ladder_table(figures)),
        ("The main table", text.LEGEND.format(**facts), models_table(figures, printed.MAIN)),
        ("The sparse chains", models_table(figures, printed.SPARSE)),
        ("The variants c1 to c12", text.VARIANTS.format(**facts), variants_table(figures)),
        ("Other printed figures", text.OTHERS, markov_others.figures_table(figures), markov_others.shares_table(figures),
         text.OTHERS_MEMORY, markov_others.memory_table()),
        ("What follows", text.FOLLOWS.format(**facts)),
        ("How it was run", text.HOW.format(**facts), runs_table(figures)),
        ("Again", text.AGAIN),
    ]
    return text.TITLE + "".join(f"\n## {title}\n\n" + "\n".join(parts) for title, *parts in sections)


def what_cannot_be(found, looked_at):
    """The list of printed figures that no predictor can have."""
    lines = [text.CANNOT_BE.format(found=len(found), looked_at=looked_at)]
    for model, key, value, best, words in found:
        reason = words.removeprefix(verdicts.IMPOSSIBLE + ": ")
        lines.append(f"- {model}, {MEASURES[key][0]} {value}, where {best} is possible: {reason}.")
    return "\n".join(lines) + "\n"


def shown(value, digits):
    return NOT_RUN if value is None else f"{value:.{digits}f}"


def first_value(figures, row, figure, key="value"):
    """Of a row's first run, None if there is none."""
    return next(iter(figures.values(row, figure, key)), None)


def commits_of(found):
    """The commits of the runs that keep one, and what is known of the others, which are older than the keeping."""
    older = sum("commit" not in run for run in found)
    said = [runs.commits(found)] if older < len(found) else []
    return "; ".join(said + ([f"{older} of them keep no commit, made near {OLDER_COMMIT} with numerics 1"] if older else []))


def thousand_states(figures):
    """What is said of the networks for 1000 states, whether or not they were run."""
    chains = [chain for chain in CHAINS if SIZES[chain][0] > LEARNABLE_STATES and figures.runs(chain)]
    return text.FEW_STEPS if chains else text.NO_STEPS


def facts_of(figures):
    """The numbers that the texts name."""
    losses = [values[1] for values in printed.VARIANTS.values()]
    rungs = {name: figures.nats("mm100", name) for name in ("floor", "bigram", "row_mean_entropy")}
    sparse = {name: figures.nats("mm100-sparse75", name) for name in ("floor", "row_mean_entropy")}
    table = figures.values("c12", "transition_kl")
    runs = [run for name in [*CHAINS, *printed.VARIANTS] for _, run in figures.runs(name)]
    return {
        **{name: f"{nats:.4f}" for name, nats in rungs.items()},
        "bos": f"{rungs['bigram'] - rungs['floor']:.4f}",
        "sparse_seems": f"{printed.SPARSE_EARLIER - sparse['row_mean_entropy']:.4f}",
        "sparse_is": f"{printed.SPARSE_EARLIER - sparse['floor']:.4f}",
        "accuracy": f"{figures.ceiling('mm100'):.4f}",
        "truth_accuracy": shown(figures.truth("mm100", "accuracy_published"), 4),
        "kl": f"{counting_floor('mm100')[0]:.5f}",
        "counting": shown(first_value(figures, "c12", "transition_kl", "baseline"), 5),
        "table": seeds.with_interval(table, 5) if table else NOT_RUN,
        "error": shown(figures.loss_error("mm100"), 4),
        "one_token": f"{figures.one_token_perplexity('mm100'):.2f}",
        "excellent": shown(twice(first_value(figures, "c12", "transition_kl_noisy_published")), 2),
        "uniform": shown(first_value(figures, "c12", "transition_kl_uniform_published"), 3),
        **{key: possible(figures, "mm100", key) for key in ("perplexity", "ratio", "structure")},
        "thousand": thousand_states(figures).strip(),
        "lowest": min(losses), "highest": max(losses), "runs": len(runs), "seeds": tables.listed([str(seed) for seed in SEEDS]),
        "processor": "; ".join(sorted({run["processor"] for run in runs})) or "none",
        "commits": commits_of(runs),
        "numerics": ", ".join(sorted({str(run["numerics"]) for run in runs})) or "none",
    }
