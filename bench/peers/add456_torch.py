"""One training step of the 456-parameter adder in PyTorch; prints milliseconds as JSON.

The model, the step and the batch of `add456_jax.py`, in PyTorch's own modules: scaled_dot_product_attention, clip_grad_norm_, AdamW.

    pip install torch
    python bench/peers/add456_torch.py [--compile] [--threads 2] [--seconds 5]
"""
import argparse
import json
import statistics
import time

import torch
import torch.nn.functional as F

POSITIONS, FIRST, ALPHABET, WIDTH, HIDDEN, BATCH = 33, 21, 14, 7, 14, 512


class LowRank(torch.nn.Module):
    def __init__(self, inputs, outputs, rank):
        super().__init__()
        self.left = torch.nn.Parameter(0.2 * torch.randn(inputs, rank))
        self.right = torch.nn.Parameter(0.2 * torch.randn(rank, outputs))

    def forward(self, x):
        return x @ self.left @ self.right


class Adder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.token = torch.nn.Parameter(0.2 * torch.randn(ALPHABET, WIDTH))
        self.position = LowRank(POSITIONS, WIDTH, 3)
        self.norms = torch.nn.ModuleList(torch.nn.RMSNorm(WIDTH, eps=1e-8) for _ in range(3))
        self.shared = torch.nn.Parameter(0.2 * torch.randn(WIDTH, 3))
        self.query = torch.nn.Parameter(0.2 * torch.randn(3, WIDTH))
        self.key_value = torch.nn.Parameter(0.2 * torch.randn(3, WIDTH))
        self.out, self.up, self.down = LowRank(WIDTH, WIDTH, 2), LowRank(WIDTH, HIDDEN, 3), LowRank(HIDDEN, WIDTH, 3)

    def forward(self, tokens, targets):
        x = self.token[tokens] + self.position.left @ self.position.right
        h = self.norms[0](x) @ self.shared
        q, k = (h @ self.query)[:, None], (h @ self.key_value)[:, None]
        x = x + self.out(F.scaled_dot_product_attention(q, k, k, is_causal=True)[:, 0])
        x = x + self.down(F.gelu(self.up(self.norms[1](x))))
        logits = self.norms[2](x)[:, FIRST:] @ self.token.T
        return F.cross_entropy(logits.flatten(0, 1), targets[:, FIRST:].flatten())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=5.0, help="time to measure for")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(arguments.threads)
    model = Adder()
    assert sum(p.numel() for p in model.parameters()) == 456
    run = torch.compile(model) if arguments.compile else model
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    tokens, targets = torch.randint(ALPHABET, (2, BATCH, POSITIONS))
    times, end = [], None
    while end is None or time.perf_counter() < end:
        begun = time.perf_counter()
        optimiser.zero_grad()
        run(tokens, targets).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        times.append((time.perf_counter() - begun) * 1e3)
        if end is None and len(times) == 5:  # compiled and warm
            times, end = [], time.perf_counter() + arguments.seconds
    name = f"torch {'compiled' if arguments.compile else 'eager'}, {arguments.threads} threads"
    print(json.dumps({"peer": name, "ms_per_step": round(statistics.median(times), 4), "ms_least": round(min(times), 4)}))


if __name__ == "__main__":
    main()
