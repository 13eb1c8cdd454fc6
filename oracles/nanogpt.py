"""Tiny checkpoints as nanoMarkov's trainer saves them, and the logits that a forward pass written here gives for each.

    python oracles/nanogpt.py            writes crates/lab/tests/nanogpt/*.pt (with PyTorch) and expected.json
    python oracles/nanogpt.py --check    reads the files and computes the logits again; exit status 1 if they moved

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
}
ERF = np.vectorize(math.erf)
FILTERS = {"GELU": lambda x: x * 0.5 * (1 + ERF(x / math.sqrt(2))), "RELU": lambda x: np.maximum(x, 0)}


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
    return w


def logits(a, w, tokens):
    D, H, T = a["n_embd"], a["n_head"], len(tokens)
    w = {k: v.astype("f8") for k, v in w.items()}

    def norm(name, x):
        if not a["use_ln"]:
            return x
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * w[f"{name}.weight"]

    def attention(h, x):
        q, k, v = (z.reshape(T, H, D // H) for z in np.split(x @ w[f"{h}.attn.c_attn.weight"].T, 3, -1))
        scores = np.einsum("thc,uhc->htu", q, k) / math.sqrt(D // H)
        p = np.exp(np.where(np.tril(np.ones((T, T))) == 0, -np.inf, scores))
        y = np.einsum("htu,uhc->thc", p / p.sum(-1, keepdims=True), v).reshape(T, D)
        return y @ w[f"{h}.attn.c_proj.weight"].T

    def mlp(h, x):
        x = x if a["mlp_first_matrix_identity"] else x @ w[f"{h}.mlp.c_fc.weight"].T
        return FILTERS[a["mlp_filter"]](x) @ w[f"{h}.mlp.c_proj.weight"].T

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


def write():
    import torch

    FOLDER.mkdir(exist_ok=True)
    for number, (name, changes) in enumerate(CASES.items()):
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


def computed():
    found = {}
    for number, name in enumerate(CASES):
        saved = Reader(zipfile.ZipFile(FOLDER / f"{name}.pt")).load()
        w = {k.removeprefix("_orig_mod."): v for k, v in saved["model"].items()}
        a, stream = saved["model_args"], np.random.Generator(np.random.Philox(key=[43, number]))
        tokens = stream.integers(0, a["vocab_size"], a["block_size"])
        found[name] = dict(tokens=tokens.tolist(), logits=logits(a, w, tokens).tolist())
    return found


def main():
    file = FOLDER / "expected.json"
    if "--check" not in sys.argv:
        write()
        file.write_text(json.dumps(computed()) + "\n")
        return
    old, new = json.loads(file.read_text()), computed()
    assert old.keys() == new.keys()
    for name in new:
        same = old[name]["tokens"] == new[name]["tokens"] and np.allclose(old[name]["logits"], new[name]["logits"], 1e-12, 1e-12)
        if not same:
            sys.exit(f"nanogpt: the logits of {name} have moved")
    print(f"nanogpt: {len(new)} checkpoints give the same logits")


if __name__ == "__main__":
    main()
