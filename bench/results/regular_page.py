"""How the page of regular languages is written: its tables, and sentences that follow from the figures."""

import statistics

import regular_figures as figures
import regular_rows as rows
import regular_text as text
import tables
import runs
from regular_figures import AFTER, BEFORE, CLASS, EXCESS, MIDDLE, SHARED, TOKEN
from seeds import rate, spread, wilson

NOT_RUN, NOT_COMPUTED = "not run", "not computed"
SURE, KNOWN = 0.9, 0.99  # shares from which on it is `yes`, and of positions that a probe knows
CLOSE = 0.1  # relative error up to which operators are the automaton's


def row(first, head, found, cells):
    """A row of a table: without runs it says so."""
    rest = cells(found) if found else [NOT_RUN]
    return [*first, *rest, *[""] * (len(head) - len(first) - len(rest))]


def extracted(found):
    """Of how many networks the learnt automaton is the language's, of how many it passed every test, its states, and the shortest word
    that is answered wrong."""
    states = spread([run["extract"]["states"] for run in found], 0)
    return [f"{figures.equal(found)} of {len(found)}", f"{len(figures.passed(found))} of {len(found)}", states, figures.shortest(found)]


def star_free(data, language):
    return "yes" if data["theory"][language]["aperiodic"] else "no"


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
            *extracted(found),
        ]

    first = [figures.pattern_text(data, pattern), str(known["states"]), star_free(data, pattern), known["depth"]]
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


def exchanged(found, place):
    """How often the class is that of the other state: after the exchange, untouched, and after that of a random subspace."""
    seen = [figures.intervention(found, place, key) for key in ("follows", "untouched", "random_subspace")]
    return "; ".join(spread(values, 2) for values in seen) if all(seen) else "no other state"


def operator_row(data, pattern):
    def cells(found):
        looked = [("trained", "transitions_right"), ("random", "transitions_right"), ("trained", "relative_error"), ("random", "relative_error")]
        return [
            *(spread(figures.operator(found, which, key), 2) for which, key in looked),
            *(exchanged(found, place) for place in figures.INTERVENTIONS),
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
    differs = lambda count: figures.verdict(data, variant, count) or NOT_COMPUTED if variant in rows.VARIED else ""

    def cells(found):
        excesses = figures.values(found, EXCESS)
        return [
            spread([run["parameters"] for run in found], 0),
            rate(*figures.counted(found, figures.reaching)),
            differs(figures.reaching),
            f"{figures.near(found)} of {len(excesses)}" if excesses else "no floor",
            rate(*figures.counted(found, figures.equal)),
            differs(figures.equal),
            f"{len(figures.passed(found))} of {len(found)}",
            spread(figures.probe(found, AFTER, "accuracy"), 3),
            spread(figures.operator(found, "trained", "relative_error"), 3),
            beyond_null(found),
        ]

    return row([text.VARIANTS[variant]], text.TOGETHER, figures.of_variant(data, variant), cells)


def each_row(data, variant, pattern):
    def cells(found):
        return [
            spread(figures.values(found, SHARED), 2),
            spread(figures.values(found, CLASS), 5),
            spread(figures.values(found, EXCESS), 4),
            spread(figures.probe(found, AFTER, "accuracy"), 3),
            spread(figures.operator(found, "trained", "relative_error"), 3),
            spread(figures.raw(found, "cosine"), 2),
            beyond_null(found),
            *extracted(found),
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
        return [*(cell for scores in scored for cell in scores), *extracted(found)]

    return row([language, str(known["states"]), star_free(data, language), known["depth"]], text.LENGTHS, figures.runs_of(data, language), cells)


def word_for(share):
    return "yes" if share >= SURE else "in most runs" if share >= 0.5 else "in few runs" if share > 0 else "no"


def middle(values, digits=3):
    return f"{statistics.median(values):.{digits}f}"


def behaves(found):
    accuracies, words = figures.values(found, CLASS), figures.differences(found)
    passed, stopped = figures.passed(found), figures.stopped(found)
    return text.BEHAVES.format(
        word=word_for(figures.reaching(found) / len(found)),
        reaching=rate(*figures.counted(found, figures.reaching)),
        worst=f"{min(accuracies):.6f}",
        baseline=spread(figures.values(found, CLASS, "baseline"), 2),
        near=rate(*figures.counted(found, figures.near)),
        passed=f"{len(passed)} of {len(found)}",
        equal=figures.equal(passed),
        limits=text.STOPPED.format(stopped=len(stopped), equal=figures.equal(stopped)) if stopped else "",
        wrong=f"{len(words)} of {len(found)}",
        least=f", the shortest of {len(words[0])} symbols" if words else "",
    )


def knows(found):
    alone = [run for run in found if run["compare"]["chance"] == 1]
    found = [run for run in found if run["compare"]["chance"] < 1]
    if not found:
        return text.KNOWS_NOT_ASKED
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
        alone=text.ONE_STATE.format(alone=len(alone)) if alone else "",
    )


def steps(data, found):
    between = lambda which: " to ".join(dict.fromkeys(f"{median:.2f}" for median in figures.medians(data, which, "transitions_right")))
    # Where all is one state, there is nothing to follow; where training begins as close, nothing was learnt to be seen.
    all_runs, found = found, [run for run in found if run["compare"]["chance"] < 1]
    if not found:
        return text.STEPS_NOT_ASKED
    errors, before = (figures.operator(found, which, "relative_error") for which in ("trained", "random"))
    told = [error for error, first in zip(errors, before) if first > CLOSE]
    stepping = sum(error <= CLOSE for error in told)
    return text.STEPS.format(
        word=word_for(stepping / len(told)) if told else "no",
        stepping=f"{rate(stepping, len(told))}" if told else "0 of 0",
        close=len(all_runs) - len(told),
        error=middle(errors),
        random=middle(before),
        right=between("trained"),
        right_random=between("random"),
        computed=intervened(all_runs),
    )


def intervened(found):
    at = {f"{place}{name}": figures.intervention(found, place, key)
          for place in figures.INTERVENTIONS for name, key in (("", "follows"), ("_untouched", "untouched"), ("_random", "random_subspace"))}
    at = {name: middle(values, 2) for name, values in at.items() if values}
    said = text.FOLLOWED.format(**at) if "here" in at else ""
    if "later" in at:
        said += (text.ANEW if at["later"] == at["later_untouched"] else text.HANDED).format(**at)
    return said + (text.READ.format(**at) if "before" in at else "")


def compared(found):
    """Whether more heads are beyond their null than chance puts there: whether 5 % is in Wilson's interval of their share."""
    beyond, of = heads(found)
    if not of:
        return ""
    more = wilson(beyond, of)[0] > 0.05
    word, so = ("more than by chance", text.SEES_SOME) if more else ("no", text.NEEDS_NONE.format(behaving=figures.reaching(found)))
    return text.RAW_SAYS.format(word=word, beyond=rate(beyond, of), chance=chance(of), so=so)


def chance(of):
    """How many of so many heads are beyond 95 % of their null where nothing but chance puts them there."""
    return f"{0.05 * of:.3g}"


def factor(data, variant):
    """Which counts a variant changes."""
    said = {what: figures.verdict(data, variant, count) for what, count in text.COUNTS.items()}
    changed = [what for what, verdict in said.items() if verdict and verdict.startswith("yes")]
    if None in said.values():
        return NOT_COMPUTED
    return f"changes how many {' and how many '.join(changed)}" if changed else "no difference that the counts could carry"


def factors(data):
    """Which of the things that were varied change a count."""
    told = []
    for variant in rows.VARIED:
        of = len(figures.patterns_of(data, variant))
        some = f" ({of} of {len(rows.PATTERNS)} patterns)" if of < len(rows.PATTERNS) else ""
        told += [f"{text.VARIANTS[variant]}{some}: {factor(data, variant)}"] if of else []
    return text.FACTORS.format(factors="; ".join(told) + ".") if told else ""


def answers(data):
    """The three questions, answered by the runs of the recipes as they are, and what changes it."""
    found = figures.of_variant(data, "recipe")
    if not found:
        return text.NOT_RUN
    return behaves(found) + knows(found) + steps(data, found) + compared(found) + factors(data)


def by_length(data):
    """How many languages of either kind are learnt, and hold."""
    counts = {}
    for kind, is_star_free in (("star_free", True), ("others", False)):
        names = [name for name in rows.LANGUAGES if figures.runs_of(data, name) and data["theory"][name]["aperiodic"] == is_star_free]
        found = [figures.runs_of(data, name) for name in names]
        counts[kind] = f"{len(names)}{' others' if kind == 'others' else ' star-free languages'}{f' ({tables.listed(names)})' if names else ''}"
        counts[f"{kind}_trained"] = sum(2 * figures.reaching(of) >= len(of) for of in found)
        counts[f"{kind}_beyond"] = sum(2 * reached(beyond(of, rows.BEYOND[-1])) >= len(of) for of in found)
    return text.BY_LENGTH.format(**counts, layers=rows.DEEPER["model.layers"], width=rows.DEEPER["model.width"])


def token_noise(found):
    """How far token accuracy may lie from what it is a sample of."""
    half = [(high - low) / 2 for low, high in zip(figures.values(found, TOKEN, "low"), figures.values(found, TOKEN, "high"))]
    above = [value - most for value, most in zip(figures.values(found, TOKEN), figures.values(found, TOKEN, "optimum"))]
    return text.TOKEN_NOISE.format(half=f"{statistics.median(half):.4f}", above=f"{max(above):.4f}") if max(above, default=0) > 0 else ""


def extraction_time(found):
    """The time after which learning an automaton was given up; runs that were measured before it was kept have none."""
    kept = all("effort" in run for run in found)
    return f"{rows.EXTRACTION_SECONDS} s" if kept else "a time that these figures do not hold"


def stateless(data):
    """The patterns in which no other state can be put in place."""
    names = [pattern for pattern in figures.patterns_of(data, "recipe")
             if not figures.intervention(figures.runs_of(data, pattern), "here", "follows")]
    return text.STATELESS.format(patterns=tables.listed([figures.pattern_code(data, name) for name in names])) if names else ""


def held_out(data):
    """What is met in training although words are held out, and the class accuracy, beside the same without holding out."""
    told = []
    for pattern in figures.patterns_of(data, "held-out"):
        found = [figures.of_variant(data, variant, [pattern]) for variant in ("held-out", rows.BASE)]
        said = [f"{middle(figures.values(of, SHARED), 2)} and {middle(figures.values(of, CLASS), 5)}" for of in found if of]
        told.append(f"{figures.pattern_code(data, pattern)} {', without '.join(said)}")
    return text.HELD_OUT.format(each="; ".join(told)) if told else ""


def in_all(data):
    """How many runs there are of those that are planned."""
    return f"{sum(len(of['runs']) for of in data['rows'].values()):,} of {figures.planned():,}"


def how(data):
    found = [run for of in data["rows"].values() for run in of["runs"].values()]
    if not found:
        return text.NOT_RUN
    said = lambda key: "; ".join(sorted({str(run[key]) for run in found}))
    # What a commit took whose figures are all measured anew is no part of them.
    seconds = sum(data["processor_seconds"].get(commit, 0.0) for commit in {run["commit"] for run in found})
    effort = {"words": rows.WORDS, "interventions": rows.INTERVENTIONS}
    return text.HOW.format(runs=in_all(data), processors=said("processor"), numerics=said("numerics"), commits=runs.commits(found),
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
        runs=in_all(data),
        extraction_time=extraction_time(base),
        token_noise=token_noise(base),
        stateless=stateless(data),
        compared=heads(base)[1],
        chance=chance(heads(base)[1]),
        held_out=held_out(data),
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
