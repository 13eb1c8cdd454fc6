"""Computes what the tests of crates/worlds/tests/regular compare with, by automata-lib, without a line of the project's code.

    pip install automata-lib
    python oracles/regular.py            writes crates/worlds/tests/regular/oracles.json
    python oracles/regular.py --check    exits with status 1 if that file differs from what is computed now
"""

import json
import pathlib
import random
import sys

from automata.fa.dfa import DFA
from automata.fa.nfa import NFA

FILE = pathlib.Path(__file__).resolve().parent.parent / "crates/worlds/tests/regular/oracles.json"
SYMBOLS = "abc"


def pattern(source, nodes):
    """A random pattern, with a group around every part."""
    if nodes <= 1:
        return source.choice(["a", "b", "c", "a", "b", "."])
    kind = source.choice(["|", "", "&", "*", "+", "?", "{}", "", "|"])
    if kind in ("|", "", "&"):
        left = source.randint(1, max(1, nodes - 2))
        return f"({pattern(source, left)}){kind}({pattern(source, nodes - 1 - left)})"
    if kind == "{}":
        # automata-lib 9.2.0 takes `(a){0,0}` for `a?`, so none stands here.
        least, more = source.randint(0, 2), source.randint(1, 2)
        kind = f"{{{least},{least + more}}}"
    return f"({pattern(source, nodes - 1)}){kind}"


def automaton(text):
    return complete(DFA.from_nfa(NFA.from_regex(text, input_symbols=set(SYMBOLS)), minify=True))


def complete(dfa):
    return dfa.minify().to_complete().minify()


def table(dfa):
    """Rows of next states in the order in which words reach them, and whether each state accepts."""
    order, rows = [dfa.initial_state], []
    for state in order:
        for symbol in SYMBOLS:
            following = dfa.transitions[state][symbol]
            if following not in order:
                order.append(following)
            rows.append(order.index(following))
    return {"next": rows, "accepts": [int(state in dfa.final_states) for state in order]}


def monoid(dfa):
    """How many maps of states words make."""
    states = sorted(dfa.states, key=str)
    maps = [tuple(states.index(dfa.transitions[state][symbol]) for state in states) for symbol in SYMBOLS]
    found = {tuple(range(len(states)))}
    open_maps = list(found)
    while open_maps:
        first = open_maps.pop()
        for second in maps:
            product = tuple(second[state] for state in first)
            if product not in found:
                found.add(product)
                open_maps.append(product)
    return len(found)


def shortest(dfa):
    """The least word that is accepted, by length and then by symbols."""
    if dfa.isempty():
        return None
    length = dfa.minimum_word_length()
    return min(dfa.words_of_length(length))


def compute():
    source = random.Random(6)
    patterns = ["a+", "a*b*", "(a|b)+", "ab", "a+b+"] + [pattern(source, source.randint(4, 12)) for _ in range(150)]
    languages = []
    for text in patterns:
        dfa = automaton(text)
        counts = [str(dfa.count_words_of_length(length)) for length in [0, 1, 2, 5, 10, 40]]
        languages.append({"pattern": text, "automaton": table(dfa), "counts": counts, "monoid": monoid(dfa)})
    pairs = []
    for first, second in zip(patterns, patterns[1:]):
        a, b = automaton(first), automaton(second)
        sizes = [len(complete(dfa).states) for dfa in (a.union(b), a.intersection(b), a.difference(b), a.complement())]
        pairs.append({"sizes": sizes, "differ": shortest(a.symmetric_difference(b)), "only_first": shortest(a.difference(b))})
    return {"symbols": SYMBOLS, "lengths": [0, 1, 2, 5, 10, 40], "languages": languages, "pairs": pairs}


def main():
    now = json.dumps(compute(), separators=(",", ":")) + "\n"
    if "--check" not in sys.argv[1:]:
        FILE.write_text(now)
        return print(f"wrote {FILE.name}: {len(now)} bytes")
    if not FILE.exists() or FILE.read_text() != now:
        sys.exit(f"oracles differ: {FILE.name} is not what is computed now")
    print("oracles agree")


main()
