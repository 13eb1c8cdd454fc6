"""Whether a printed figure can be the figure of any predictor: how far it is beyond what is possible, in units of its noise.

A figure is `impossible` where it is more than four standard errors beyond the optimum, the limit of the program's own alarm; up to two
it is `noise`; between them `doubtful`. What rounding to the printed digits can explain is taken off first.
"""

import math

NOISE, ALARM = 2.0, 4.0
LEVEL = 0.05  # of `infimum compare`
FINE, IMPOSSIBLE = "", "**impossible**"


def fisher(a, b):
    """Two-sided p of Fisher's exact test of two counts `(successes, of)`, as `infimum compare` has it: the probability, where nothing but
    chance divides the successes, of a division that is no likelier than this one."""
    (x, n), (y, m) = a, b
    ways = [math.comb(n, k) * math.comb(m, x + y - k) for k in range(max(0, x + y - m), min(n, x + y) + 1)]
    observed = math.comb(n, x) * math.comb(m, y)
    return sum(way for way in ways if way <= observed) / math.comb(n + m, x + y)


def differ(a, b):
    """Whether two counts differ, at the level, and p."""
    p = fisher(a, b)
    return f"{'yes' if p <= LEVEL else 'no'}, p = {p:.3g}"


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


def perplexity(printed, phase_unknown, phase_known):
    """A perplexity by nanoMarkov's formula beside the truth's two on the same tokens; `phase_unknown` is None where nothing was run.

    Its chunks begin at a block or at its middle, so a predictor may know where BOS comes. One that does and does not know the tokens is
    below the truth that does by d nats a target with a probability of at most exp(-127,500 d): a digit that is printed decides.
    """
    largest = float(printed) + rounding(printed)
    if largest < phase_known:
        return f"{IMPOSSIBLE}: below {phase_known:.2f}, the truth that knows where blocks begin"
    if phase_unknown is not None and largest < phase_unknown:
        return f"below the truth on the same tokens ({phase_unknown:.2f}); possible only by knowing where blocks begin ({phase_known:.2f})"
    return FINE


def one_token_perplexity(printed, best):
    """The same of a model that sees one token and not where it stands, beside the best of these on the same tokens. Below it is said
    and not judged: which tokens were scored is not published, and on others the same model has another perplexity."""
    if float(printed) + rounding(printed) < best:
        return f"below the best of one token in view on the same tokens ({best:.2f}), so of other tokens or of another model"
    return FINE


def accuracy(printed, ceiling, targets, truth=None):
    """A share of hits among this many targets. Where the truth has fewer on the very same ones that is said and not judged: the
    noise of the difference is that of the targets where the two predict differently, and what was predicted is not known."""
    error, least = math.sqrt(ceiling * (1 - ceiling) / targets), float(printed) - rounding(printed)
    if least <= ceiling and truth is not None and least > truth:
        return f"above the truth on the same tokens ({truth:.4f})"
    return judged(least - ceiling, error, "of all targets")


def counting_floor(states, successors, transitions):
    """Expected `transition_kl` of maximum likelihood counting in the limit of many transitions: (successors - 1) / 2N for a state seen
    N times, weighted by how often each is seen; and its spread from one training set to another, a sum of chi-squared laws. It bounds
    what can be learnt only where N is many times the successors: with 12.7 transitions a cell, adding to the counts beats it."""
    mean = states * (successors - 1) / (2 * transitions)
    return mean, mean * math.sqrt(2 / (states * (successors - 1)))


def transition_kl(printed, floor, spread):
    return judged(floor - float(printed) - rounding(printed), spread, "nats")
