"""One training step of a workload in PyTorch on the CPU, eager or compiled.

The model in PyTorch's own functions, clip_grad_norm_, AdamW (fused where there is one). From PyTorch 1.13 on; attention is
scaled_dot_product_attention from 2.0 on and written out before. A PyTorch that was built without a fast BLAS, such as Debian's package 1.13, takes
a hundred times as long for products and is no peer: take the one of PyPI.

    pip install torch
    python bench/peers/torch_step.py add456 [--compile] [--threads 2] [--prune]
"""
import inspect
import math

import torch
import torch.nn.functional as F
from stopwatch import CLIP, DECAY, NORM_EPSILON, RATE, WORKLOADS, first_row, parser, report

given = parser(__doc__)
given.add_argument("--compile", action="store_true")
FUSED_ATTENTION = hasattr(F, "scaled_dot_product_attention")


def array(*shape, deviation=0.02):
    return torch.nn.Parameter(deviation * torch.randn(*shape))


class Norm(torch.nn.Module):
    def __init__(self, w):
        super().__init__()
        self.kind, self.epsilon = w["norm"], NORM_EPSILON[w["norm"]]
        self.gain = torch.nn.Parameter(torch.ones(w["width"]))
        self.bias = torch.nn.Parameter(torch.zeros(w["width"])) if w["bias"] else None

    def forward(self, x):
        if self.kind == "layer":
            return F.layer_norm(x, self.gain.shape, self.gain, self.bias, self.epsilon)
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + self.epsilon) * self.gain


class LowRank(torch.nn.Module):
    def __init__(self, inputs, outputs, rank):
        super().__init__()
        self.left, self.right = array(inputs, rank, deviation=0.2), array(rank, outputs, deviation=0.2)

    def forward(self, x):
        return x @ self.left @ self.right


class Block(torch.nn.Module):
    def __init__(self, w):
        super().__init__()
        width, hidden, bias = w["width"], w["hidden"], w["bias"]
        self.heads, self.low_rank = w["heads"], w["low_rank"]
        self.norm1, self.norm2 = Norm(w), Norm(w)
        if self.low_rank:
            self.shared, self.query, self.key = (array(*s, deviation=0.2) for s in ((width, 3), (3, width), (3, width)))
            self.out, self.up, self.down = LowRank(width, width, 2), LowRank(width, hidden, 3), LowRank(hidden, width, 3)
        else:
            linear = lambda inputs, outputs: torch.nn.Linear(inputs, outputs, bias=bias)
            self.qkv, self.out = linear(width, 3 * width), linear(width, width)
            self.up, self.down = linear(width, hidden), linear(hidden, width)
        causal = torch.ones(w["positions"], w["positions"]).tril()
        self.register_buffer("mask", torch.zeros_like(causal).masked_fill(causal == 0, -torch.inf))

    def forward(self, x, first):
        x = x[:, first:] + self.out(self.attention(self.norm1(x), first))
        return x + self.down(F.gelu(self.up(self.norm2(x))))

    def attention(self, x, first):
        if self.low_rank:
            h = x @ self.shared
            q, k = h @ self.query, h @ self.key
            v = k
        else:
            q, k, v = self.qkv(x).chunk(3, -1)
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in (q[:, first:], k, v))
        if FUSED_ATTENTION:
            mask = {"is_causal": True} if first == 0 else {"attn_mask": self.mask[first:]}
            y = F.scaled_dot_product_attention(q, k, v, **mask)
        else:
            y = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + self.mask[first:]).softmax(-1) @ v
        return y.transpose(1, 2).flatten(2)


class Model(torch.nn.Module):
    def __init__(self, w, arguments):
        super().__init__()
        self.w, self.first = w, first_row(w, arguments)
        self.token = array(w["alphabet"], w["width"])
        self.head = None if w["tied"] else array(w["alphabet"], w["width"])
        if w["places"] == "learned":
            self.position = array(w["positions"], w["width"])
        elif w["places"] == "low-rank":
            self.position = LowRank(w["positions"], w["width"], 3)
        else:
            self.register_buffer("position", waves(w))
        self.blocks = torch.nn.ModuleList(Block(w) for _ in range(w["layers"]))
        self.final = Norm(w)

    def forward(self, tokens, targets):
        place = self.position.left @ self.position.right if self.w["places"] == "low-rank" else self.position
        x = F.embedding(tokens, self.token) + place
        for number, block in enumerate(self.blocks):
            x = block(x, self.first if number == len(self.blocks) - 1 else 0)
        scored = self.w["scored_from"]
        x = self.final(x[:, scored - (self.w["positions"] - x.shape[1]):])
        logits = F.linear(x, self.token if self.head is None else self.head)
        return F.cross_entropy(logits.flatten(0, 1), targets[:, scored:].flatten())


def waves(w):
    angle = torch.arange(w["positions"])[:, None] / 10000.0 ** (torch.arange(0, w["width"], 2)[None] / w["width"])
    return torch.stack([angle.sin(), angle.cos()], -1).reshape(w["positions"], w["width"])


def optimiser(model):
    """AdamW in one call for all arrays, where this PyTorch has that for the CPU."""
    settings = {"lr": RATE, "weight_decay": DECAY}
    if "fused" in inspect.signature(torch.optim.AdamW).parameters:
        try:
            return torch.optim.AdamW(model.parameters(), **settings, fused=True)
        except RuntimeError:  # for other devices only
            pass
    return torch.optim.AdamW(model.parameters(), **settings)


def main():
    arguments = given.parse_args()
    w = WORKLOADS[arguments.workload]
    torch.manual_seed(0)
    torch.set_num_threads(arguments.threads)
    model = Model(w, arguments)
    run, adamw = torch.compile(model) if arguments.compile else model, optimiser(model)
    tokens, targets = torch.randint(w["alphabet"], (2, w["batch"], w["positions"]))
    parameters = list(model.parameters())

    def step():
        adamw.zero_grad(set_to_none=True)
        run(tokens, targets).backward()
        torch.nn.utils.clip_grad_norm_(parameters, CLIP)
        adamw.step()

    name = f"PyTorch {'compiled' if arguments.compile else 'eager'}" + (", pruned" if arguments.prune else "")
    report(name, arguments, sum(p.numel() for p in parameters), step)


if __name__ == "__main__":
    main()
