"""Write `golden_optim.json`: what PyTorch's optimizers do with given gradients, for `tests/nn/test_optim.py`.

Needs PyTorch. Run it again when a case is added: `python tests/peers/make_golden_optim.py`.
"""

import json
from pathlib import Path

import numpy as np
import torch

STEPS = 20
CASES = {
    "sgd": ("SGD", {"lr": 0.1}),
    "sgd decay": ("SGD", {"lr": 0.1, "weight_decay": 0.05}),
    "sgd momentum": ("SGD", {"lr": 0.1, "momentum": 0.9}),
    "sgd dampening": ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    "sgd nesterov": ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "sgd everything": ("SGD", {"lr": 0.05, "momentum": 0.8, "weight_decay": 0.1, "nesterov": True, "maximize": True}),
    "adam": ("Adam", {"lr": 0.1}),
    "adam betas": ("Adam", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-3}),
    "adam decay": ("Adam", {"lr": 0.1, "weight_decay": 0.2}),
    "adam amsgrad": ("Adam", {"lr": 0.1, "amsgrad": True}),
    "adam everything": ("Adam", {"lr": 0.1, "weight_decay": 0.1, "amsgrad": True, "maximize": True}),
    "adamw": ("AdamW", {"lr": 0.1}),
    "adamw decay": ("AdamW", {"lr": 0.1, "weight_decay": 0.5}),
    "adamw everything": ("AdamW", {"lr": 0.1, "weight_decay": 0.3, "amsgrad": True, "maximize": True}),
}
SKIPPED = {0: [1], 3: [0], 4: [0, 2], 11: [1]}  # which parameters have no gradient at which steps


def main() -> None:
    rng = np.random.default_rng(0)
    start = [rng.standard_normal(shape) for shape in [(2, 2), (), (3,)]]
    gradients = [[rng.standard_normal(np.shape(x)) for x in start] for _ in range(STEPS)]
    trajectories = {}
    for case, (name, options) in CASES.items():
        params = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in start]
        optimizer = getattr(torch.optim, name)(params, **options)
        trajectory = []
        for step in range(STEPS):
            for i, p in enumerate(params):
                p.grad = None if i in SKIPPED.get(step, []) else torch.tensor(gradients[step][i])
            optimizer.step()
            trajectory.append([round(x, 12) for p in params for x in p.detach().flatten().tolist()])
        trajectories[case] = {"optimizer": name, "options": options, "trajectory": trajectory}
    golden = {
        "made with": f"PyTorch {torch.__version__}",
        "start": [x.tolist() for x in start],
        "gradients": [
            [None if i in SKIPPED.get(step, []) else g.tolist() for i, g in enumerate(row)]
            for step, row in enumerate(gradients)
        ],
        "cases": trajectories,
    }
    Path(__file__).with_name("golden_optim.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
