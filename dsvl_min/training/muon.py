"""Muon for the matrices inside the blocks, AdamW for everything else.

At this size it learns a little more in each step, at a tenth more time a step; how weights are initialised matters
more (figures/results/stem.json).  PyTorch's own `torch.optim.Muon` orthogonalises in bfloat16, which a CPU without
the instructions does several times slower than the whole rest of the step; here it is done in float32.

Source: Jordan et al. 2024 (Muon: an optimizer for hidden layers), Newton-Schulz coefficients as published.
"""

import torch

from .ranks import like, whole

MOMENTUM = 0.95
ITERATIONS = 5
COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # a quintic whose slope at zero is steep and which settles near one


def orthogonalise(matrix):
    """The nearest matrix whose singular values are all about one (0.7 to 1.2), by Newton-Schulz steps."""
    a, b, c = COEFFICIENTS
    x = matrix / (matrix.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(ITERATIONS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum, then every matrix's update is orthogonalised: all directions move alike.

    weight_decay: each step takes lr · weight_decay of every matrix away, as AdamW does.
    """

    def __init__(self, groups, lr=0.02, weight_decay=0.0):
        super().__init__(groups, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        """One update of every matrix that has a gradient."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                momentum = state.setdefault("momentum", torch.zeros_like(p))
                momentum.lerp_(p.grad, 1 - MOMENTUM)
                matrix = whole(p.grad.lerp(momentum, MOMENTUM))  # ranks may hold parts of it
                update = orthogonalise(matrix.flatten(1))  # a convolution: out × (in · k · k)
                tall = max(1.0, update.shape[0] / update.shape[1])
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(like(update.view_as(matrix), p), alpha=-group["lr"] * tall**0.5)


def groups_of(named, lr, muon_lr=0.0, within="blocks.", decay=0.0):
    """Parameter groups for `optimise`: matrices and convolutions for Muon, the rest for AdamW.

    named: (name, parameter) pairs.  Muon takes the weights whose name contains `within`; without a muon_lr
    AdamW takes everything.  decay: the weight decay of those that Muon takes.
    """
    named = list(named)
    chosen = {n for n, p in named if muon_lr and within in n and n.endswith("weight") and p.dim() >= 2}
    inside = [p for name, p in named if name in chosen]
    rest = [p for name, p in named if name not in chosen]
    groups = [{"params": inside, "lr": muon_lr, "weight_decay": decay, "muon": True}, {"params": rest, "lr": lr}]
    return [group for group in groups if group["params"]]
