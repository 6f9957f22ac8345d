"""Write `golden_lr.json`: what PyTorch's schedulers do, for `tests/nn/test_lr_scheduler.py`.

It also loads our state dicts into PyTorch's schedulers, and fails if they do not go on as their own would have.
Needs PyTorch. Run it again when a row is added: `python -m tests.peers.make_golden_lr`.
"""

import copy
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.optim import lr_scheduler as theirs

import autograd_lite as ag
from nn import optim
from nn.optim import lr_scheduler as ours

from ..nn.schedules import CLOSED, RESUMED, RESUMED_GROUP, SAVED, SCHEDULES, STEPS, advance, make_optimizer, now


def torch_optimizer(name: str) -> Any:
    return make_optimizer(torch.optim, name, [torch.zeros((), requires_grad=True) for _ in range(2)])


def run(name: str, make: Any) -> dict[str, Any]:
    optimizer = torch_optimizer(name)
    scheduler = make(theirs, optimizer)
    seen = [now(optimizer), *advance(optimizer, scheduler, 0, SAVED)]
    saved = copy.deepcopy(scheduler.state_dict())
    groups = [
        {key: kept for key, kept in group.items() if key != "params"}
        for group in copy.deepcopy(optimizer.state_dict()["param_groups"])
    ]
    seen += advance(optimizer, scheduler, SAVED, STEPS)
    check_our_state(name, make, seen)
    return {"seen": seen, "saved": saved, "groups": groups}


def check_our_state(name: str, make: Any, expected: list[list[float]]) -> None:
    mine = make_optimizer(optim, name, [ag.Value(0.0), ag.Value(0.0)])
    scheduler = make(ours, mine)
    advance(mine, scheduler, 0, SAVED)
    optimizer = torch_optimizer(name)
    other = make(theirs, optimizer)
    other.load_state_dict(copy.deepcopy(scheduler.state_dict()))
    optimizer.load_state_dict({"state": {}, "param_groups": mine.state_dict()["param_groups"]})
    np.testing.assert_allclose(advance(optimizer, other, SAVED, STEPS), expected[SAVED + 1 :], rtol=1e-12)


def main() -> None:
    warnings.simplefilter("ignore", UserWarning)
    golden: dict[str, Any] = {"made with": f"PyTorch {torch.__version__}"}
    golden["cases"] = {case: run(name, make) for case, (name, make) in SCHEDULES.items()}
    golden["closed"] = {}
    for case in CLOSED:
        name, make = SCHEDULES[case]
        optimizer = torch_optimizer(name)
        scheduler = make(theirs, optimizer)
        golden["closed"][case] = []
        for epoch in (7, 3, 12):
            optimizer.step()
            scheduler.step(epoch)
            golden["closed"][case].append(now(optimizer))
    golden["resumed"] = {}
    for case, make in RESUMED.items():
        optimizer = torch_optimizer("SGD")
        for group in optimizer.param_groups:
            group.update(RESUMED_GROUP)
        scheduler = make(theirs, optimizer)
        golden["resumed"][case] = [now(optimizer), *advance(optimizer, scheduler, 0, 5)]
    Path(__file__).with_name("golden_lr.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
