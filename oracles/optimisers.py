#!/usr/bin/env python3
"""Twenty steps of each optimiser as PyTorch takes them, for the test in crates/lab/tests/optimisers.rs.

    python oracles/optimisers.py            writes crates/lab/tests/oracles/optimisers.json
    python oracles/optimisers.py --check    takes the steps again; exit status 1 if a number has moved

The loss is that of a small regression, the mean over rows of softplus(-y (x . w)) + bend cos(3 x . w), plus 0.05 |w|^2; the test computes it
anew. Grokfast's filter is written out by its formula in front of PyTorch's AdamW. The steps are taken in f64, and in f32 to see that
they come to the same. Checking needs PyTorch (pip install torch); without, it is left out, and says so.
"""

import argparse, json, pathlib, sys

try:
    import torch
except ImportError:
    torch = None

FILE = pathlib.Path(__file__).resolve().parent.parent / "crates/lab/tests/oracles/optimisers.json"
NEAR = 2e-6
STEPS, WIDTH, ROWS, RATE = 20, 5, 12, 0.05

CASES = {
    "adamw": {"decay": 0.1}, "adam": {"decay": 0.1}, "sgd": {"decay": 0.1, "momentum": 0.0, "nesterov": False},
    "sgd momentum": {"decay": 0.0, "momentum": 0.9, "nesterov": False}, "sgd nesterov": {"decay": 0.1, "momentum": 0.8, "nesterov": True},
    "grokfast": {"decay": 0.1, "alpha": 0.98, "lambda": 2.0}, "grokfast quick": {"decay": 0.0, "alpha": 0.5, "lambda": 5.0},
    "lbfgs": {"history": 10, "rate": 1.0}, "lbfgs short": {"history": 2, "rate": 1.0}, "lbfgs far": {"history": 3, "rate": 30.0},
    "lbfgs near": {"history": 3, "rate": 0.5},
}


def numbers(count, start):
    """Numbers between -1 and 1 that everybody computes alike."""
    return [((k + start) * 7919 % 2003) / 1001.5 - 1 for k in range(count)]


def data(dtype):
    x = torch.tensor(numbers(ROWS * WIDTH, 1), dtype=dtype).reshape(ROWS, WIDTH)
    y = torch.tensor([1.0 if k % 3 else -1.0 for k in range(ROWS)], dtype=dtype)
    return 2 * x, y


def loss_of(w, x, y, bend):
    z = x @ w
    return (torch.nn.functional.softplus(-y * z) + bend * torch.cos(3 * z)).sum() / ROWS + 0.05 * (w * w).sum()


def made(name, case, w):
    kind, rate = name.split()[0], case.get("rate", RATE)
    if kind in ("adamw", "grokfast"):
        return torch.optim.AdamW([w], lr=rate, betas=(0.9, 0.95), eps=1e-8, weight_decay=case["decay"])
    if kind == "adam":
        return torch.optim.Adam([w], lr=rate, betas=(0.9, 0.95), eps=1e-8, weight_decay=case["decay"])
    if kind == "sgd":
        return torch.optim.SGD([w], lr=rate, momentum=case["momentum"], nesterov=case["nesterov"], weight_decay=case["decay"])
    return torch.optim.LBFGS([w], lr=rate, max_iter=1, max_eval=100, history_size=case["history"], line_search_fn="strong_wolfe")


def steps(name, case, dtype):
    (x, y), bend = data(dtype), 0.0 if "history" in case else 0.1
    w = torch.tensor(numbers(WIDTH, 77), dtype=dtype, requires_grad=True)
    optimiser, slow, points = made(name, case, w), None, []

    def closure():
        optimiser.zero_grad()
        loss = loss_of(w, x, y, bend)
        loss.backward()
        nonlocal slow
        if "alpha" in case:
            g = w.grad.detach().clone()
            slow = g if slow is None else slow * case["alpha"] + g * (1 - case["alpha"])
            w.grad.add_(slow * case["lambda"])
        return loss

    for _ in range(STEPS):
        optimiser.step(closure)
        points.append(w.detach().double().tolist())
    return points


def everything():
    found = {}
    for name, case in CASES.items():
        wide, narrow = steps(name, case, torch.float64), steps(name, case, torch.float32)
        apart = max(abs(a - b) for p, q in zip(wide, narrow) for a, b in zip(p, q))
        # A line search in f32 ends where losses no longer differ, about a root of the rounding away.
        assert apart < (1e-3 if "history" in case else 1e-5), f"{name}: f32 and f64 are {apart} apart"
        found[name] = {"settings": case, "points": wide}
    return found


def same(stored, found):
    if isinstance(found, dict):
        return stored.keys() == found.keys() and all(same(stored[key], found[key]) for key in found)
    if isinstance(found, list):
        return len(stored) == len(found) and all(map(same, stored, found))
    return stored == found if isinstance(found, bool) else abs(stored - found) <= NEAR


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the stored file instead of writing it")
    arguments = parser.parse_args()
    if torch is None:
        print("PyTorch is not installed, its steps were not taken")
        sys.exit(0 if arguments.check else 1)
    found = everything()
    if not arguments.check:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(json.dumps(found, indent=1) + "\n")
        return
    stored = json.loads(FILE.read_text())
    print(f"{FILE.name}: every number again" if same(stored, found) else "a stored number is not what PyTorch gives")
    sys.exit(0 if same(stored, found) else 1)


if __name__ == "__main__":
    main()
