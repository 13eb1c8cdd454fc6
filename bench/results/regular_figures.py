"""What the page of regular languages asks of the stored figures."""

import statistics

import regular_rows
import tables
import verdicts

PROBED = ("accuracy", "explained", "shuffled_accuracy", "random_start_accuracy", "random_start_explained")
INTERVENED = ("interventions", "follows", "untouched", "random_subspace", "same_state")
CLASS, EXCESS, TOKEN, SHARED = "class_accuracy", "excess_loss", "token_accuracy", "shared_sequences"
ENOUGH_CLASS, ENOUGH_EXCESS = 0.999, 0.005  # what a run is asked to reach
# The stream before the block, after its attention, and after it.
STREAM = BEFORE, MIDDLE, AFTER = ("x", "h.0.x_mid", "h.0.x")
# Where another state is put in place, and whether it is looked there or one symbol later.
INTERVENTIONS = {"here": (AFTER, "here"), "later": (AFTER, "next"), "before": (BEFORE, "next")}


def runs_of(data, row):
    """In the order of the seeds."""
    found = data["rows"].get(row, {"runs": {}})["runs"]
    return [found[seed] for seed in sorted(found, key=int)]


def of_variant(data, variant, patterns=regular_rows.PATTERNS):
    """Those of all these patterns."""
    return [run for pattern in patterns for run in runs_of(data, regular_rows.name_of(pattern, variant))]


def patterns_of(data, variant):
    """The patterns of which there are runs."""
    return [pattern for pattern in regular_rows.PATTERNS if runs_of(data, regular_rows.name_of(pattern, variant))]


def planned():
    """How many runs all rows have."""
    return sum(len(row["seeds"]) for row in regular_rows.ROWS)


def values(found, figure, key="value"):
    """Of the runs that have the figure."""
    return [run["figures"][figure][key] for run in found if figure in run["figures"]]


def probe(found, site, key):
    return [run["compare"]["probes"][site][key] for run in found]


def operator(found, which, key):
    return [run["compare"]["operators"][which][key] for run in found]


def medians(data, which, key):
    """The least and the greatest of the patterns' medians of a figure of operators."""
    of = [operator(runs_of(data, pattern), which, key) for pattern in patterns_of(data, "recipe")]
    found = [statistics.median(values) for values in of]
    return min(found), max(found)


def intervention(found, place, key):
    """Of the runs in which interventions could be seen there."""
    return [run["compare"]["interventions"][place][key] for run in found if run["compare"]["interventions"][place]]


def raw(found, key):
    """Of the runs whose weights have the size."""
    return [run["compare"]["raw"][key] for run in found if run["compare"]["raw"]]


def reaching(found):
    """How many runs have the class right at all but one position in a thousand."""
    return sum(value >= ENOUGH_CLASS for value in values(found, CLASS))


def near(found):
    """How many have next to no token excess."""
    return sum(value <= ENOUGH_EXCESS for value in values(found, EXCESS))


def equal(found):
    """Of how many the automaton that was learnt from the network is the language's, whether or not it passed every test."""
    return sum(run["extract"]["equals_truth"] for run in found)


def passed(found):
    """Those whose learnt automaton passed every test: as far as was asked, it is what the network does."""
    return [run for run in found if run["extract"]["complete"]]


def stopped(found):
    """The others, where learning came to a limit, and the automaton is the one that stood longest."""
    return [run for run in found if not run["extract"]["complete"]]


def differences(found):
    """The shortest words on which networks and truth differ, of each run that has one, the shortest first."""
    told = [run["extract"]["shortest_disagreement"]["word"] for run in found if run["extract"]["shortest_disagreement"]]
    return sorted(told, key=lambda word: (len(word), word))


def counted(found, count):
    return count(found), len(found)


def verdict(data, variant, count):
    """Whether the variant's count differs from that of the base, over the patterns that the variant has; None: one of them was not run."""
    patterns = patterns_of(data, variant)
    a, b = (counted(of_variant(data, one, patterns), count) for one in (variant, regular_rows.BASE))
    return verdicts.differ(a, b) if a[1] and b[1] else None


def pattern_code(data, language):
    return f"`{data['theory'][language]['pattern']}`"


def pattern_text(data, language):
    """A pattern as code, with the sign that would end a cell escaped."""
    return pattern_code(data, language).replace("|", "\\|")


def shortest(found):
    """The shortest word on which one of the networks and the truth differ."""
    words = differences(found)
    if not words:
        return "none found"
    word = words[0] or "the empty word"
    return f"`{tables.shortened(word)}`"
