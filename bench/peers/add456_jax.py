"""One training step of the 456-parameter adder in JAX; prints milliseconds as JSON.

The same model as crates/engine/examples/add456.rs: one block, width 7, one head, MLP 14, RMSNorm (epsilon 1e-8), 33 positions of which the
last 12 carry loss, rank-3 positions, shared low-rank query and key-value factors with keys equal to values, rank-2 attention output,
rank-3 MLP with exact GELU, tied head. A step is gradient, clip to norm 1 and AdamW with bias correction on 512 sequences in memory,
jitted as one function with donated state; `--scan K` runs K steps in one call. Threads are XLA's own.

    pip install jax
    python bench/peers/add456_jax.py [--scan 50] [--seconds 5]
"""
import argparse
import json
import math
import statistics
import time

import jax
import jax.numpy as jnp

POSITIONS, FIRST, ALPHABET, WIDTH, HIDDEN, BATCH = 33, 21, 14, 7, 14, 512
RATE, DECAY, BETA1, BETA2, EPSILON, CLIP = 1e-3, 0.01, 0.9, 0.999, 1e-8, 1.0
SHAPES = {
    "token": (ALPHABET, WIDTH), "position.left": (POSITIONS, 3), "position.right": (3, WIDTH),
    "attention.A": (WIDTH, 3), "attention.Bq": (3, WIDTH), "attention.Bkv": (3, WIDTH),
    "out.left": (WIDTH, 2), "out.right": (2, WIDTH),
    "up.left": (WIDTH, 3), "up.right": (3, HIDDEN), "down.left": (HIDDEN, 3), "down.right": (3, WIDTH),
    "gain.1": (WIDTH,), "gain.2": (WIDTH,), "gain.last": (WIDTH,),
}


def start():
    keys = jax.random.split(jax.random.PRNGKey(0), len(SHAPES))
    draw = lambda key, shape: jnp.ones(shape) if len(shape) == 1 else 0.2 * jax.random.normal(key, shape)
    return {name: draw(key, shape) for key, (name, shape) in zip(keys, SHAPES.items())}


def rms(x, gain):
    return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + 1e-8) * gain


def nats(p, tokens, targets):
    low_rank = lambda name: p[f"{name}.left"] @ p[f"{name}.right"]
    x = p["token"][tokens] + low_rank("position")
    h = rms(x, p["gain.1"]) @ p["attention.A"]
    q, k = h @ p["attention.Bq"], h @ p["attention.Bkv"]
    scores = jnp.einsum("btc,buc->btu", q, k) / math.sqrt(WIDTH)
    causal = jnp.tril(jnp.ones((POSITIONS, POSITIONS), bool))
    mixed = jax.nn.softmax(jnp.where(causal, scores, -jnp.inf), -1) @ k
    x = x + mixed @ low_rank("out")
    h = jax.nn.gelu(rms(x, p["gain.2"]) @ low_rank("up"), approximate=False)
    x = rms(x + h @ low_rank("down"), p["gain.last"])[:, FIRST:]
    log_p = jax.nn.log_softmax(x @ p["token"].T, -1)
    return -jnp.take_along_axis(log_p, targets[:, FIRST:, None], -1).mean()


def step(state, batch):
    p, first, second, count = state
    loss, g = jax.value_and_grad(nats)(p, *batch)
    norm = jnp.sqrt(sum(jnp.sum(x * x) for x in jax.tree.leaves(g)))
    g = jax.tree.map(lambda x: x * jnp.minimum(1.0, CLIP / (norm + 1e-6)), g)
    count = count + 1
    first = jax.tree.map(lambda m, x: BETA1 * m + (1 - BETA1) * x, first, g)
    second = jax.tree.map(lambda v, x: BETA2 * v + (1 - BETA2) * x * x, second, g)
    c1, c2 = 1 - BETA1**count, 1 - BETA2**count
    move = lambda w, m, v: w - RATE * DECAY * w - RATE / c1 * m / (jnp.sqrt(v / c2) + EPSILON)
    return (jax.tree.map(move, p, first, second), first, second, count), loss


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scan", type=int, default=1, help="steps in one call")
    parser.add_argument("--seconds", type=float, default=5.0, help="time to measure for")
    arguments = parser.parse_args()
    keys = jax.random.split(jax.random.PRNGKey(1))
    batch = tuple(jax.random.randint(key, (BATCH, POSITIONS), 0, ALPHABET) for key in keys)
    p = start()
    zeros = lambda: jax.tree.map(jnp.zeros_like, p)
    state = (p, zeros(), zeros(), jnp.zeros(()))
    assert sum(x.size for x in jax.tree.leaves(p)) == 456
    several = lambda state, batch: jax.lax.scan(lambda s, _: step(s, batch), state, None, length=arguments.scan)
    run = jax.jit(step if arguments.scan == 1 else several, donate_argnums=0)
    times, end = [], None
    while end is None or time.perf_counter() < end:
        begun = time.perf_counter()
        state, loss = run(state, batch)
        jax.block_until_ready(loss)
        times.append((time.perf_counter() - begun) / arguments.scan * 1e3)
        if end is None and len(times) == 3:  # compiled and warm
            times, end = [], time.perf_counter() + arguments.seconds
    name = "jax" if arguments.scan == 1 else f"jax, scan {arguments.scan}"
    print(json.dumps({"peer": name, "ms_per_step": round(statistics.median(times), 4), "ms_least": round(min(times), 4)}))


if __name__ == "__main__":
    main()
