"""Tiny checkpoints as nanoMarkov's trainer saves them, and the logits that a forward pass written here gives for each.

    python oracles/nanogpt.py            writes crates/lab/tests/nanogpt/*.pt (with PyTorch) and expected.json
    python oracles/nanogpt.py NAME...    writes these checkpoints and expected.json
    python oracles/nanogpt.py --check    reads the files and computes the logits again; exit status 1 if they moved

Beside each checkpoint stands what `infimum` exports of its weights, NAME.npz. Checking reads that, too: names, shapes and numbers
have to be the checkpoint's, its own model_args have to give the same logits, and no single array transposed, swapped or
left out may give them.

Checking needs NumPy alone: files are unpickled with stand-ins for PyTorch's functions. The forward pass is plain algebra in
float64: pre-norm blocks, epsilon 1e-5, erf GELU, one-hot tables frozen, norms present though unused.
"""
import collections, json, math, pathlib, pickle, sys, zipfile

import numpy as np

FOLDER = pathlib.Path(__file__).parent.parent / "crates/lab/tests/nanogpt"
PLAIN = dict(n_layer=2, n_head=2, n_embd=8, block_size=6, bias=False, vocab_size=5, dropout=0.0, use_ln=True, lm_head_tied=True,
             lm_head_project=False, mlp_only=False, mlp_key_bias=False, mlp_filter="GELU", mlp_ratio=4,
             mlp_first_matrix_identity=False, reluify=False, pos_ape=True, one_hot_embed=False)
ONE = dict(n_layer=1, n_head=1, n_embd=5, one_hot_embed=True, mlp_filter="RELU", mlp_ratio=1)
CASES = {
    "plain": {},
    "untied": dict(lm_head_tied=False, n_layer=1),
    "compiled": dict(n_layer=1, n_head=4),
    "c9": dict(ONE, pos_ape=False, use_ln=False),
    "c5": dict(ONE, mlp_ratio=4, mlp_only=True),
    "c10": dict(ONE, pos_ape=False, mlp_first_matrix_identity=True),
    "c12": dict(ONE, pos_ape=False, use_ln=False, mlp_only=True, mlp_first_matrix_identity=True),
    "bias": dict(bias=True),
    "squared": dict(n_layer=1, mlp_filter="RELU2", mlp_ratio=2, use_ln=False),
}
# What nanoGPT's own checkpoints say; the other switches then mean what they do in PLAIN.
NANOGPT = {"n_layer", "n_head", "n_embd", "block_size", "bias", "vocab_size", "dropout"}
ERF = np.vectorize(math.erf)
FILTERS = {"GELU": lambda x: x * 0.5 * (1 + ERF(x / math.sqrt(2))), "RELU": lambda x: np.maximum(x, 0),
           "RELU2": lambda x: np.maximum(x, 0) ** 2}


def weights(a, generator):
    V, D, R = a["vocab_size"], a["n_embd"], a["mlp_ratio"]
    draw = lambda *shape: (generator.standard_normal(shape) * 0.3).astype("f4")
    w = {"transformer.wte.weight": np.eye(V, dtype="f4") if a["one_hot_embed"] else draw(V, D)}
    if a["pos_ape"]:
        w["transformer.wpe.weight"] = draw(a["block_size"], D)
    for i in range(a["n_layer"]):
        h = f"transformer.h.{i}"
        w[f"{h}.ln_1.weight"] = 1 + draw(D)
        if not a["mlp_only"]:
            w[f"{h}.attn.c_attn.weight"], w[f"{h}.attn.c_proj.weight"] = draw(3 * D, D), draw(D, D)
        w[f"{h}.ln_2.weight"] = 1 + draw(D)
        if not a["mlp_first_matrix_identity"]:
            w[f"{h}.mlp.c_fc.weight"] = draw(R * D, D)
        w[f"{h}.mlp.c_proj.weight"] = draw(D, R * D)
    w["transformer.ln_f.weight"] = 1 + draw(D)
    if a["lm_head_tied"]:
        w["lm_head.weight"] = np.eye(V, dtype="f4") if a["one_hot_embed"] else w["transformer.wte.weight"]
    else:
        w["transformer.lm_head.weight"] = draw(V, D)
    if a["bias"]:
        inner = [name for name in w if ".h." in name or ".ln_" in name]
        w |= {name.replace(".weight", ".bias"): draw(len(w[name])) for name in inner}
    return w


def logits(a, w, tokens):
    D, H, T = a["n_embd"], a["n_head"], len(tokens)
    w = {k: v.astype("f8") for k, v in w.items()}
    linear = lambda name, x: x @ w[f"{name}.weight"].T + w.get(f"{name}.bias", 0)

    def norm(name, x):
        if not a["use_ln"]:
            return x
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * w[f"{name}.weight"] + w.get(f"{name}.bias", 0)

    def attention(h, x):
        q, k, v = (z.reshape(T, H, D // H) for z in np.split(linear(f"{h}.attn.c_attn", x), 3, -1))
        scores = np.einsum("thc,uhc->htu", q, k) / math.sqrt(D // H)
        p = np.exp(np.where(np.tril(np.ones((T, T))) == 0, -np.inf, scores))
        y = np.einsum("htu,uhc->thc", p / p.sum(-1, keepdims=True), v).reshape(T, D)
        return linear(f"{h}.attn.c_proj", y)

    def mlp(h, x):
        x = x if a["mlp_first_matrix_identity"] else linear(f"{h}.mlp.c_fc", x)
        return linear(f"{h}.mlp.c_proj", FILTERS[a["mlp_filter"]](x))

    x = w["transformer.wte.weight"][tokens]
    if a["pos_ape"]:
        x = x + w["transformer.wpe.weight"][:T]
    for i in range(a["n_layer"]):
        h, before = f"transformer.h.{i}", x
        if not a["mlp_only"]:
            x = x + attention(h, norm(f"{h}.ln_1", x))
        # Without norms its MLP reads the block's input, not the sum after attention.
        x = x + mlp(h, norm(f"{h}.ln_2", x) if a["use_ln"] else before)
    head = w["lm_head.weight"] if a["lm_head_tied"] else w["transformer.lm_head.weight"]
    return norm("transformer.ln_f", x) @ head.T


def write(names):
    import torch

    FOLDER.mkdir(exist_ok=True)
    for number, (name, changes) in enumerate(CASES.items()):
        if name not in names:
            continue
        a = {**PLAIN, **changes}
        w = weights(a, np.random.Generator(np.random.Philox(key=[42, number])))
        shared = {id(array): torch.from_numpy(array) for array in w.values()}
        prefix = "_orig_mod." if name == "compiled" else ""
        saved = {"model": {prefix + k: shared[id(v)] for k, v in w.items()}, "optimizer": {"state": {}, "param_groups": []},
                 "model_args": a, "iter": 7, "tk": 1234, "best_val_loss": torch.tensor(1.25), "config": {"dataset": "mm4"}}
        torch.save(saved, FOLDER / f"{name}.pt")


class Reader(pickle.Unpickler):
    """Unpickles `data.pkl` of a checkpoint; tensors become arrays of NumPy."""

    def __init__(self, archive):
        self.archive = archive
        self.folder = archive.namelist()[0].split("/")[0]
        super().__init__(archive.open(f"{self.folder}/data.pkl"))

    def persistent_load(self, identity):
        _, _, key, _, _ = identity
        return np.frombuffer(self.archive.read(f"{self.folder}/data/{key}"), "<f4")

    def find_class(self, module, name):
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, shape, strides, *rest: np.lib.stride_tricks.as_strided(
                storage[offset:], shape, [4 * s for s in strides])
        return {"OrderedDict": collections.OrderedDict}.get(name, name)


def checkpoint(name):
    saved = Reader(zipfile.ZipFile(FOLDER / f"{name}.pt")).load()
    return saved["model_args"], {k.removeprefix("_orig_mod."): v for k, v in saved["model"].items()}


def computed():
    found = {}
    for number, name in enumerate(CASES):
        (a, w), stream = checkpoint(name), np.random.Generator(np.random.Philox(key=[43, number]))
        tokens = stream.integers(0, a["vocab_size"], a["block_size"])
        found[name] = dict(tokens=tokens.tolist(), logits=logits(a, w, tokens).tolist())
    return found


def exported(name):
    """Our export's model_args, those that it does not say being the defaults, and its arrays."""
    w = dict(np.load(FOLDER / f"{name}.npz", allow_pickle=False))
    a = json.loads(w.pop("model_args").tobytes())
    if not set(a) in (NANOGPT, set(PLAIN)):
        sys.exit(f"nanogpt: the export of {name} has the model_args {sorted(a)}")
    return {**PLAIN, **a}, w


def is_unused(a, array):
    return ".ln_" in array and (not a["use_ln"] or a["mlp_only"] and ".ln_1." in array)


def is_frozen(a, array):
    return a["one_hot_embed"] and (array == "transformer.wte.weight" or array == "lm_head.weight")


def spoilt(a, w):
    """(what was done, weights) for every mistake that an exporter makes."""
    for name, array in w.items():
        if is_unused(a, name) or is_frozen(a, name):
            continue
        tied = [name, "lm_head.weight"] if name == "transformer.wte.weight" and a["lm_head_tied"] else [name]
        change = lambda other: {**w, **{key: other.astype("f4") for key in tied}}
        if array.ndim == 2:
            yield f"{name} transposed", change(array.T.reshape(array.shape))
            yield f"{name} with its rows reversed", change(array[::-1])
        yield f"{name} left at its start", change(np.full(array.shape, 1.0 if ".ln_" in name and name.endswith("weight") else 0.0))
        if ".c_attn." in name:
            q, k, v = np.split(array, 3)
            yield f"q and k of {name} swapped", change(np.concatenate([k, q, v]))
            yield f"k and v of {name} swapped", change(np.concatenate([q, v, k]))


def check_export(name, expected):
    """What is wrong with our export of a checkpoint."""
    (a, w), (our_a, ours) = checkpoint(name), exported(name)
    if our_a != a:
        return f"says {our_a}, the checkpoint {a}"
    if {key: value.shape for key, value in w.items()} != {key: value.shape for key, value in ours.items()}:
        return "has other names or shapes than the checkpoint"
    for key, array in ours.items():
        wanted = np.ones_like(array) if is_unused(a, key) else w[key]
        if array.dtype != np.dtype("<f4") or not np.array_equal(array, wanted):
            return f"has another {key} than the checkpoint"
    tokens, wanted = expected["tokens"], np.array(expected["logits"])
    if not np.allclose(logits(our_a, ours, tokens), wanted, 1e-12, 1e-12):
        return "gives other logits than the checkpoint"
    largest = np.abs(wanted).max()
    for done, arrays in spoilt(our_a, ours):
        # 2e-6 is how near the program's logits have to be.
        if np.abs(logits(our_a, arrays, tokens) - wanted).max() < 1e-4 * largest:
            return f"gives the same logits with {done}"
    return None


def main():
    file = FOLDER / "expected.json"
    if "--check" not in sys.argv:
        write(sys.argv[1:] or CASES)
        file.write_text(json.dumps(computed()) + "\n")
        return
    old, new = json.loads(file.read_text()), computed()
    assert old.keys() == new.keys()
    for name in new:
        same = old[name]["tokens"] == new[name]["tokens"] and np.allclose(old[name]["logits"], new[name]["logits"], 1e-12, 1e-12)
        if not same:
            sys.exit(f"nanogpt: the logits of {name} have moved")
        if wrong := check_export(name, new[name]):
            sys.exit(f"nanogpt: the export of {name} {wrong}")
    print(f"nanogpt: {len(new)} checkpoints and their exports give the same logits, and no spoilt export does")


if __name__ == "__main__":
    main()
