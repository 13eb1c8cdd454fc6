"""Tiny adders as their authors save them, and the logits that a forward pass written here gives for each.

    python oracles/imported.py            writes crates/lab/tests/imported/* (with PyTorch) and expected.json
    python oracles/imported.py --check    reads the files and computes the logits again; exit status 1 if they moved

The numbers are random; names, shapes and sharing are those of the families that `infimum import` knows. Checking needs NumPy
alone: files are unpickled with stand-ins for PyTorch's functions. The forward pass is plain algebra in float64, written from
the authors' formulas and not from Infimum's programs.
"""
import collections, json, math, pathlib, pickle, sys, zipfile

import numpy as np

FOLDER = pathlib.Path(__file__).parent.parent / "crates/lab/tests/imported"
ERF = np.vectorize(math.erf)
MODES = ["none", "all", "qk", "kv", "shareA", "shareB", "shareB_tieQK", "shareB_tieKV", "shareA_tieKV", "shareA_tieQK"]


def gelu(x):
    return x * 0.5 * (1 + ERF(x / math.sqrt(2)))


def silu(x):
    return x / (1 + np.exp(-x))


def rms(x, w, epsilon):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon) * w


def layer(x, w, b, epsilon=1e-5):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon) * w + b


def attend(q, k, v, scale):
    scores = q @ k.T * scale
    scores = np.where(np.tril(np.ones_like(scores)) > 0, scores, -np.inf)
    p = np.exp(scores - scores.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True) @ v


# yinglunz and those after: sums of two digits, width 4, rank 2.

def factorised_weights(mode, full, norm, draw):
    T, d, r, ff = 9, 4, 2, 6
    w = {"token_emb.weight": draw(14, d)}
    w |= {"pos_emb.weight": draw(T, d)} if full else {"pos_emb.A": draw(T, r), "pos_emb.B": draw(r, d)}
    at = "blocks.0.attn."
    two = lambda name, i, o: {f"{name}.weight": draw(o, i)} if full else {f"{name}.A": draw(i, r), f"{name}.B": draw(r, o)}
    w |= {
        "none": lambda: two(at + "qkv", d, 3 * d),
        "all": lambda: two(at + "qkv_shared", d, d),
        "qk": lambda: two(at + "qk_shared", d, d) | two(at + "v_proj", d, d),
        "kv": lambda: two(at + "q_proj", d, d) | two(at + "kv_shared", d, d),
        "shareA": lambda: {at + "qkv_A": draw(d, r)} | {at + f"qkv_B{p}": draw(r, d) for p in "qkv"},
        "shareB": lambda: {at + "qkv_B": draw(r, d)} | {at + f"qkv_A{p}": draw(d, r) for p in "qkv"},
        "shareB_tieQK": lambda: {at + "qkv_B": draw(r, d), at + "qkv_Aqk": draw(d, r), at + "qkv_Av": draw(d, r)},
        "shareB_tieKV": lambda: {at + "qkv_B": draw(r, d), at + "qkv_Aq": draw(d, r), at + "qkv_Akv": draw(d, r)},
        "shareA_tieKV": lambda: {at + "qkv_A": draw(d, r), at + "qkv_Bq": draw(r, d), at + "qkv_Bkv": draw(r, d)},
        "shareA_tieQK": lambda: {at + "qkv_A": draw(d, r), at + "qkv_Bqk": draw(r, d), at + "qkv_Bv": draw(r, d)},
    }[mode]()
    w |= two(at + "proj", d, d) | two("blocks.0.mlp.fc1", d, ff) | two("blocks.0.mlp.fc2", ff, d)
    for name in ["blocks.0.ln1", "blocks.0.ln2", "ln_f"]:
        w[f"{name}.weight"] = 1 + draw(d)
        if norm == "layer":
            w[f"{name}.bias"] = draw(d)
    w["lm_head.weight"] = w["token_emb.weight"]
    return w


def factorised_tokens():
    return [4, 7, 10, 8, 5, 11, 2, 3, 1]  # 47 + 85 = 132, reversed; the end is only predicted


def factorised(w, tokens):
    def product(name, x):
        return x @ w[f"{name}.weight"].T if f"{name}.weight" in w else x @ w[f"{name}.A"] @ w[f"{name}.B"]

    def part(p, x):
        at = "blocks.0.attn."
        for names in ["qkv_shared", "qk_shared", "kv_shared", f"{p}_proj"]:
            if p in names.split("_")[0] and any(f"{at}{names}.{e}" in w for e in ["weight", "A"]):
                return product(at + names, x)
        def factor(side):
            names = [f"{at}qkv_{side}{e}" for e in ["", p] + [pair for pair in ["qk", "kv"] if p in pair]]
            return w[next(n for n in names if n in w)]
        return x @ factor("A") @ factor("B")

    def norm(name, x):
        b = w.get(f"{name}.bias")
        return rms(x, w[f"{name}.weight"], 1e-8) if b is None else layer(x, w[f"{name}.weight"], b)

    T = len(tokens)
    places = w["pos_emb.weight"] if "pos_emb.weight" in w else w["pos_emb.A"] @ w["pos_emb.B"]
    x = w["token_emb.weight"][tokens] + places[:T]
    h = norm("blocks.0.ln1", x)
    if any(n.startswith("blocks.0.attn.qkv.") for n in w):
        q, k, v = np.split(product("blocks.0.attn.qkv", h), 3, -1)
    else:
        q, k, v = (part(p, h) for p in "qkv")
    x = x + product("blocks.0.attn.proj", attend(q, k, v, 1 / math.sqrt(q.shape[1])))
    x = x + product("blocks.0.mlp.fc2", gelu(product("blocks.0.mlp.fc1", norm("blocks.0.ln2", x))))
    return norm("ln_f", x) @ w["token_emb.weight"].T


# maxencefrenette's: a first dimension of one model, linear layers [inputs, outputs], a fixed matrix beside the factors.

def stacked_weights(factors, draw):
    T, d, r, ff = 9, 4, 2, 6
    w = {"token_emb.weight": draw(1, 14, d)}
    def two(name, i, o):
        low = {f"{name}.A": draw(1, i, r), f"{name}.B": draw(1, r, o), f"{name}.W_fixed": draw(1, i, o)}
        return low if factors else {f"{name}.weight": draw(1, i, o)}
    w |= {"pos_emb.A": draw(1, T, r), "pos_emb.B": draw(1, r, d)} if factors else {"pos_emb.weight": draw(1, T, d)}
    w |= two("blocks.0.attn.qkv", d, 3 * d) | two("blocks.0.attn.proj", d, d)
    w |= two("blocks.0.mlp.fc1", d, ff) | two("blocks.0.mlp.fc2", ff, d)
    for name in ["blocks.0.ln1", "blocks.0.ln2", "ln_f"]:
        w |= {f"{name}.weight": 1 + draw(1, d), f"{name}.bias": draw(1, d)}
    w["lm_head.weight"] = w["token_emb.weight"]
    return w


def stacked(w, tokens, fixed=("attn", "mlp")):
    w = {name: array[0] for name, array in w.items()}

    def product(name, x):
        if f"{name}.weight" in w:
            return x @ w[f"{name}.weight"]
        return x @ w[f"{name}.A"] @ w[f"{name}.B"] + (x @ w[f"{name}.W_fixed"] if name.split(".")[2] in fixed else 0)

    norm = lambda name, x: layer(x, w[f"{name}.weight"], w[f"{name}.bias"])
    places = w["pos_emb.weight"] if "pos_emb.weight" in w else w["pos_emb.A"] @ w["pos_emb.B"]
    x = w["token_emb.weight"][tokens] + places[:len(tokens)]
    q, k, v = np.split(product("blocks.0.attn.qkv", norm("blocks.0.ln1", x)), 3, -1)
    x = x + product("blocks.0.attn.proj", attend(q, k, v, 1 / math.sqrt(q.shape[1])))
    x = x + product("blocks.0.mlp.fc2", gelu(product("blocks.0.mlp.fc1", norm("blocks.0.ln2", x))))
    return norm("ln_f", x) @ w["token_emb.weight"].T


# Jack Cai's, with free places and RMSNorm, or with places on a spiral and LayerNorm.

def split_weights(spiral, draw):
    one = lambda x: np.array(x, dtype="f4")
    w = {"tok_emb.weight": draw(14, 3), "z10_enc": draw(1, 3), "special_enc": draw(3, 3)}
    w |= {f"pos_spiral_{name}": one(x) for name, x in [("amp", 1.1), ("phase", 0.2), ("slope", 0.13), ("offset", -0.3)]} \
        if spiral else {"digit_enc": draw(10, 3)}
    # digit, `+`, digit, `=`, digit, the sum's last, end: of which table, and which row of it
    table = [0] * 10 + [2] + [0] * 10 + [2] + [0] * 10 + [1, 2]
    row = [*range(10), 0, *range(10), 1, *range(10), 0, 2]
    w |= {"_pos_sources": np.array(table), "_pos_indices": np.array(row)}
    w |= {f"{p}_proj.weight": draw(6, 3) for p in "qkv"} | {"out_proj.weight": draw(6, 6)}
    w |= {"ffn.0.weight": draw(2, 6), "ffn.0.bias": draw(2), "ffn.2.weight": draw(6, 2), "ffn.2.bias": draw(6)}
    for name in ["ln1", "ln2", "ln_f"]:
        w |= {f"{name}.weight": 1 + draw(6)} | ({f"{name}.bias": draw(6)} if spiral else {})
    return w | {"head_proj.weight": draw(3, 6), "causal_mask": np.tril(np.ones((1, 1, 34, 34), "f4"))}


def split_tokens():
    a, b = 4718293605, 5281706394
    digits = lambda n, count: [int(c) for c in reversed(f"{n:0{count}d}")]
    return digits(a, 10) + [10] + digits(b, 10) + [11] + digits(a + b, 11)


def split(w, tokens):
    if "digit_enc" in w:
        places = w["digit_enc"]
    else:
        i = np.arange(10)
        turn = 2 * math.pi * i / 10 + w["pos_spiral_phase"]
        places = np.stack([w["pos_spiral_amp"] * np.cos(turn), w["pos_spiral_amp"] * np.sin(turn),
                           w["pos_spiral_slope"] * i + w["pos_spiral_offset"]], -1)
    special = w["special_enc"]
    places = np.concatenate([places, special[:1], places, special[1:2], places, w["z10_enc"], special[2:]])
    norm = lambda name, x: layer(x, w[f"{name}.weight"], w[f"{name}.bias"]) if "ln_f.bias" in w else rms(x, w[f"{name}.weight"], 1e-5)
    x = np.concatenate([w["tok_emb.weight"][tokens], places[:len(tokens)]], -1)
    h = norm("ln1", x)
    q, k, v = h[:, 3:] @ w["q_proj.weight"].T, h[:, 3:] @ w["k_proj.weight"].T, h[:, :3] @ w["v_proj.weight"].T
    heads = [attend(q[:, at], k[:, at], v[:, at], 1 / math.sqrt(3)) for at in [slice(0, 3), slice(3, 6)]]
    x = x + np.concatenate(heads, -1) @ w["out_proj.weight"].T
    x = x + gelu(norm("ln2", x) @ w["ffn.0.weight"].T + w["ffn.0.bias"]) @ w["ffn.2.weight"].T + w["ffn.2.bias"]
    return norm("ln_f", x) @ w["head_proj.weight"].T @ w["tok_emb.weight"].T


# MicroAdder, with the names of its 67 parameters, or with those of its 57 (no fc2, no block).

def micro_weights(small, draw):
    one = lambda x: np.array(x, dtype="f4")
    block, mlp = ("", "") if small else ("blocks.0.attn.", "blocks.0.ffn.")
    w = {"tok_arc_A": one(2.3), "tok_arc_start": one(-1.1), "tok_arc_stride": one(0.31),
         "spiral_amp": one(3.5), "spiral_phase": one(0.0), "spiral_slope": one(0.15), "spiral_offset": one(0.0),
         "special_pos_equals": draw(1, 3), ("z_hi_pos"): draw(1, 3), "_plus_pos": np.zeros((1, 3), "f4"),
         "_eos_pos": np.zeros((1, 3), "f4"), f"{block}q_phase_angle": one([0.4]), f"{block}q_proj.weight": draw(4, 3),
         f"{block}causal_mask": np.triu(np.ones((1, 1, 34, 34), "f4"), 1), f"{block}out_proj.A": draw(5, 1),
         f"{block}out_proj.B": draw(1, 5), f"{mlp}fc1.weight": draw(2, 5), "head_proj.weight": draw(2, 5)}
    if not small:
        w |= {"tok_arc_B": w["tok_arc_A"], f"{mlp}fc2.weight": draw(5, 2)}
    gain = 1 + draw(5)
    names = ["norm1", "norm2", "norm_f"] if small else ["blocks.0.ln1", "blocks.0.ln2", "ln_f"]
    return w | {f"{name}.weight": gain for name in names}


def micro_tokens():
    a, b = 4718293605, 5281706394
    digits = lambda n, count: [int(c) for c in reversed(f"{n:0{count}d}")]
    return digits(a, 10) + [0] + digits(b, 10) + [0] + digits(a + b, 11)


def micro(w, tokens):
    get = lambda name: next(v for k, v in w.items() if k == name or k.endswith("." + name))
    angle = w["tok_arc_start"] + np.arange(10) * w["tok_arc_stride"]
    table = w["tok_arc_A"] * np.stack([np.cos(angle), np.sin(angle)], -1)
    turn = 2 * math.pi * np.arange(10) / 10 + w["spiral_phase"]
    spiral = np.stack([w["spiral_amp"] * np.cos(turn), w["spiral_amp"] * np.sin(turn),
                       w["spiral_slope"] * np.arange(10) + w["spiral_offset"]], -1)
    zero = np.zeros((1, 3))
    places = np.concatenate([spiral, zero, spiral, w["special_pos_equals"], spiral, w["z_hi_pos"], zero])
    gain = w["norm_f.weight"] if "norm_f.weight" in w else w["ln_f.weight"]
    x = np.concatenate([table[tokens], places[:len(tokens)]], -1)
    h = rms(x, gain, 1e-5)
    k = h[:, 2:] @ get("q_proj.weight").T
    c, s = math.cos(get("q_phase_angle")[0]), math.sin(get("q_phase_angle")[0])
    q = np.empty_like(k)
    q[:, 0::2], q[:, 1::2] = k[:, 0::2] * c - k[:, 1::2] * s, k[:, 0::2] * s + k[:, 1::2] * c
    head = w["head_proj.weight"]
    x = x + attend(q, k, h[:, :2] @ head, 0.5) @ get("out_proj.A") @ get("out_proj.B")
    second = next((v.T for n, v in w.items() if n.endswith("fc2.weight")), head)
    x = x + gelu(rms(x, gain, 1e-5) @ get("fc1.weight").T) @ second
    return rms(x, gain, 1e-5) @ head.T @ table.T


# staghado's names, and tbukic's and vijec's.

def minimal_weights(draw):
    m = "model.layers.0."
    w = {"model.embed_tokens.weight": draw(10, 3), "model.norm.weight": 1 + draw(3)}
    w |= {m + f"{n}.weight": 1 + draw(3) for n in ["input_layernorm", "post_attention_layernorm"]}
    w |= {m + f"self_attn.{p}_proj.weight": draw(4, 3) for p in "qkv"} | {m + "self_attn.o_proj.weight": draw(3, 4)}
    w |= {m + f"self_attn.{p}_norm.weight": 1 + draw(4) for p in "qk"}
    return w | {m + "mlp.gate_proj.weight": draw(3, 3), m + "mlp.up_proj.weight": draw(3, 3), m + "mlp.down_proj.weight": draw(3, 3)}


def arc_weights(ties, draw):
    one = lambda x: np.array(x, dtype="f4")
    gain, heads = 1 + draw(3), 1 + draw(4)
    w = {"arc_A": one(2.5), "arc_start": one(-1.2), "arc_stride": one(0.29), "block.ln1.weight": gain,
         "block.ln2.weight": gain if ties else 1 + draw(3), "final_norm.weight": gain if ties else 1 + draw(3),
         "block.attn.q_proj.weight": draw(4, 3), "block.attn.q_norm.weight": heads,
         "block.attn.k_norm.weight": heads if ties else 1 + draw(4), "block.mlp.gate_proj.weight": draw(2, 3),
         "block.mlp.up_proj.weight": draw(2, 3)}
    if ties:
        return w | {"block.attn.k_proj.theta": one(0.35), "block.mlp.down_proj.theta": one(-0.6)}
    key = draw(4, 3)
    return w | {"block.attn.k_proj.weight": key, "block.attn.v_proj.weight": key, "block.attn.o_proj.weight": draw(3, 4),
                "block.mlp.down_proj.weight": draw(3, 2)}


def minimal_tokens():
    a, b = 4718293605, 5281706394
    digits = lambda n, count: [int(c) for c in reversed(f"{n:0{count}d}")]
    return [0] + digits(a, 10) + [0, 0] + digits(b, 10) + [0] + digits(a + b, 11)[:10]


def rotated(w, angle):
    """Pairs of rows turned."""
    c, s, out = math.cos(angle), math.sin(angle), np.empty_like(w)
    out[0::2], out[1::2] = w[0::2] * c - w[1::2] * s, w[0::2] * s + w[1::2] * c
    return out


def minimal(w, tokens):
    arc = "arc_A" in w
    at, mlp = ("block.attn.", "block.mlp.") if arc else ("model.layers.0.self_attn.", "model.layers.0.mlp.")
    if arc:
        angle = w["arc_start"] + np.arange(10) * w["arc_stride"]
        table = np.stack([w["arc_A"] * np.cos(angle), w["arc_A"] * np.sin(angle), np.zeros(10)], -1)
        norms = [w["block.ln1.weight"], w["block.ln2.weight"], w["final_norm.weight"]]
    else:
        table = w["model.embed_tokens.weight"]
        m = "model.layers.0."
        norms = [w[m + "input_layernorm.weight"], w[m + "post_attention_layernorm.weight"], w["model.norm.weight"]]
    x = table[tokens]
    h = rms(x, norms[0], 1e-6)
    wq = w[at + "q_proj.weight"]
    if at + "k_proj.theta" in w:
        wk, wv = rotated(wq, w[at + "k_proj.theta"]), wq
    else:
        wk, wv = w[at + "k_proj.weight"], w[at + "v_proj.weight"]
    wo = w.get(at + "o_proj.weight", wq.T)
    q, k, v = h @ wq.T, h @ wk.T, h @ wv.T
    q, k = rms(q, w[at + "q_norm.weight"], 1e-6), rms(k, w[at + "k_norm.weight"], 1e-6)
    angles = np.arange(len(tokens))[:, None] * 3.0 ** (-np.arange(2) / 2)
    def turn(z):
        out, first, second = np.empty_like(z), slice(0, 4, 2) if arc else slice(0, 2), slice(1, 4, 2) if arc else slice(2, 4)
        c, s = np.cos(angles), np.sin(angles)
        out[:, first], out[:, second] = z[:, first] * c - z[:, second] * s, z[:, first] * s + z[:, second] * c
        return out
    x = x + attend(turn(q), turn(k), v, 0.5) @ wo.T
    h = rms(x, norms[1], 1e-6)
    g = silu(h @ w[mlp + "gate_proj.weight"].T) * (h @ w[mlp + "up_proj.weight"].T)
    down = w.get(mlp + "down_proj.weight")
    if down is None:  # down(h) = Up' R h
        theta = w[mlp + "down_proj.theta"]
        c, s = math.cos(theta), math.sin(theta)
        down = w[mlp + "up_proj.weight"].T @ np.array([[c, -s], [s, c]])
    x = x + g @ down.T
    return rms(x, norms[2], 1e-6) @ table.T


CASES = {f"factorised-{mode}.pt": (lambda draw, mode=mode: factorised_weights(mode, False, "rms", draw), factorised, factorised_tokens)
         for mode in MODES}
CASES |= {
    "factorised-full.pt": (lambda draw: factorised_weights("none", True, "layer", draw), factorised, factorised_tokens),
    "factorised-full-kv.pt": (lambda draw: factorised_weights("kv", True, "rms", draw), factorised, factorised_tokens),
    "micro-adder.pt": (lambda draw: micro_weights(False, draw), micro, micro_tokens),
    "micro-adder-small.pt": (lambda draw: micro_weights(True, draw), micro, micro_tokens),
    "minimal.npz": (minimal_weights, minimal, minimal_tokens),
    "minimal-arc.pt": (lambda draw: arc_weights(False, draw), minimal, minimal_tokens),
    "minimal-arc-tied.pt": (lambda draw: arc_weights(True, draw), minimal, minimal_tokens),
    "stacked.pt": (lambda draw: stacked_weights(True, draw), stacked, factorised_tokens),
    "stacked-mlp.pt": (lambda draw: stacked_weights(True, draw), lambda w, tokens: stacked(w, tokens, ("mlp",)), factorised_tokens),
    "stacked-full.pt": (lambda draw: stacked_weights(False, draw), stacked, factorised_tokens),
    "split.pt": (lambda draw: split_weights(False, draw), split, split_tokens),
    "split-spiral.pt": (lambda draw: split_weights(True, draw), split, split_tokens),
}


def write(name, weights):
    path = FOLDER / name
    if name.endswith(".npz"):
        np.savez(path, **weights)
        return
    import torch
    storages, state = {}, {}
    for key, array in weights.items():  # arrays that are one array share a storage
        state[key] = storages.setdefault(id(array), torch.from_numpy(np.array(array)))
    if name.startswith("split"):
        torch.save(collections.OrderedDict(state), path)
        return
    place = "model_state" if name.startswith(("factorised", "stacked")) else "model_state_dict" if name.startswith("micro") else "state_dict"
    config = {"n_head": 1} | ({"fixed_full_rank_attn": name != "stacked-mlp.pt", "num_models": 1} if name.startswith("stacked") else {})
    torch.save({place: state, "step": 1, "config": config}, path)


class Stub(pickle.Unpickler):
    """Reads a checkpoint without PyTorch."""

    def __init__(self, archive, folder):
        super().__init__(archive.open(f"{folder}/data.pkl"))
        self.archive, self.folder = archive, folder

    def find_class(self, module, name):
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, size, stride, *_: np.lib.stride_tricks.as_strided(
                storage[offset:], size, [storage.itemsize * s for s in stride]).copy()
        return {"OrderedDict": collections.OrderedDict, "FloatStorage": "f4", "LongStorage": "i8"}[name]

    def persistent_load(self, saved):
        return np.frombuffer(self.archive.read(f"{self.folder}/data/{saved[2]}"), "<" + saved[1])


def read(name):
    if name.endswith(".npz"):
        return dict(np.load(FOLDER / name))
    with zipfile.ZipFile(FOLDER / name) as archive:
        root = Stub(archive, archive.namelist()[0].split("/")[0]).load()
    return next((root[place] for place in ["model_state", "model_state_dict", "state_dict"] if place in root), root)


def expected(name):
    _, forward, tokens = CASES[name]
    w = {k: np.asarray(v, "f8") for k, v in read(name).items()}
    return {"tokens": tokens(), "logits": forward(w, np.array(tokens())).round(9).tolist()}


def main():
    FOLDER.mkdir(exist_ok=True)
    if sys.argv[1:] != ["--check"]:
        for number, (name, (weights, *_)) in enumerate(CASES.items()):
            generator = np.random.default_rng(number)
            write(name, weights(lambda *shape: (generator.standard_normal(shape) * 0.4).astype("f4")))
        (FOLDER / "expected.json").write_text(json.dumps({name: expected(name) for name in CASES}) + "\n")
        return
    kept = json.loads((FOLDER / "expected.json").read_text())
    moved = [name for name in CASES if not np.allclose(kept[name]["logits"], expected(name)["logits"], atol=1e-8)]
    if moved or set(kept) != set(CASES):
        sys.exit(f"logits moved: {moved}")
    print(f"{len(kept)} adders: their logits are those of the forward pass here")


main()
