"""One training step of a workload in JAX on the CPU.

The whole step (loss, gradient, clipping, AdamW with bias correction) is one compiled function with donated state; `--scan K` runs K steps in
one call. XLA takes as many threads as the process may have processors, so `--threads` sets those (on Linux).

    pip install jax
    python bench/peers/jax_step.py add456 [--scan 50] [--prune]
"""
import math
import os

from stopwatch import BETA1, BETA2, CLIP, DECAY, EPSILON, NORM_EPSILON, RATE, WORKLOADS, first_row, parser, report

given = parser(__doc__)
given.add_argument("--scan", type=int, default=1, help="steps in one call")
arguments = given.parse_args()
w = WORKLOADS[arguments.workload]
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.threads])
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax  # noqa: E402  (reads its surroundings when imported)
import jax.numpy as jnp  # noqa: E402

C, T, H = w["width"], w["positions"], w["heads"]


def shapes():
    """Arrays of two dimensions are drawn, vectors are gains (1) or biases (0)."""
    found = {"token": (w["alphabet"], C), "final.gain": (C,)}
    if not w["tied"]:
        found["head"] = (w["alphabet"], C)
    found |= {"learned": {"position": (T, C)}, "low-rank": {"position.a": (T, 3), "position.b": (3, C)}, "sinusoidal": {}}[w["places"]]
    for block in range(w["layers"]):
        found |= {f"{block}.{name}": shape for name, shape in block_shapes().items()}
    if w["bias"]:
        found["final.bias"] = (C,)
    return found


def block_shapes():
    matrices = {"qkv": (C, 3 * C), "out": (C, C), "up": (C, w["hidden"]), "down": (w["hidden"], C)}
    gains = {"norm1.gain": (C,), "norm2.gain": (C,)}
    if w["low_rank"]:
        ranks = {"out": 2, "up": 3, "down": 3}
        factors = {f"{name}.{half}": shape for name, rank in ranks.items() for half, shape in
                   {"a": (matrices[name][0], rank), "b": (rank, matrices[name][1])}.items()}
        return gains | factors | {"shared": (C, 3), "query": (3, C), "key": (3, C)}
    biases = {f"{name}.bias": shape[1:] for name, shape in matrices.items()} | {"norm1.bias": (C,), "norm2.bias": (C,)}
    return gains | matrices | (biases if w["bias"] else {})


def start(found):
    keys = jax.random.split(jax.random.PRNGKey(0), len(found))
    deviation = 0.2 if w["low_rank"] else 0.02

    def draw(name, shape, key):
        if len(shape) == 1:
            return jnp.zeros(shape) if name.endswith("bias") else jnp.ones(shape)
        return deviation * jax.random.normal(key, shape)

    return {name: draw(name, shape, key) for key, (name, shape) in zip(keys, found.items())}


def waves():
    angle = jnp.arange(T)[:, None] / 10000.0 ** (jnp.arange(0, C, 2)[None] / C)
    return jnp.stack([jnp.sin(angle), jnp.cos(angle)], -1).reshape(T, C)


CAUSAL, WAVES = jnp.tril(jnp.ones((T, T), bool)), waves() if w["places"] == "sinusoidal" else None


def norm(p, name, x):
    if w["norm"] == "layer":
        x = x - x.mean(-1, keepdims=True)
    y = x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + NORM_EPSILON[w["norm"]]) * p[f"{name}.gain"]
    return y + p[f"{name}.bias"] if w["bias"] else y


def linear(p, name, x):
    if w["low_rank"]:
        return x @ p[f"{name}.a"] @ p[f"{name}.b"]
    y = x @ p[name]
    return y + p[f"{name}.bias"] if w["bias"] else y


def attention(p, block, x, first):
    if w["low_rank"]:
        h = x @ p[f"{block}.shared"]
        q, k = h @ p[f"{block}.query"], h @ p[f"{block}.key"]
        v = k
    else:
        q, k, v = jnp.split(linear(p, f"{block}.qkv", x), 3, -1)
    q, k, v = (t.reshape(w["batch"], -1, H, C // H) for t in (q[:, first:], k, v))
    scores = jnp.einsum("bthc,buhc->bhtu", q, k) / math.sqrt(C // H)
    share = jax.nn.softmax(jnp.where(CAUSAL[first:], scores, -1e30), -1)
    return linear(p, f"{block}.out", jnp.einsum("bhtu,buhc->bthc", share, v).reshape(w["batch"], -1, C))


def nats(p, tokens, targets):
    place = {"learned": lambda: p["position"], "low-rank": lambda: p["position.a"] @ p["position.b"], "sinusoidal": lambda: WAVES}
    x = p["token"][tokens] + place[w["places"]]()
    for block in range(w["layers"]):
        first = first_row(w, arguments) if block == w["layers"] - 1 else 0
        y = attention(p, block, norm(p, f"{block}.norm1", x), first)
        x = x[:, first:] + y
        h = jax.nn.gelu(linear(p, f"{block}.up", norm(p, f"{block}.norm2", x)), approximate=False)
        x = x + linear(p, f"{block}.down", h)
    x = norm(p, "final", x)[:, w["scored_from"] - (T - x.shape[1]):]
    log_p = jax.nn.log_softmax(x @ p["token" if w["tied"] else "head"].T, -1)
    return -jnp.take_along_axis(log_p, targets[:, w["scored_from"]:, None], -1).mean()


def step(state, batch):
    p, first, second, count = state
    loss, g = jax.value_and_grad(nats)(p, *batch)
    length = jnp.sqrt(sum(jnp.sum(x * x) for x in jax.tree.leaves(g)))
    g = jax.tree.map(lambda x: x * jnp.minimum(1.0, CLIP / (length + 1e-6)), g)
    count = count + 1
    first = jax.tree.map(lambda m, x: BETA1 * m + (1 - BETA1) * x, first, g)
    second = jax.tree.map(lambda v, x: BETA2 * v + (1 - BETA2) * x * x, second, g)
    c1, c2 = 1 - BETA1**count, 1 - BETA2**count
    move = lambda x, m, v: x - RATE * DECAY * x - RATE / c1 * m / (jnp.sqrt(v / c2) + EPSILON)
    return (jax.tree.map(move, p, first, second), first, second, count), loss


def main():
    p = start(shapes())
    zeros = lambda: jax.tree.map(jnp.zeros_like, p)
    keys = jax.random.split(jax.random.PRNGKey(1))
    batch = tuple(jax.random.randint(key, (w["batch"], T), 0, w["alphabet"]) for key in keys)
    state, parameters = (p, zeros(), zeros(), jnp.zeros(())), sum(x.size for x in jax.tree.leaves(p))
    several = lambda state, batch: jax.lax.scan(lambda s, _: step(s, batch), state, None, length=arguments.scan)
    run = jax.jit(step if arguments.scan == 1 else several, donate_argnums=0)

    def once():
        nonlocal state
        state, loss = run(state, batch)
        jax.block_until_ready(loss)

    name = "JAX" + (f", scan {arguments.scan}" if arguments.scan > 1 else "") + (", pruned" if arguments.prune else "")
    report(name, arguments, parameters, once, arguments.scan)


if __name__ == "__main__":
    main()
