"""What nanoMarkov prints of its models: figures as text, with the digits that it gives.

Keys: `loss` validation loss in nats, `train_loss`, `perplexity`, `accuracy`, `kl` its transition matrix fidelity, `memory` its test of the
Markov property, `ratio` and `structure` its two formulas for a share of the theoretical optimum. A list is one value for each seed.
"""

MAIN = [
    ("MM-10", "mm10", {
        "train_loss": "1.9111", "loss": "1.9159", "perplexity": "6.79", "accuracy": "0.8391", "kl": "0.0660", "memory": "7.997",
        "structure": "0.9395",
    }),
    ("MM-100", "mm100", {
        "train_loss": "4.1878", "loss": "4.1899", "perplexity": "65.95", "accuracy": "0.0500", "kl": "0.0038", "memory": "0.0025",
        "ratio": "0.9993", "structure": "0.9933",
    }),
    ("MM-100, three older seeds", "mm100", {
        "loss": "4.197", "perplexity": ["66.47", "66.49", "66.49"], "accuracy": ["0.0503", "0.0505", "0.0498"],
        "kl": ["0.003807", "0.003775", "0.003546"], "memory": "0.000072",
    }),
    ("MM-100, the code before", "mm100", {"train_loss": "4.1955", "loss": "4.1912"}),
    ("MM-1000", "mm1000", {"loss": "6.51", "perplexity": "1.00", "accuracy": "1.00"}),
]

SPARSE = [
    ("MM-100-sparse-75", "mm100-sparse75", {
        "train_loss": "2.8518", "loss": "2.8343", "perplexity": "17.03", "accuracy": "0.1484", "kl": "0.0038", "memory": "0.0009",
    }),
    ("the same, earlier, 5,000 steps", "mm100-sparse75", {"train_loss": "2.8436", "loss": "2.8429"}),
    ("the same, earlier, 3,000 steps", "mm100-sparse75", {"train_loss": "2.8539", "loss": "2.8505"}),
    ("MM-1000-sparse-75", "mm1000-sparse75", {
        "train_loss": "5.3865", "loss": "5.3846", "perplexity": "218.13", "accuracy": "0.0167", "kl": "0.1241", "memory": "0.388",
    }),
]
SPARSE_EARLIER = 2.8429  # taken for eight times farther from the optimum than the dense chain

# Variant: what it is, loss, perplexity, accuracy, transition matrix fidelity.
VARIANTS = {
    "c1": ("1 layer, 2 heads, width 256", "4.1906", "66.04", "0.0507", "0.0114"),
    "c2": ("1 layer, 1 head, width 128, ReLU", "4.1950", "66.30", "0.0502", "0.0018"),
    "c3": ("one-hot embedding, width 101", "4.1946", "66.29", "0.0501", "0.0021"),
    "c4": ("c3, MLP as wide as the model", "4.1942", "66.11", "0.0497", "0.0200"),
    "c5": ("c3 without attention", "4.1949", "66.29", "0.0502", "0.0007"),
    "c6": ("c4 without attention, GELU", "4.1947", "66.31", "0.0504", "0.0009"),
    "c7": ("c4 without positions", "4.1949", "66.37", "0.0500", "0.0593"),
    "c8": ("c4 without LayerNorm", "4.1943", "66.15", "0.0503", "0.0002"),
    "c9": ("c4 without both", "4.1942", "66.14", "0.0502", "0.0001"),
    "c10": ("c7, first matrix the identity", "4.1945", "66.28", "0.0503", "0.0001"),
    "c11": ("c9 without attention", "4.1948", "66.36", "0.0503", "0.0001"),
    "c12": ("c11, first matrix the identity", "4.1953", "66.32", "0.0504", "0.0011"),
}
# These see the token before alone. c5 and c6 have positions, but where a window was cut says nothing of where BOS comes in it.
ONE_TOKEN_IN_VIEW = {"c5", "c6", "c11", "c12"}
# Nor where they stand: all that they know of a target is the token before it. nanoMarkov's chunks of val.bin begin at a block or at its
# middle, and so positions say something of where BOS comes in them.
NEITHER_PLACE_NOR_CONTEXT = {"c11", "c12"}

# What else is printed: where, figure, as printed, its chain, and which figure of the page it stands beside.
OTHERS = [
    ("MM-1000", "“theoretical minimum” of the loss", "6.5078", "mm1000", "minimum"),
    ("MM-100, README", "perplexity", "66.48", "mm100", "perplexity"),
    ("MM-100, README", "accuracy", "0.0502", "mm100", "accuracy"),
    ("MM-100, analysis", "loss, training", "4.1904", "mm100", "train_loss"),
    ("MM-100", "transition KL of a random law", ".982", "mm100", "random"),
    ("MM-100", "transition KL of the noisy truth", "1.438", "mm100", "noisy"),
]
# Shares of the optimum that go with a printed loss: per cent, chain, loss.
SHARES = [
    ("99.57 %", "MM-100-sparse-75", "mm100-sparse75", "2.8343"),
    ("99.15 %", "the same, earlier, 5,000 steps", "mm100-sparse75", "2.8429"),
    ("98.40 %", "the same, earlier, 5,000 steps", "mm100-sparse75", "2.8429"),
    ("84.13 %", "MM-1000-sparse-75", "mm1000-sparse75", "5.3846"),
]
# Its test of the Markov property, of the variants for which it is known, and in an older table.
VARIANTS_MEMORY = {"c1": ".0002", "c2": ".0001", "c3": ".0002", "c4": ".0001", "c5": "0", "c6": "0", "c7": ".0001", "c11": ".0001"}
VARIANTS_MEMORY_OLDER = {"c6": ".000066", "c11": ".000070", "c12": ".000127"}

# Sequences and tokens of nanoMarkov's measurements.
LOSS_TARGETS = 102_400  # 50 batches, of every model
ACCURACY_TARGETS = 1000 * 64
TOKENS_A_STEP = 81_920
STEPS = {"mm10": 1000, "c1": 3000, "c2": 3000}
STEPS_OTHERWISE = 5000


def tokens_of(row):
    return TOKENS_A_STEP * STEPS.get(row, STEPS_OTHERWISE)
