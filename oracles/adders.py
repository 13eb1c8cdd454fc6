"""The logits that a published adder gives, by a forward pass written here in NumPy, in float64.

    python oracles/adders.py            writes crates/lab/tests/oracles/adders.json
    python oracles/adders.py --check    computes them again; exit status 1 if a number has moved

Reads ../shared/data/adders/122p.npz, beside the tree; where it is not there, nothing is written or checked. The model has one
layer of width 3, one head of 4 channels and no positions but rotary ones: prompts are 0, the digits of the first number from
the least significant on, 0 0, those of the second, 0, and the eleven digits of the sum follow in the same order. Each norm is
x / sqrt(mean square + 1e-6) times its gain, queries and keys have one of their own before they are turned by t 3^(-i / 2) in pairs
(i, i + 2), scores are divided by 2, the MLP is down(silu(gate x) * up x), and the head is the table of tokens.
"""
import json, pathlib, sys

import numpy as np

TREE = pathlib.Path(__file__).resolve().parent.parent
WEIGHTS = TREE.parent / "shared/data/adders/122p.npz"
FILE = TREE / "crates/lab/tests/oracles/adders.json"
PAIRS = [(0, 0), (1234567890, 9876543210), (9999999999, 1), (5000000000, 5000000000), (2395527356, 9334186774),
         (4210807827, 8038206893), (1111111111, 8888888889)]
PROMPT = 24


def tokens(a, b):
    """The prompt and the sum, without its last digit, which nothing is predicted from."""
    digits = lambda n, count: [n // 10**i % 10 for i in range(count)]
    return [0] + digits(a, 10) + [0, 0] + digits(b, 10) + [0] + digits(a + b, 11)[:-1]


def logits(w, tokens):
    """[T] -> [T, 10]"""
    layer = lambda name: w[f"model.layers.0.{name}.weight"]
    norm = lambda x, gain: x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6) * gain
    T = len(tokens)
    angle = np.arange(T)[:, None] * 3.0 ** (-np.arange(2) / 2)
    cos, sin = (np.float32(wave).astype(np.float64) for wave in (np.cos(angle), np.sin(angle)))  # float32, as in models

    def turned(x):
        first, second = x[:, :2], x[:, 2:]
        return np.concatenate([first * cos - second * sin, first * sin + second * cos], -1)

    x = w["model.embed_tokens.weight"][tokens]
    h = norm(x, layer("input_layernorm"))
    q, k = (turned(norm(h @ layer(f"self_attn.{p}_proj").T, layer(f"self_attn.{p}_norm"))) for p in "qk")
    scores = np.where(np.tril(np.ones((T, T), bool)), q @ k.T / 2, -np.inf)
    p = np.exp(scores - scores.max(-1, keepdims=True))
    y = p / p.sum(-1, keepdims=True) @ (h @ layer("self_attn.v_proj").T)
    x = x + y @ layer("self_attn.o_proj").T
    h = norm(x, layer("post_attention_layernorm"))
    gate = h @ layer("mlp.gate_proj").T
    x = x + gate / (1 + np.exp(-gate)) * (h @ layer("mlp.up_proj").T) @ layer("mlp.down_proj").T
    return norm(x, w["model.norm.weight"]) @ w["model.embed_tokens.weight"].T


def everything():
    w = {name: array.astype(np.float64) for name, array in np.load(WEIGHTS).items()}
    sequences = [tokens(a, b) for a, b in PAIRS]
    return dict(sequences=[dict(tokens=t, logits=logits(w, t)[PROMPT - 1:].tolist()) for t in sequences])


def main():
    if not WEIGHTS.exists():
        return print(f"notice: there is no {WEIGHTS.name} beside the tree, its logits were not computed")
    found = everything()
    if "--check" not in sys.argv[1:]:
        lines = ",\n".join(json.dumps(sequence) for sequence in found["sequences"])
        return FILE.write_text('{"sequences": [\n' + lines + "\n]}\n")
    stored = json.loads(FILE.read_text())
    same = [a["tokens"] for a in found["sequences"]] == [b["tokens"] for b in stored["sequences"]]
    pairs = zip(found["sequences"], stored["sequences"])
    worst = max(np.abs(np.array(a["logits"]) - np.array(b["logits"])).max() for a, b in pairs)
    print(f"{FILE.name}: logits again within {worst:g}")
    sys.exit(0 if same and worst <= 1e-9 else 1)


if __name__ == "__main__":
    main()
