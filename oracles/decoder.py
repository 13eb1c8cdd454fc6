"""Re-derives with JAX, in float64, the numbers that Rust tests carry in crates/lab/tests/oracles/decoder.json.

    python oracles/decoder.py            writes the file
    python oracles/decoder.py --check    computes everything again; exit status 1 if a number has moved

Needs `pip install jax` (for CPUs; 135 MB with what it pulls, where torch from the same index is 540 MB and pulls over 2 GB of CUDA).

Models are written with nanoGPT's names and shapes: a linear map is [outputs, inputs], c_attn's rows are queries, keys, values,
heads are contiguous slices. Per case the file holds the settings, the start weights (multiples of 2^-10, so that float32
holds them exactly), the batches, the loss and gradient of the first batch, and the losses of 20 steps of AdamW.
Formulas: `rate`, `adamw` and `clip_factor` below; norms divide by sqrt(variance + epsilon), RMSNorm by
sqrt(mean square + epsilon); the loss is the mean over all targets of a batch, in nats, and with two heads the weighted sum of
their means.
"""
import argparse, json, math, pathlib, sys

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

FILE = pathlib.Path(__file__).parent.parent / "crates/lab/tests/oracles/decoder.json"
TOLERANCE = 1e-9  # of the largest number of an array: some gradients (of a bias of keys) are zero but for rounding
STEPS, BATCHES, SEQUENCES = 20, 4, 3
OPTIMISER = dict(rate=3e-3, beta1=0.9, beta2=0.95, epsilon=1e-8, decay=0.1, clip=1.0)
PLAIN = dict(positions=5, alphabet=5, width=6, layers=1, heads=2, mlp_ratio=2, activation="gelu-erf", norm="layer",
             norm_epsilon=1e-5, position="learned", bias=False, tied=False, attention=True, mlp=True,
             embedding="learned", mlp_first="free", parallel=False, qk_norm="none", mlp_gate=False, mlp_hidden=None,
             kv_heads=None, head_width=None, value_width=None, rotary_base=None, rotary_pairs=None, classes=None,
             loss_weights=None)
CASES = {
    "plain": {},
    "biases, gelu-tanh": dict(bias=True, activation="gelu-tanh"),
    "tied": dict(tied=True),
    "rms": dict(norm="rms"),
    "no norm, relu": dict(norm="none", activation="relu"),
    "relu2, sinusoidal": dict(activation="relu2", position="sinusoidal"),
    "relu3, no positions": dict(activation="relu3", position="none"),
    "attention only": dict(mlp=False),
    "mlp only": dict(attention=False),
    "two layers, tied": dict(layers=2, tied=True, heads=1),
    "two layers, everything with biases": dict(layers=2, bias=True, heads=3, mlp_ratio=1, activation="relu2"),
    "no norm, attention only, no positions": dict(norm="none", mlp=False, position="none", heads=1),
    "rms, relu2, tied, mlp only, sinusoidal": dict(norm="rms", activation="relu2", tied=True, attention=False, position="sinusoidal"),
    "one-hot, tied": dict(width=5, heads=1, embedding="one-hot", tied=True),
    "one-hot, free head, no norm, side by side": dict(width=5, heads=5, embedding="one-hot", norm="none", parallel=True),
    "side by side with norms, two layers": dict(layers=2, parallel=True),
    "identity first, biases": dict(mlp_first="identity", mlp_ratio=1, activation="relu", bias=True),
    "a table of logits": dict(width=5, embedding="one-hot", tied=True, mlp_first="identity", mlp_ratio=1, activation="relu",
                              norm="none", position="none", attention=False),
    "rotary, interleaved": dict(width=8, position="rotary", rotary_pairs="interleaved"),
    "rotary by halves, norms of heads, swiglu, tied": dict(position="rotary", rotary_pairs="half", rotary_base=3.0, qk_norm="rms", head_width=4,
                                                           norm="rms", norm_epsilon=1e-6, activation="silu", mlp_gate=True, mlp_hidden=3, tied=True),
    "grouped heads of another width, biases": dict(width=5, heads=6, kv_heads=2, head_width=3, bias=True),
    "one head of keys, rotary, layer norms of heads": dict(heads=3, kv_heads=1, head_width=4, position="rotary", rotary_base=100.0, qk_norm="layer"),
    "alibi, two heads": dict(position="alibi"),
    "alibi, three heads of two groups of one, values of another width": dict(position="alibi", heads=3, kv_heads=1, value_width=5),
    "alibi, norms of heads, two layers": dict(position="alibi", heads=4, kv_heads=2, head_width=5, qk_norm="rms", layers=2),
    "values narrower than keys, geglu": dict(value_width=2, mlp_gate=True, mlp_ratio=1),
    "rotary, values wider than keys, no norm": dict(position="rotary", head_width=2, value_width=7, norm="none", activation="silu"),
    "two heads": dict(classes=3),
    "two heads, biases, weighed, tied": dict(classes=3, bias=True, tied=True, loss_weights=dict(token=0.75, **{"class": 2.5})),
    "two heads, one left out": dict(classes=3, bias=True, loss_weights=dict(token=0, **{"class": 0.5})),
}

ACTIVATIONS = {
    "gelu-erf": lambda x: x * 0.5 * (1 + jax.scipy.special.erf(x / math.sqrt(2))),
    "gelu-tanh": lambda x: 0.5 * x * (1 + jnp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "relu": lambda x: jnp.maximum(x, 0),
    "relu2": lambda x: jnp.maximum(x, 0) ** 2,
    "relu3": lambda x: jnp.maximum(x, 0) ** 3,
    "silu": lambda x: x / (1 + jnp.exp(-x)),
}


def heads(s):
    """Numbers of heads of queries and of keys, and channels of a head of keys and of one of values."""
    width = s["head_width"] or s["width"] // s["heads"]
    return s["heads"], s["kv_heads"] or s["heads"], width, s["value_width"] or width


def hidden(s):
    return s["mlp_hidden"] or s["mlp_ratio"] * s["width"]


def shapes(s):
    """Name -> shape of every free array, in nanoGPT's order."""
    c, out = s["width"], {}
    if s["embedding"] == "learned":
        out["transformer.wte.weight"] = (s["alphabet"], s["width"])

    def norm(name):
        if s["norm"] != "none":
            out[f"{name}.weight"] = (c,)
            if s["bias"] and s["norm"] == "layer":
                out[f"{name}.bias"] = (c,)

    def linear(name, outputs, inputs):
        out[f"{name}.weight"] = (outputs, inputs)
        if s["bias"]:
            out[f"{name}.bias"] = (outputs,)

    if s["position"] == "learned":
        out["transformer.wpe.weight"] = (s["positions"], c)
    for i in range(s["layers"]):
        h = f"transformer.h.{i}"
        if s["attention"]:
            H, G, k, v = heads(s)
            norm(f"{h}.ln_1"), linear(f"{h}.attn.c_attn", H * k + G * (k + v), c), linear(f"{h}.attn.c_proj", c, H * v)
            if s["qk_norm"] != "none":
                out[f"{h}.attn.q_norm.weight"] = out[f"{h}.attn.k_norm.weight"] = (k,)
        if s["mlp"]:
            norm(f"{h}.ln_2")
            if s["mlp_first"] == "free":
                linear(f"{h}.mlp.c_fc", hidden(s), c)
            if s["mlp_gate"]:
                linear(f"{h}.mlp.c_up", hidden(s), c)
            linear(f"{h}.mlp.c_proj", c, hidden(s))
    norm("transformer.ln_f")
    if not s["tied"] and loss_weights(s)["token"]:
        out["lm_head.weight"] = (s["alphabet"], c)
    if s["classes"]:
        linear("class_head", s["classes"], c)
    return out


def loss_weights(s):
    return dict(token=1.0, **{"class": 1.0}) | (s["loss_weights"] or {})


def start(s, stream):
    """Matrices of deviation 0.3, biases of 0.1, gains about 1: large enough that every path carries a gradient."""
    def draw(name, shape):
        one = name.endswith("weight") and len(shape) == 1
        x = stream.standard_normal(shape) * (0.3 if len(shape) == 2 else 0.1) + one
        return np.round(x * 1024) / 1024 + 0.0  # turns -0.0 into 0.0
    return {name: draw(name, shape) for name, shape in shapes(s).items()}


def sinusoids(positions, width):
    """pe[p, 2i] = sin(p / 10000^(2i / width)), pe[p, 2i + 1] = cos of the same."""
    angle = np.arange(positions)[:, None] / 10000 ** (np.arange(0, width, 2)[None] / width)
    return np.stack([np.sin(angle), np.cos(angle)], -1).reshape(positions, width)


def float32(x):
    """Tables of positions are float32 in a model, whatever computes with them."""
    return np.float32(x).astype(np.float64)


def turn(s, x):
    """Rotary positions: x is [T, heads, width]; as complex numbers, pair i at position t is multiplied by exp(j t base^(-2i / width))."""
    T, _, width = x.shape
    angle = np.arange(T)[:, None] * (s["rotary_base"] or 10000.0) ** (-2 * np.arange(width // 2) / width)
    wave = (float32(np.cos(angle)) + 1j * float32(np.sin(angle)))[:, None]
    if s["rotary_pairs"] == "interleaved":
        z = (x[..., 0::2] + 1j * x[..., 1::2]) * wave
        return jnp.stack([z.real, z.imag], -1).reshape(x.shape)
    z = (x[..., : width // 2] + 1j * x[..., width // 2 :]) * wave
    return jnp.concatenate([z.real, z.imag], -1)


def alibi(s):
    """[H, T, T] added to scores: -slope times the distance of the key; slope 2^(-8 h / H) for h of 1..H, as float32(slope sqrt(width)) has it."""
    T, (H, _, width, _) = s["positions"], heads(s)
    slopes = float32(2.0 ** (-8 * np.arange(1, H + 1) / H) * math.sqrt(width)) / math.sqrt(width)
    return -slopes[:, None, None] * (np.arange(T)[:, None] - np.arange(T)[None])


def logits(s, w, tokens):
    """[T] tokens -> logits of one sequence: [T, V] of the next token, [T, classes] of the class; None for a head that the model lacks."""
    T, c = s["positions"], s["width"]

    def linear(name, x):
        return x @ w[f"{name}.weight"].T + w.get(f"{name}.bias", 0)

    def norm(name, x, kind=s["norm"]):
        if kind == "none":
            return x
        if kind == "layer":
            x = x - x.mean(-1, keepdims=True)
        return x / jnp.sqrt((x * x).mean(-1, keepdims=True) + s["norm_epsilon"]) * w[f"{name}.weight"] + w.get(f"{name}.bias", 0)

    def attention(name, x):
        H, G, width, value = heads(s)
        q, k, v = jnp.split(linear(f"{name}.c_attn", x), [H * width, (H + G) * width], -1)
        q, k, v = q.reshape(T, H, width), k.reshape(T, G, width), v.reshape(T, G, value)
        q, k = norm(f"{name}.q_norm", q, s["qk_norm"]), norm(f"{name}.k_norm", k, s["qk_norm"])
        if s["position"] == "rotary":
            q, k = turn(s, q), turn(s, k)
        k, v = (jnp.repeat(z, H // G, 1) for z in (k, v))
        scores = jnp.einsum("thc,uhc->htu", q, k) / math.sqrt(width)
        if s["position"] == "alibi":
            scores = scores + alibi(s)
        p = jax.nn.softmax(jnp.where(np.tril(np.ones((T, T), bool)), scores, -jnp.inf))
        return linear(f"{name}.c_proj", jnp.einsum("htu,uhc->thc", p, v).reshape(T, H * value))

    def mlp(name, x):
        act = ACTIVATIONS[s["activation"]](linear(f"{name}.c_fc", x) if s["mlp_first"] == "free" else x)
        return linear(f"{name}.c_proj", act * linear(f"{name}.c_up", x) if s["mlp_gate"] else act)

    table = w["transformer.wte.weight"] if s["embedding"] == "learned" else jnp.eye(c)
    x = table[tokens]
    if s["position"] == "learned":
        x = x + w["transformer.wpe.weight"]
    if s["position"] == "sinusoidal":
        x = x + sinusoids(T, c)
    for i in range(s["layers"]):
        h = f"transformer.h.{i}"
        before = x
        if s["attention"]:
            x = x + attention(f"{h}.attn", norm(f"{h}.ln_1", x))
        if s["mlp"]:
            x = x + mlp(f"{h}.mlp", norm(f"{h}.ln_2", before if s["parallel"] else x))
    x = norm("transformer.ln_f", x)
    head = table if s["tied"] else w.get("lm_head.weight")
    return None if head is None else x @ head.T, linear("class_head", x) if s["classes"] else None


def mean_nats(logits, targets, weights):
    """Over all targets of a batch, each as often as its weight says; all [sequence][T] but logits, which have one axis more."""
    nats = -jnp.take_along_axis(jax.nn.log_softmax(logits), targets[..., None], -1)[..., 0]
    return (nats * weights).sum() / weights.sum()


def loss(s, w, batch):
    """Over heads the sum of the head's weight times its mean nats."""
    token, kind = jax.vmap(lambda t: logits(s, w, t))(batch["tokens"])
    out, weight = 0.0, loss_weights(s)
    if token is not None:
        out += weight["token"] * mean_nats(token, batch["targets"], jnp.ones(batch["targets"].shape))
    if kind is not None:
        out += weight["class"] * mean_nats(kind, batch["classes"], batch["class_weights"])
    return out


def clip_factor(norm, limit):
    return min(1.0, limit / (norm + 1e-6))  # PyTorch's clip_grad_norm_


def adamw(w, gradient, mean, square, done, o):
    """One step of PyTorch's AdamW, `done` steps done before; vectors do not decay. Arrays are changed in place."""
    correction1, correction2 = 1 - o["beta1"] ** (done + 1), 1 - o["beta2"] ** (done + 1)
    for name in w:
        d = gradient[name]
        w[name] -= o["rate"] * (o["decay"] if w[name].ndim >= 2 else 0) * w[name]
        mean[name] += (1 - o["beta1"]) * (d - mean[name])
        square[name] += (1 - o["beta2"]) * (d * d - square[name])
        w[name] -= o["rate"] / correction1 * mean[name] / (np.sqrt(square[name]) / math.sqrt(correction2) + o["epsilon"])


def rate(kind, step, steps, warmup, peak, last):
    """Rises as peak * (step + 1) / (warmup + 1) while step < warmup, is `peak` at step = warmup, `last` at steps - 1."""
    if step < warmup:
        return peak * (step + 1) / (warmup + 1)
    part = (step - warmup) / (steps - 1 - warmup)
    fall = {"constant": 1.0, "linear": 1 - part, "cosine": 0.5 * (1 + math.cos(math.pi * part))}[kind]
    return peak if kind == "constant" else last + (peak - last) * fall


def case(index, name, changes):
    s = PLAIN | changes
    stream = np.random.Generator(np.random.Philox(key=[42, index]))
    w = start(s, stream)
    sequences = stream.integers(0, s["alphabet"], (BATCHES, SEQUENCES, s["positions"] + 1))
    batches = [dict(tokens=b[:, :-1], targets=b[:, 1:]) for b in sequences]
    if s["classes"]:  # Classes are asked for at some positions, a different number in each batch.
        size = (SEQUENCES, s["positions"])
        batches = [b | {"classes": stream.integers(0, s["classes"], size), "class_weights": 1.0 * (stream.random(size) < 0.6)} for b in batches]
    record = dict(name=name, settings=s, optimiser=OPTIMISER, weights=arrays(w),
                  batches=[{k: x.tolist() for k, x in b.items()} for b in batches])
    both = jax.jit(jax.value_and_grad(lambda w, batch: loss(s, w, batch)))
    mean, square = ({k: np.zeros_like(x) for k, x in w.items()} for _ in range(2))
    losses, norms = [], []
    for step in range(STEPS):
        nats, gradient = both(w, batches[step % BATCHES])
        gradient = {k: np.array(gradient[k]) for k in w}
        norms.append(math.sqrt(sum((d * d).sum() for d in gradient.values())))
        losses.append(float(nats))
        if step == 0:
            record |= dict(loss=float(nats), gradients=arrays(gradient))
        adamw(w, {k: d * clip_factor(norms[-1], OPTIMISER["clip"]) for k, d in gradient.items()}, mean, square, step, OPTIMISER)
    return record | dict(losses=losses, norms=norms, sums_after={k: float(x.sum()) for k, x in w.items()})


def arrays(w):
    return [dict(name=k, shape=list(x.shape), data=x.ravel().tolist()) for k, x in w.items()]


def schedules():
    out = []
    for kind in ("constant", "linear", "cosine"):
        for warmup, last in ((0, 0.0), (3, 1e-4)):
            s = dict(kind=kind, steps=12, warmup=warmup, rate=3e-3, last=last)
            out.append(s | dict(rates=[rate(kind, step, 12, warmup, 3e-3, last) for step in range(12)]))
    return out


def adamw_alone():
    """Five steps on a matrix that decays and a vector that does not; the third gradient is zero."""
    stream = np.random.Generator(np.random.Philox(key=[42, 1000]))
    w = dict(matrix=np.round(stream.standard_normal((2, 3)) * 1024) / 1024, vector=np.round(stream.standard_normal(4) * 1024) / 1024)
    mean, square = ({k: np.zeros_like(x) for k, x in w.items()} for _ in range(2))
    record = dict(optimiser=OPTIMISER, weights=arrays(w), steps=[])
    for step in range(5):
        gradient = {k: np.round(stream.standard_normal(x.shape) * (step != 2) * 1024) / 1024 for k, x in w.items()}
        adamw(w, gradient, mean, square, step, OPTIMISER)
        record["steps"].append(dict(gradient=arrays(gradient), weights_after=arrays(w)))
    return record


def everything():
    return dict(
        steps="step s uses batch s % len(batches); losses[s] is before the update of step s; norms[s] is the gradient's before clipping",
        cases=[case(i, name, changes) for i, (name, changes) in enumerate(CASES.items())],
        schedules=schedules(), adamw=adamw_alone())


def text(x, depth=0):
    """JSON with short things on one line."""
    flat = json.dumps(x)
    if depth >= 4 or len(flat) <= 120 or not isinstance(x, (dict, list)):
        return flat
    items = [(json.dumps(k) + ": " if isinstance(x, dict) else "") + text(x[k] if isinstance(x, dict) else k, depth + 1) for k in x]
    a, b = "{}" if isinstance(x, dict) else "[]"
    return a + "\n" + ",\n".join(items) + "\n" + b


def differences(path, new, old):
    """Yields what differs. Lists of numbers are compared by their largest difference over their largest number."""
    numbers = lambda x: isinstance(x, list) and x and all(isinstance(v, (int, float)) for v in x)
    if type(new) is float or type(old) is float:
        new, old = [new], [old]
    if numbers(new) and numbers(old) and len(new) == len(old):
        size = max(map(abs, old))
        if not all(abs(a - b) <= TOLERANCE * size for a, b in zip(new, old)):
            yield f"{path}: {max(abs(a - b) for a, b in zip(new, old)):.3g} of {size:.3g}"
    elif isinstance(new, dict) and isinstance(old, dict) and new.keys() == old.keys():
        for k in new:
            yield from differences(f"{path}.{k}", new[k], old[k])
    elif isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        for i, (a, b) in enumerate(zip(new, old)):
            yield from differences(f"{path}[{i}]", a, b)
    elif new != old:
        yield f"{path}: computed {str(new)[:60]}, stored {str(old)[:60]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the stored file instead of writing it")
    if parser.parse_args().check:
        found = list(differences("", json.loads(json.dumps(everything())), json.loads(FILE.read_text())))
        print("\n".join(found) or f"{FILE.name}: every number again within {TOLERANCE:g}")
        sys.exit(1 if found else 0)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(text(everything()) + "\n")


if __name__ == "__main__":
    main()
