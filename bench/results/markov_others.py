"""What else nanoMarkov prints, beside what is true: tables of their own, since none of it is judged as a model's figure."""

import math

import markov
import markov_printed as printed
import tables
import verdicts


def beside(figures, chain, kind, value):
    """What is true or possible, and the words."""
    if kind == "minimum":
        mean = figures.nats(chain, "row_mean_entropy")
        return f"{mean:.4f}", f"{verdicts.IMPOSSIBLE} as the mean of this chain's row entropies: it is ln 1000 - 0.4, written into their script"
    if kind == "random":
        return f"{figures.data['chains'][chain]['on_files']['random_law_kl']:.3f}", "not theirs by their formula"
    if kind == "noisy":
        noisy = markov.first_value(figures, "c12", "transition_kl_noisy_published")
        return markov.shown(noisy, 3), "not theirs by their formula"
    return markov.possible(figures, chain, kind), markov.verdict(figures, chain, kind, value)


def figures_table(figures):
    lines = [[where, what, value, *beside(figures, chain, kind, value)] for where, what, value, chain, kind in printed.OTHERS]
    return tables.table(["model", "figure", "they print", "true or possible", ""], lines)


def shares_of(figures, chain, loss):
    """The share of the optimum that a printed loss has by each formula: minimum / loss, structure, and structure above the dense chain."""
    minimum, uniform = figures.nats(chain, "row_mean_entropy"), math.log(markov.SIZES[chain][0])
    dense = figures.nats(chain.partition("-")[0], "row_mean_entropy")
    return minimum / loss, (uniform - loss) / (uniform - minimum), (dense - loss) / (dense - minimum)


def shares_table(figures):
    lines = [[label, f"{share} at {loss}", *(f"{100 * part:.2f} %" for part in shares_of(figures, chain, float(loss)))]
             for share, label, chain, loss in printed.SHARES]
    head = ["model", "“of the optimum”, they print", "minimum / loss", "structure", "structure, from the dense chain's minimum"]
    return tables.table(head, lines)


def memory_table():
    names = [name for name in printed.VARIANTS if name in printed.VARIANTS_MEMORY or name in printed.VARIANTS_MEMORY_OLDER]
    lines = [[label, *(values.get(name, "") for name in names)]
             for label, values in (("they print", printed.VARIANTS_MEMORY), ("an older table", printed.VARIANTS_MEMORY_OLDER))]
    return tables.table(["Markov property", *names], lines)
