"""What the page of regular languages asks of the stored figures."""

import regular_rows
import tables

PROBED = ("accuracy", "explained", "shuffled_accuracy", "random_start_accuracy", "random_start_explained")
INTERVENED = ("interventions", "follows", "untouched", "random_subspace", "same_state")
CLASS, EXCESS, TOKEN = "class_accuracy", "excess_loss", "token_accuracy"
ENOUGH_CLASS, ENOUGH_EXCESS = 0.999, 0.005  # what a run is asked to reach
# The stream before the block, after its attention, and after it.
STREAM = BEFORE, MIDDLE, AFTER = ("x", "h.0.x_mid", "h.0.x")
# Where another state is put in place, and whether it is looked there or one symbol later.
INTERVENTIONS = {"here": (AFTER, "here"), "later": (AFTER, "next"), "before": (BEFORE, "next")}


def runs_of(data, row):
    """In the order of the seeds."""
    found = data["rows"].get(row, {"runs": {}})["runs"]
    return [found[seed] for seed in sorted(found, key=int)]


def of_variant(data, variant):
    """Those of all patterns."""
    return [run for pattern in regular_rows.PATTERNS for run in runs_of(data, regular_rows.name_of(pattern, variant))]


def values(found, figure, key="value"):
    """Of the runs that have the figure."""
    return [run["figures"][figure][key] for run in found if figure in run["figures"]]


def probe(found, site, key):
    return [run["compare"]["probes"][site][key] for run in found]


def operator(found, which, key):
    return [run["compare"]["operators"][which][key] for run in found]


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
    """Of how many the automaton that was learnt from the network is the language's."""
    return sum(run["extract"]["equals_truth"] for run in found)


def differences(found):
    """The shortest words on which networks and truth differ, of each run that has one, the shortest first."""
    told = [run["extract"]["shortest_disagreement"]["word"] for run in found if run["extract"]["shortest_disagreement"]]
    return sorted(told, key=lambda word: (len(word), word))


def counted(found, count):
    return count(found), len(found)


def pair(a, b):
    return f"{a[0]}/{a[1]} {b[0]}/{b[1]}"


def decided(data, decide):
    """What `decide` says of the counts of each variant beside those of the base."""
    base, verdicts = of_variant(data, regular_rows.BASE), {}
    for variant in regular_rows.VARIED:
        found = of_variant(data, variant)
        for count in (reaching, equal) if base and found else ():
            a, b = counted(found, count), counted(base, count)
            verdicts[pair(a, b)] = decide(a, b)
    return verdicts


def verdict(data, variant, count):
    """Whether the variant's count differs from that of the base."""
    a, b = counted(of_variant(data, variant), count), counted(of_variant(data, regular_rows.BASE), count)
    said = data.get("decided", {}).get(pair(a, b))
    if said is None:
        return "not computed"
    return f"{'yes' if said['verdict'] == 'differ' else 'no'}, p = {said['p']:.2g}"


def pattern_text(data, language):
    """A pattern as code, with the sign that would end a cell escaped."""
    return f"`{data['theory'][language]['pattern']}`".replace("|", "\\|")


def shortest(found):
    """The shortest word on which one of the networks and the truth differ."""
    words = differences(found)
    if not words:
        return "none found"
    word = words[0] or "the empty word"
    return f"`{tables.shortened(word)}`"
