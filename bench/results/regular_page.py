"""How the page of regular languages is written: its tables, and sentences that follow from the figures."""

import statistics

import regular_figures as figures
import regular_rows as rows
import regular_text as text
import tables
from regular_figures import AFTER, BEFORE, CLASS, EXCESS, MIDDLE, TOKEN
from seeds import rate, spread, wilson

NOT_RUN = "not run"
SURE, KNOWN = 0.9, 0.99  # shares from which on it is `yes`, and of positions that a probe knows
CLOSE = 0.1  # relative error up to which operators are the automaton's


def row(first, head, found, cells):
    """A row of a table: without runs it says so."""
    rest = cells(found) if found else [NOT_RUN]
    return [*first, *rest, *[""] * (len(head) - len(first) - len(rest))]


def extracted(found):
    """Of how many networks the learnt automaton is the language's, its states, and the shortest word that is answered wrong."""
    states = spread([run["extract"]["states"] for run in found], 0)
    return f"{figures.equal(found)} of {len(found)}; {states}; {figures.shortest(found)}"


def behaviour_row(data, pattern):
    known = data["theory"][pattern]

    def cells(found):
        return [
            rate(*figures.counted(found, figures.reaching)),
            spread(figures.values(found, CLASS), 6),
            spread(figures.values(found, CLASS, "baseline"), 3),
            spread(figures.values(found, EXCESS), 5),
            spread(figures.values(found, EXCESS, "baseline"), 3),
            f"{spread(figures.values(found, TOKEN), 4)}; {spread(figures.values(found, TOKEN, 'optimum'), 4)}",
            extracted(found),
        ]

    first = [figures.pattern_text(data, pattern), str(known["states"]), known["depth"]]
    return row(first, text.BEHAVIOUR, figures.runs_of(data, pattern), cells)


def state_row(data, pattern):
    def cells(found):
        return [
            *(spread(figures.probe(found, site, "accuracy"), 3) for site in (BEFORE, MIDDLE, AFTER)),
            spread([run["compare"]["chance"] for run in found], 3),
            spread(figures.probe(found, AFTER, "shuffled_accuracy"), 3),
            spread(figures.probe(found, AFTER, "random_start_accuracy"), 3),
            spread(figures.probe(found, AFTER, "explained"), 3),
            spread(figures.probe(found, AFTER, "random_start_explained"), 3),
        ]

    return row([figures.pattern_text(data, pattern)], text.STATE, figures.runs_of(data, pattern), cells)


def operator_row(data, pattern):
    def cells(found):
        looked = [("trained", "transitions_right"), ("random", "transitions_right"), ("trained", "relative_error"), ("random", "relative_error")]
        seen = ("follows", "untouched", "random_subspace")
        return [
            *(spread(figures.operator(found, which, key), 2) for which, key in looked),
            *("; ".join(spread(figures.intervention(found, place, key), 2) for key in seen) for place in figures.INTERVENTIONS),
        ]

    return row([figures.pattern_text(data, pattern)], text.OPERATORS, figures.runs_of(data, pattern), cells)


def raw_row(data, pattern):
    def cells(found):
        ends = f"{spread(figures.raw(found, 'low'), 2)} to {spread(figures.raw(found, 'high'), 2)}"
        return [spread(figures.raw(found, "cosine"), 2), spread(figures.raw(found, "transposed"), 2), ends, beyond_null(found)]

    return row([figures.pattern_text(data, pattern)], text.RAW, figures.runs_of(data, pattern), cells)


def heads(found):
    """Heads whose cosine is beyond its null, and how many were compared."""
    return sum(figures.raw(found, "beyond")), sum(figures.raw(found, "heads"))


def beyond_null(found):
    beyond, of = heads(found)
    return f"{beyond} of {of}" if of else "too few channels"


def variant_row(data, variant):
    differs = lambda count: figures.verdict(data, variant, count) if variant in rows.VARIED else ""

    def cells(found):
        excesses = figures.values(found, EXCESS)
        return [
            spread([run["parameters"] for run in found], 0),
            rate(*figures.counted(found, figures.reaching)),
            differs(figures.reaching),
            f"{figures.near(found)} of {len(excesses)}" if excesses else "no floor",
            rate(*figures.counted(found, figures.equal)),
            differs(figures.equal),
            spread(figures.probe(found, AFTER, "accuracy"), 3),
            spread(figures.operator(found, "trained", "relative_error"), 3),
            beyond_null(found),
        ]

    return row([text.VARIANTS[variant]], text.TOGETHER, figures.of_variant(data, variant), cells)


def each_row(data, variant, pattern):
    def cells(found):
        return [
            spread(figures.values(found, CLASS), 5),
            spread(figures.values(found, EXCESS), 4),
            spread(figures.probe(found, AFTER, "accuracy"), 3),
            spread(figures.operator(found, "trained", "relative_error"), 3),
            spread(figures.raw(found, "cosine"), 2),
            beyond_null(found),
            extracted(found),
        ]

    first = [text.VARIANTS[variant], figures.pattern_text(data, pattern)]
    return row(first, text.EACH, figures.runs_of(data, rows.name_of(pattern, variant)), cells)


def beyond(found, lengths, key="value"):
    """The class accuracy of each run at lengths beyond training."""
    return [run["beyond"][f"{lengths[0]} to {lengths[1]}"][key] for run in found]


def reached(accuracies):
    return sum(accuracy >= figures.ENOUGH_CLASS for accuracy in accuracies)


def length_row(data, language):
    known = data["theory"][language]

    def cells(found):
        at = [[figures.values(found, CLASS, key) for key in ("value", "baseline")]]
        at += [[beyond(found, lengths, key) for key in ("value", "baseline")] for lengths in rows.BEYOND]
        scored = [(rate(reached(accuracies), len(found)), f"{spread(accuracies, 4)}; {spread(constant, 2)}") for accuracies, constant in at]
        return [*(cell for scores in scored for cell in scores), extracted(found)]

    return row([language, str(known["states"]), known["depth"]], text.LENGTHS, figures.runs_of(data, language), cells)


def word_for(share):
    return "yes" if share >= SURE else "in most runs" if share >= 0.5 else "in few runs" if share > 0 else "no"


def middle(values, digits=3):
    return f"{statistics.median(values):.{digits}f}"


def behaves(found):
    accuracies, words = figures.values(found, CLASS), figures.differences(found)
    return text.BEHAVES.format(
        word=word_for(figures.reaching(found) / len(found)),
        reaching=rate(*figures.counted(found, figures.reaching)),
        worst=f"{min(accuracies):.6f}",
        baseline=spread(figures.values(found, CLASS, "baseline"), 2),
        near=rate(*figures.counted(found, figures.near)),
        equal=f"{figures.equal(found)} of {len(found)}",
        wrong=len(words),
        least=f", the shortest of {len(words[0])} symbols" if words else "",
    )


def knows(found):
    probes, before = figures.probe(found, AFTER, "accuracy"), figures.probe(found, AFTER, "random_start_accuracy")
    knowing = sum(accuracy >= KNOWN for accuracy in probes)
    return text.KNOWS.format(
        word=word_for(knowing / len(found)),
        knowing=rate(knowing, len(found)),
        probe=middle(probes),
        chance=middle([run["compare"]["chance"] for run in found]),
        shuffled=middle(figures.probe(found, AFTER, "shuffled_accuracy")),
        random=middle(before),
        better=f"{sum(after > first for after, first in zip(probes, before))} of {len(found)}",
    )


def steps(found):
    errors = figures.operator(found, "trained", "relative_error")
    stepping = sum(error <= CLOSE for error in errors)
    return text.STEPS.format(
        word=word_for(stepping / len(found)),
        stepping=rate(stepping, len(found)),
        error=middle(errors),
        random=middle(figures.operator(found, "random", "relative_error")),
        right=middle(figures.operator(found, "trained", "transitions_right"), 2),
        right_random=middle(figures.operator(found, "random", "transitions_right"), 2),
        computed=intervened(found),
    )


def intervened(found):
    at = {f"{place}{name}": figures.intervention(found, place, key)
          for place in figures.INTERVENTIONS for name, key in (("", "follows"), ("_untouched", "untouched"), ("_random", "random_subspace"))}
    at = {name: middle(values, 2) for name, values in at.items() if values}
    said = text.FOLLOWED.format(**at) if "here" in at else ""
    if "later" in at:
        said += (text.ANEW if float(at["later"]) <= float(at["later_untouched"]) + 0.05 else text.HANDED).format(**at)
    return said + (text.READ.format(**at) if "before" in at else "")


def compared(found):
    """Whether more heads are beyond their null than chance puts there: whether 5 % is in Wilson's interval of their share."""
    beyond, of = heads(found)
    if not of:
        return ""
    more = wilson(beyond, of)[0] > 0.05
    word, so = ("more than by chance", text.SEES_SOME) if more else ("no", text.NEEDS_NONE.format(behaving=figures.reaching(found)))
    return text.RAW_SAYS.format(word=word, beyond=rate(beyond, of), chance=f"{0.05 * of:.0f}", so=so)


def factors(data):
    """Which of the things that were varied change a count."""
    told = []
    for variant in rows.VARIED:
        if figures.of_variant(data, variant):
            changed = [what for what, count in (("classes", figures.reaching), ("automata", figures.equal))
                       if figures.verdict(data, variant, count).startswith("yes")]
            told.append(f"{text.VARIANTS[variant]}, {'changes how many runs have ' + ' and '.join(changed) if changed else 'no difference that the counts could carry'}")
    return text.FACTORS.format(factors="; ".join(told) + ".") if told else ""


def answers(data):
    """The three questions, answered by the runs of the recipes as they are, and what changes it."""
    found = figures.of_variant(data, "recipe")
    if not found:
        return text.NOT_RUN
    return behaves(found) + knows(found) + steps(found) + compared(found) + factors(data)


def by_length(data):
    """How many languages of either kind are learnt, and hold."""
    counts = {}
    for kind, star_free in (("star_free", True), ("others", False)):
        found = [figures.runs_of(data, name) for name in rows.LANGUAGES if data["theory"][name]["aperiodic"] == star_free]
        found = [of for of in found if of]
        counts[kind] = len(found)
        counts[f"{kind}_trained"] = sum(2 * figures.reaching(of) >= len(of) for of in found)
        counts[f"{kind}_beyond"] = sum(2 * reached(beyond(of, rows.BEYOND[-1])) >= len(of) for of in found)
    return text.BY_LENGTH.format(**counts) if counts["star_free"] + counts["others"] else text.NOT_RUN


def how(data):
    found = [run for of in data["rows"].values() for run in of["runs"].values()]
    if not found:
        return text.NOT_RUN
    said = lambda key: "; ".join(sorted({str(run[key]) for run in found}))
    seconds = data["processor_seconds"]
    effort = {"words": rows.WORDS, "interventions": rows.INTERVENTIONS}
    return text.HOW.format(runs=len(found), processors=said("processor"), numerics=said("numerics"), commits=f"commit {said('commit')}",
                           seconds=f"{seconds:,.0f}", minutes=f"{seconds / 120:.1f}", **effort)


def document(data):
    base = figures.of_variant(data, "recipe")
    return text.TEXT.format(
        answers=answers(data),
        pattern_seeds=rows.PATTERN_SEEDS,
        language_seeds=rows.LANGUAGE_SEEDS,
        layers=rows.DEEPER["model.layers"],
        width=rows.DEEPER["model.width"],
        steps=tables.count(rows.DEEPER["training.steps"]),
        longest_asked=rows.LONGEST_ASKED,
        together=rows.PATTERN_SEEDS * len(rows.PATTERNS),
        words=rows.WORDS,
        shared=spread(figures.values(base, "shared_sequences"), 2),
        behaviour=tables.table(text.BEHAVIOUR, [behaviour_row(data, pattern) for pattern in rows.PATTERNS]),
        state=tables.table(text.STATE, [state_row(data, pattern) for pattern in rows.PATTERNS]),
        operators=tables.table(text.OPERATORS, [operator_row(data, pattern) for pattern in rows.PATTERNS]),
        raw=tables.table(text.RAW, [raw_row(data, pattern) for pattern in rows.PATTERNS]),
        variants=tables.table(text.TOGETHER, [variant_row(data, variant) for variant in text.VARIANTS]),
        each=tables.table(text.EACH, [each_row(data, variant, pattern) for variant in (rows.BASE, *rows.VARIED) for pattern in rows.PATTERNS]),
        lengths=tables.table(text.LENGTHS, [length_row(data, language) for language in rows.LANGUAGES]),
        by_length=by_length(data),
        how=how(data),
    )
