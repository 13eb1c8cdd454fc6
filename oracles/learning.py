"""Learns the automata of black boxes by AALpy, without a line of the project's code, for crates/worlds/tests/regular/learning.rs
and, where the black boxes are trained networks, for crates/lab/tests/extraction.rs.

    pip install aalpy
    python oracles/learning.py                   writes crates/worlds/tests/regular/learned.json
    python oracles/learning.py --check           exits with status 1 if what is learnt now differs from the files
    python oracles/learning.py --ask PROGRAM     trains the networks by this infimum, asks it for the classes of all words that they read,
                                                 and writes crates/lab/tests/oracles/networks.json
"""

import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile

# `statistics.py` beside this file is not Python's, which aalpy imports.
sys.path.pop(0)

from aalpy.base import SUL, Oracle
from aalpy.learning_algs import run_KV, run_Lstar

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILE = ROOT / "crates/worlds/tests/regular/learned.json"
NETWORKS = ROOT / "crates/lab/tests/oracles/networks.json"

# Networks that are trained for so short a time that three of them do something else than their language.
LENGTH = 10
RECIPE = """name = "network"
[world]
kind = "regular"
language = "{language}"
alphabet = "ab"
longest = {length}
[model]
width = 16
layers = 1
heads = 2
positions = "sinusoidal"
[training]
steps = {steps}
batch = 32
rate = 1e-2
seed = {seed}
[evaluation]
test_sequences = 100
"""
TRAINED = [("a+b+", 80, 3), ("a+b+", 150, 2), ("(ab)*", 150, 1), ("ab", 150, 1)]

# Black boxes that are no tables: what a word gives, and the number of symbols.
FUNCTIONS = {
    "difference modulo 5": (lambda w: (w.count(0) - w.count(1)) % 5, 2),
    "third from the end": (lambda w: w[-3] if len(w) > 2 else 0, 2),
    "length modulo 7 is 0": (lambda w: int(len(w) % 7 == 0), 2),
    "longest run, at most 3": (lambda w: min(3, max((len(list(run)) for _, run in itertools.groupby(w)), default=0)), 2),
    "sum below 4, then stuck": (lambda w: min(4, sum(w)), 3),
    "first is last": (lambda w: int(not w or w[0] == w[-1]), 3),
    "contains 0120": (lambda w: int("0120" in "".join(map(str, w))), 3),
    "as a number modulo 9": (lambda w: int("".join(map(str, w)) or "0", 2) % 9, 2),
}


class BlackBox(SUL):
    """Gives the output after every symbol."""

    def __init__(self, output):
        super().__init__()
        self.output, self.word = output, []

    def pre(self):
        self.word = []

    def post(self):
        pass

    def step(self, letter):
        if letter is not None:
            self.word.append(letter)
        return self.output(self.word)


class EveryWord(Oracle):
    """Compares on every word up to a length: a counterexample of two automata is shorter than both have states together."""

    def __init__(self, symbols, sul, length):
        super().__init__(list(range(symbols)), sul)
        self.length = length

    def find_cex(self, hypothesis):
        for length in range(self.length + 1):
            for word in itertools.product(self.alphabet, repeat=length):
                hypothesis.reset_to_initial()
                output = hypothesis.current_state.output
                for symbol in word:
                    output = hypothesis.step(symbol)
                if output != self.sul.output(list(word)):
                    return list(word)
        return None


class Product(Oracle):
    """Compares with a table by walking through both at once."""

    def __init__(self, symbols, sul, table):
        super().__init__(list(range(symbols)), sul)
        self.table = table

    def find_cex(self, hypothesis):
        seen, queue = {(0, hypothesis.initial_state)}, [(0, hypothesis.initial_state, [])]
        for state, other, word in queue:
            if self.table["outputs"][state] != other.output:
                return word
            for symbol in self.alphabet:
                pair = (self.table["next"][state * len(self.alphabet) + symbol], other.transitions[symbol])
                if pair not in seen:
                    seen.add(pair)
                    queue.append((*pair, word + [symbol]))
        return None


def table_of(automaton, symbols):
    """Rows of next states in the order in which words reach them, and the output of each state."""
    automaton.minimize()
    order, rows = [automaton.initial_state], []
    for state in order:
        for symbol in range(symbols):
            following = state.transitions[symbol]
            if following not in order:
                order.append(following)
            rows.append(order.index(following))
    return {"next": rows, "outputs": [state.output for state in order]}


def learnt(symbols, output, oracle):
    """What two algorithms learn, which has to be the same."""
    found = []
    for run in (run_Lstar, run_KV):
        sul = BlackBox(output)
        automaton = run(list(range(symbols)), sul, oracle(sul), automaton_type="moore", print_level=0)
        found.append(table_of(automaton, symbols))
    if found[0] != found[1]:
        sys.exit("L* and KV learn different automata")
    return found[0]


def random_table(source):
    states, symbols, outputs = source.randint(1, 12), source.randint(1, 3), source.randint(2, 3)
    following = [source.randrange(states) for _ in range(states * symbols)]
    return {"symbols": symbols, "next": following, "outputs": [source.randrange(outputs) for _ in range(states)]}


def run_table(table, word):
    state = 0
    for symbol in word:
        state = table["next"][state * table["symbols"] + symbol]
    return table["outputs"][state]


def compute():
    source = random.Random(27)
    tables = []
    for _ in range(60):
        table = random_table(source)
        found = learnt(table["symbols"], lambda w: run_table(table, w), lambda sul: Product(table["symbols"], sul, table))
        tables.append({**table, "learnt": found})
    functions = {}
    for name, (output, symbols) in FUNCTIONS.items():
        found = learnt(symbols, output, lambda sul: EveryWord(symbols, sul, 12 if symbols == 2 else 8))
        functions[name] = {"symbols": symbols, "learnt": found}
    return {"tables": tables, "functions": functions}


def asked(program, language, steps, seed):
    """A network trained by the program, and its answers: the class of every word up to LENGTH, shorter words first."""
    recipe = RECIPE.format(language=language, length=LENGTH, steps=steps, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        (path / "network.toml").write_text(recipe)
        run = lambda *arguments: json.loads(subprocess.run([program, *arguments, "--runs", folder, "--json"], check=True, capture_output=True).stdout)
        run("run", str(path / "network.toml"))
        record = next(path.glob("network-s*"))
        weights = json.loads((record / "summary.json").read_text())["weights_hash"]
        words = ["".join(word) for word in itertools.product("ab", repeat=LENGTH)]
        traces = run("regular", "trace", str(record), *words)
    classes = ["accept", "incomplete", "reject"]
    said = {}
    for word, trace in zip(words, traces):
        said.update((word[: step["length"]], classes.index(step["network"])) for step in trace["steps"])
    answers = "".join(str(said[word]) for word in sorted(said, key=lambda word: (len(word), word)))
    return {"recipe": recipe, "weights_hash": weights, "length": LENGTH, "answers": answers}


def learnt_of_answers(network):
    """The automaton of a network by its answers alone; it is compared on all of them."""
    length, answers = network["length"], network["answers"]

    def output(word):
        if len(word) > length:
            sys.exit(f"a word of {len(word)} symbols is asked, and there are answers up to {length}")
        # Before the words of this length there are all shorter ones.
        return int(answers[2 ** len(word) - 1 + int("".join(map(str, word)) or "0", 2)])

    return learnt(2, output, lambda sul: EveryWord(2, sul, length))


def networks(found):
    return json.dumps([{**network, "learnt": learnt_of_answers(network)} for network in found], indent=1) + "\n"


def main():
    if "--ask" in sys.argv[1:]:
        program = sys.argv[sys.argv.index("--ask") + 1]
        NETWORKS.write_text(networks([asked(program, *trained) for trained in TRAINED]))
        return print(f"wrote {NETWORKS.name}: {NETWORKS.stat().st_size} bytes")
    now = json.dumps(compute(), separators=(",", ":")) + "\n"
    if "--check" not in sys.argv[1:]:
        FILE.write_text(now)
        return print(f"wrote {FILE.name}: {len(now)} bytes")
    if not FILE.exists() or FILE.read_text() != now:
        sys.exit(f"oracles differ: {FILE.name} is not what is learnt now")
    if not NETWORKS.exists() or NETWORKS.read_text() != networks(json.loads(NETWORKS.read_text())):
        sys.exit(f"oracles differ: {NETWORKS.name} has not what is learnt now of its answers")
    print("oracles agree")


main()
