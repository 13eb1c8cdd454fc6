"""nanoMarkov's chains and its files again, in Python alone, and what the truth scores on them.

Its generator is numpy's Mersenne twister with seed 42; `val.bin` comes out byte for byte (its SHA-256 is kept with the figures).
"""

import array
import bisect
import hashlib
import itertools
import math
import random
import sys

SEED = 42
SHA256 = {
    "mm10": "2bf1f9796114af37e9473317876fa4bfcd0c5f2191889f1bab49be0eb85659ad",
    "mm100": "b6a6ea977e338dc018d92c7965d2b00d9006663f03b24b65a57ed801272254c1",
    "mm100-sparse75": "7a91d102044084db137f45be72ff807b107cd1eab7b5280632430892a39a3ada",
}
CHUNKS = 1000  # at most as many make nanoMarkov's perplexity
ADDED = (0.5, 1.0)


def twister(seed):
    """The generator that numpy.random.seed(seed) makes."""
    state = [seed]
    for place in range(1, 624):
        state.append((1812433253 * (state[-1] ^ (state[-1] >> 30)) + place) & 0xFFFFFFFF)
    generator = random.Random()
    generator.setstate((3, (*state, 624), None))
    return generator


def dirichlet(generator, count):
    """A law from the flat Dirichlet."""
    parts = [-math.log(1.0 - generator.random()) for _ in range(count)]
    scale = 1.0 / summed(parts)
    return [part * scale for part in parts]


def summed(parts):
    """One after another, without the compensation that newer versions of Python add."""
    total = 0.0
    for part in parts:
        total += part
    return total


def below_or_at(generator, most):
    """A uniform integer from 0 to `most`, drawn as numpy's legacy generator draws it."""
    mask = (1 << most.bit_length()) - 1
    while (drawn := generator.getrandbits(32) & mask) > most:
        pass
    return drawn


def sparse_row(generator, states, successors):
    order = list(range(states))
    for place in range(states - 1, 0, -1):
        other = below_or_at(generator, place)
        order[place], order[other] = order[other], order[place]
    row = [0.0] * states
    for state, part in zip(order, dirichlet(generator, successors)):
        row[state] = part
    return row


def chain_of(states, successors):
    """The start law, the transition matrix, and the generator as the files go on with it."""
    generator = twister(SEED)
    start = dirichlet(generator, states)
    if successors == states:
        return start, [dirichlet(generator, states) for _ in range(states)], generator
    generator = twister(SEED)
    return start, [sparse_row(generator, states, successors) for _ in range(states)], generator


def blocks_of(start, matrix, generator, length):
    """Blocks without end: BOS, then states; a draw for each emission is thrown away."""
    states, draw = len(start), generator.random
    first, rows = list(itertools.accumulate(start)), [list(itertools.accumulate(row)) for row in matrix]
    while True:
        law, block = first, [states]
        for _ in range(length - 1):
            state = bisect.bisect_right(law, draw()) % states
            draw()
            block.append(state)
            law = rows[state]
        yield block


def counted(blocks, states):
    """How often which state follows which."""
    counts = [[0] * states for _ in range(states)]
    for block in blocks:
        for before, after in zip(block[1:], block[2:]):
            counts[before][after] += 1
    return counts


def stationary(start, matrix, rounds=200):
    law = start
    for _ in range(rounds):
        new = [0.0] * len(law)
        for weight, row in zip(law, matrix):
            new = [sum_ + weight * part for sum_, part in zip(new, row)]
        if max(abs(a - b) for a, b in zip(law, new)) < 1e-12:
            return new
        law = new
    return law


def divergence(row, counts, added):
    """Of a row of the truth from its counts, with this much added to each that can be more than zero."""
    total = sum(counts) + added * sum(part > 0 for part in row)
    return sum(part * math.log(part * total / (count + added)) for part, count in zip(row, counts) if part > 0)


def random_law_kl(matrix):
    """The transition KL of laws drawn without the data, by nanoMarkov's formula: state s has the first law of the seed 42 + s."""
    rows = [(row, dirichlet(twister(SEED + state), len(row))) for state, row in enumerate(matrix)]
    return sum(clipped_divergence(row, law) for row, law in rows) / len(rows)


def clipped_divergence(row, law, least=1e-8):
    return sum(max(part, least) * math.log(max(part, least) / max(other, least)) for part, other in zip(row, law))


def known_phase_perplexity(start, matrix, blocks):
    """The truth's perplexity by nanoMarkov's formula, for who knows where blocks begin: exp of the mean over chunks of the mean over
    their targets. A chunk begins at a block or at its middle, so BOS costs nothing, and the other targets their start or transition."""
    bos = len(start)

    def nats(before, after):
        if after == bos:
            return 0.0
        return -math.log(start[after] if before == bos else matrix[before][after])

    return chunk_perplexity(blocks, nats)


def chunk_perplexity(blocks, nats):
    """exp of the mean over nanoMarkov's chunks of the mean of `nats(before, after)` over their targets."""
    length, stream = len(blocks[0]), [token for block in blocks for token in block]
    begins = list(range(0, len(stream) - length + 1, length // 2))[:CHUNKS]
    chunks = [stream[begin:begin + length] for begin in begins]
    means = [sum(nats(before, after) for before, after in zip(chunk, chunk[1:])) / (length - 1) for chunk in chunks]
    return math.exp(sum(means) / len(means))


def one_token_perplexity(start, matrix, blocks):
    """The same of the best predictor that sees the last token alone and knows neither its place nor the phase, so that after a state
    BOS comes as often as it does in such chunks: in every second one, after the last state of a block."""
    length, half, states = len(blocks[0]), len(blocks[0]) // 2, len(start)
    laws = state_laws(start, matrix, length - 1)
    # The places of a block, BOS at 0, whose state is an input: of chunks that begin with the block, and of those that begin in its middle.
    inputs = [place for first in (0, half) for place in range(first, first + length - 1) if place % length]
    seen = [sum(laws[place % length - 1][state] for place in inputs) for state in range(states)]
    last = laws[length - 2]
    bos = [last[state] / seen[state] if seen[state] > 0 else 0.0 for state in range(states)]

    def nats(before, after):
        if before == states:
            return -math.log(start[after])
        return -math.log(bos[before] if after == states else (1 - bos[before]) * matrix[before][after])

    return chunk_perplexity(blocks, nats)


def state_laws(start, matrix, count):
    """The law of the first state of a block, of the second, …, of `count` of them; one that does not change any more is kept."""
    laws = [start]
    while len(laws) < count:
        law, new = laws[-1], [0.0] * len(start)
        if len(laws) > 1 and max(abs(a - b) for a, b in zip(law, laws[-2])) < 1e-15:
            new = law
        else:
            for weight, row in zip(law, matrix):
                new = [total + weight * part for total, part in zip(new, row)]
        laws.append(new)
    return laws


def truth_on_files(chain, states, length, train_blocks, successors):
    """What the truth scores on val.bin, and what counting train.bin with something added to each count leaves."""
    start, matrix, generator = chain_of(states, successors)
    blocks = blocks_of(start, matrix, generator, length)
    counts = counted(itertools.islice(blocks, train_blocks), states)
    validation = list(itertools.islice(blocks, train_blocks // 10))
    tokens = array.array("H", itertools.chain.from_iterable(validation))
    if sys.byteorder == "big":
        tokens.byteswap()
    sha256 = hashlib.sha256(tokens.tobytes()).hexdigest()
    if SHA256.get(chain, sha256) != sha256:
        raise SystemExit(f"{chain}: val.bin has SHA-256 {sha256}, not the {SHA256[chain]} of the published one")
    weights = stationary(start, matrix)
    left = {f"add_{added:g}": sum(weight * divergence(row, of, added) for weight, row, of in zip(weights, matrix, counts))
            for added in ADDED}
    return {"validation_sha256": sha256, "perplexity_known_phase": known_phase_perplexity(start, matrix, validation),
            "perplexity_one_token": one_token_perplexity(start, matrix, validation), "counting_kl": left, "random_law_kl": random_law_kl(matrix)}
