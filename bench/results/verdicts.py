"""Whether a printed figure can be the figure of any predictor: how far it is beyond what is possible, in units of its noise.

A figure is `impossible` where it is more than four standard errors beyond the optimum, the limit of the program's own alarm; up to two
it is `noise`; between them `doubtful`. What rounding to the printed digits can explain is taken off first.
"""

import math

NOISE, ALARM = 2.0, 4.0
FINE, IMPOSSIBLE = "", "**impossible**"


def rounding(printed):
    """Half a unit of the last printed digit; `printed` is the text, `0.0660` or `1.00`."""
    digits = printed.partition(".")[2]
    return 0.5 * 10.0 ** -len(digits)


def judged(beyond, error, unit):
    """The words for a figure that is `beyond` the optimum by this much (below zero: it is not), with its standard error; None: unknown."""
    if beyond <= 0:
        return FINE
    by = f"beyond by {beyond:.2g} {unit}"
    if error is None:
        return f"{by}; its noise is not known"
    z = beyond / error
    size = f"{z:.1f}" if z < 10 else f"{z:,.0f}"
    word = "noise" if z <= NOISE else "doubtful" if z <= ALARM else IMPOSSIBLE
    return f"{word}: {by}, {size} standard errors"


def loss(printed, optimum, error):
    """A loss in nats, measured on sequences whose choice gives it this standard error."""
    return judged(optimum - float(printed) - rounding(printed), error, "nats")


def perplexity(printed, optimum, block):
    """A perplexity by nanoMarkov's formula beside the truth's on the same blocks.

    Those blocks begin with BOS at their first or their middle place, which no network that was trained on random windows can know. To know
    it is worth less than (1 + ln block) / block nats a target, so only what lies beyond that, too, is called impossible.
    """
    lowest = optimum * math.exp(-(1 + math.log(block)) / block)
    if float(printed) + rounding(printed) < lowest:
        return f"{IMPOSSIBLE}: even below {lowest:.2f}"
    return FINE


def accuracy(printed, ceiling, targets):
    """A share of hits among this many targets."""
    error = math.sqrt(ceiling * (1 - ceiling) / targets)
    return judged(float(printed) - rounding(printed) - ceiling, error, "of all targets")


def counting_floor(states, successors, transitions):
    """Expected `transition_kl` of the best estimator from this many transitions: (successors - 1) / 2N for a state seen N times,
    weighted by how often each is seen; and its spread from one training set to another, a sum of chi-squared laws."""
    mean = states * (successors - 1) / (2 * transitions)
    return mean, mean * math.sqrt(2 / (states * (successors - 1)))


def transition_kl(printed, floor, spread):
    return judged(floor - float(printed) - rounding(printed), spread, "nats")
