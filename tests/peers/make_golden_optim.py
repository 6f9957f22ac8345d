"""Write `golden_optim.json`: what PyTorch's optimizers do with given gradients, for `tests/nn/test_optim.py`.

It also loads our state dicts into PyTorch's optimizers, and fails if they do not go on as their own would have.
Needs PyTorch. Run it again when a case is added: `python -m tests.peers.make_golden_optim`.
"""

import copy
import json
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.optim.lbfgs import _strong_wolfe

import autograd_lite as ag
from nn import optim

from ..nn.waves import wavy_cubic

STEPS, SAVED = 20, 7  # state dicts are those after SAVED steps
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
    "adam decoupled": ("Adam", {"lr": 0.1, "weight_decay": 0.3, "decoupled_weight_decay": True}),
    "adam everything": ("Adam", {"lr": 0.1, "weight_decay": 0.1, "amsgrad": True, "maximize": True}),
    "adamw": ("AdamW", {"lr": 0.1}),
    "adamw decay": ("AdamW", {"lr": 0.1, "weight_decay": 0.5}),
    "adamw everything": ("AdamW", {"lr": 0.1, "weight_decay": 0.3, "amsgrad": True, "maximize": True}),
    "nadam": ("NAdam", {"lr": 0.1}),
    "nadam decay": ("NAdam", {"lr": 0.1, "weight_decay": 0.2, "momentum_decay": 0.1, "maximize": True}),
    "nadam decoupled": ("NAdam", {"lr": 0.1, "weight_decay": 0.2, "decoupled_weight_decay": True, "eps": 1e-2}),
    "radam": ("RAdam", {"lr": 0.1}),
    "radam betas": ("RAdam", {"lr": 0.1, "betas": [0.8, 0.9], "eps": 1e-2, "weight_decay": 0.2}),
    "radam decoupled": ("RAdam", {"lr": 0.1, "weight_decay": 0.2, "decoupled_weight_decay": True, "maximize": True}),
    "adamax": ("Adamax", {"lr": 0.1}),
    "adamax everything": (
        "Adamax",
        {"lr": 0.1, "betas": [0.8, 0.95], "eps": 0.1, "weight_decay": 0.2, "maximize": True},
    ),
    "adagrad": ("Adagrad", {"lr": 0.1}),
    "adagrad everything": (
        "Adagrad",
        {"lr": 0.1, "lr_decay": 0.2, "weight_decay": 0.1, "initial_accumulator_value": 0.3, "eps": 1e-2}
        | {"maximize": True},
    ),
    "adadelta": ("Adadelta", {}),
    "adadelta everything": ("Adadelta", {"lr": 0.5, "rho": 0.7, "eps": 1e-2, "weight_decay": 0.1, "maximize": True}),
    "rmsprop": ("RMSprop", {"lr": 0.1}),
    "rmsprop momentum": ("RMSprop", {"lr": 0.1, "momentum": 0.8, "weight_decay": 0.1}),
    "rmsprop centered": ("RMSprop", {"lr": 0.1, "centered": True, "alpha": 0.8, "eps": 0.1}),
    "rmsprop everything": ("RMSprop", {"lr": 0.1, "momentum": 0.8, "centered": True, "eps": 0.1, "maximize": True}),
    "rprop": ("Rprop", {"lr": 0.1}),
    "rprop everything": ("Rprop", {"lr": 0.1, "etas": [0.4, 1.5], "step_sizes": [0.05, 0.3], "maximize": True}),
    "muon": ("Muon", {"lr": 0.1}),
    "muon plain": ("Muon", {"lr": 0.1, "nesterov": False, "weight_decay": 0.5, "momentum": 0.8, "ns_steps": 3}),
    "muon adamw": ("Muon", {"lr": 0.1, "adjust_lr_fn": "match_rms_adamw", "ns_coefficients": [2, -1.5, 0.5]}),
    "muon eps": ("Muon", {"lr": 0.1, "eps": 10.0, "adjust_lr_fn": "original"}),
    "lbfgs": ("LBFGS", {"lr": 0.01, "max_iter": 2}),
    "lbfgs history": ("LBFGS", {"lr": 0.2, "max_iter": 3, "history_size": 2, "max_eval": 2}),
    "lbfgs wolfe": ("LBFGS", {"lr": 1, "max_iter": 2, "line_search_fn": "strong_wolfe"}),
    "lbfgs wolfe history": (
        "LBFGS",
        {"lr": 0.3, "max_iter": 4, "history_size": 3, "max_eval": 7, "line_search_fn": "strong_wolfe"},
    ),
    "lbfgs tolerance": (
        "LBFGS",
        {"lr": 1, "max_iter": 6, "tolerance_grad": 0.5, "tolerance_change": 1e-3, "line_search_fn": "strong_wolfe"},
    ),
}
SHAPES = {"arrays": [(2, 2), (), (3,)], "matrices": [(2, 2), (3, 2), (2, 4)]}
SKIPPED = {0: [1], 3: [0], 4: [0, 2], 11: [1]}  # which parameters have no gradient at which steps


def kind(name: str) -> str:
    """Which shapes an optimizer is tried on."""
    return "matrices" if name == "Muon" else "arrays"


def rosenbrock(xp: Any, x: Any) -> Any:
    """The sum of Rosenbrock's valleys of neighbours, on NumPy or PyTorch."""
    return xp.sum(2 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def step(xp: Any, optimizer: Any, params: list[Any], gradients: list[Any]) -> None:
    """One step with given gradients; of the optimizers that need a closure, on `rosenbrock`."""

    def closure() -> Any:
        optimizer.zero_grad()
        loss = rosenbrock(xp, xp.concatenate([p.reshape(-1) for p in params]))
        loss.backward()
        return loss

    if type(optimizer).__name__ == "LBFGS":
        optimizer.step(closure)
        return
    for p, gradient in zip(params, gradients, strict=True):
        p.grad = gradient
    optimizer.step()


def listed(kept: Any, digits: int = 12) -> Any:
    """What a state dict holds, as JSON has it."""
    if isinstance(kept, torch.Tensor):
        return np.round(kept.detach().numpy(), digits).tolist()
    if isinstance(kept, dict | OrderedDict):
        return {key: listed(value, digits) for key, value in kept.items()}
    if isinstance(kept, list | tuple):
        return [listed(item, digits) for item in kept]
    return kept


def as_torch(kept: Any) -> Any:
    """Our state dict with tensors for arrays."""
    if isinstance(kept, np.ndarray):
        return torch.from_numpy(kept)
    if isinstance(kept, dict):
        return {key: as_torch(value) for key, value in kept.items()}
    if isinstance(kept, list):
        return [as_torch(item) for item in kept]
    return kept


def flat(params: list[torch.Tensor]) -> list[float]:
    return [round(x, 12) for p in params for x in p.detach().flatten().tolist()]


def run(name: str, options: dict[str, Any], start: list[Any], gradients: list[Any]) -> dict[str, Any]:
    params = [torch.tensor(x, requires_grad=True) for x in start]
    optimizer = getattr(torch.optim, name)(params, **options)
    trajectory, saved = [], None
    for number, row in enumerate(gradients):
        if number == SAVED:
            saved = listed(copy.deepcopy(optimizer.state_dict()))
        step(torch, optimizer, params, [None if g is None else torch.tensor(g) for g in row])
        trajectory.append(flat(params))
    check_our_state(name, options, start, gradients, trajectory)
    return {"optimizer": name, "options": options, "trajectory": trajectory, "saved": saved}


def check_our_state(name: str, options: dict[str, Any], start: list[Any], gradients: list[Any], expected: Any) -> None:
    """Begin with our optimizer, and let PyTorch's go on with its state."""
    ours = [ag.Value(np.array(x)) for x in start]
    optimizer = getattr(optim, name)(ours, **options)
    for row in gradients[:SAVED]:
        step(np, optimizer, ours, [None if g is None else np.array(g) for g in row])
    params = [torch.tensor(p.data, requires_grad=True) for p in ours]
    theirs = getattr(torch.optim, name)(params, lr=7.0)
    theirs.load_state_dict(as_torch(optimizer.state_dict()))
    for row, expects in zip(gradients[SAVED:], expected[SAVED:], strict=True):
        step(torch, theirs, params, [None if g is None else torch.tensor(g) for g in row])
        np.testing.assert_allclose(flat(params), expects, rtol=1e-7, atol=1e-7)


def searches() -> list[dict[str, Any]]:
    """What PyTorch's line search finds on cubics with waves."""
    rng = np.random.default_rng(1)
    rows = []
    while len(rows) < 120:
        slope, curve, third, wave, pace = (rng.standard_normal(5) * [1, 1, 0.3, 1, 4]).round(3).tolist()
        row = {"shape": [slope, abs(curve), abs(third), wave, pace], "t": float(rng.choice([0.01, 0.5, 1.0, 5.0]))}
        row["max_evaluations"] = int(rng.choice([0, 1, 2, 3, 25]))

        def at(x: Any, t: float, d: Any, shape: list[float] = row["shape"]) -> tuple[float, Any]:
            loss, derivative = wavy_cubic(float(t), shape)
            return loss, torch.tensor([derivative])

        loss, gradient = at(None, 0.0, None)
        if gradient.item() >= -0.1:
            continue
        found = _strong_wolfe(
            at, None, row["t"], torch.ones(1), loss, gradient, gradient[0], max_ls=row["max_evaluations"]
        )
        rows.append(row | {"found": [float(found[0]), float(found[1]), float(found[2]), found[3]]})
    return rows


def main() -> None:
    torch.set_default_dtype(torch.float64)  # what NAdam remembers as a scalar has it
    bfloat16 = torch.Tensor.bfloat16
    rng = np.random.default_rng(0)
    golden: dict[str, Any] = {"made with": f"PyTorch {torch.__version__}"}
    for key, shapes in SHAPES.items():
        start = [rng.standard_normal(shape) for shape in shapes]
        gradients = [[rng.standard_normal(shape) for shape in shapes] for _ in range(STEPS)]
        golden[key] = {
            "start": [x.tolist() for x in start],
            "gradients": [
                [None if i in SKIPPED.get(number, []) else g.tolist() for i, g in enumerate(row)]
                for number, row in enumerate(gradients)
            ],
        }
    golden["searches"] = searches()
    golden["cases"] = {}
    for case, (name, options) in CASES.items():
        # Muon's mathematics, without the rounding; that is compared roughly
        torch.Tensor.bfloat16 = torch.Tensor.clone
        problem = golden[kind(name)]
        golden["cases"][case] = run(name, options, problem["start"], problem["gradients"])
        torch.Tensor.bfloat16 = bfloat16
        if name == "Muon":
            params = [torch.tensor(x, requires_grad=True) for x in problem["start"]]
            step(torch, torch.optim.Muon(params, **options), params, list(map(torch.tensor, problem["gradients"][1])))
            golden["cases"][case]["rounded"] = flat(params)
    Path(__file__).with_name("golden_optim.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
