"""`fit(..., compile=True)`: the numbers, states and files of a run that is not compiled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
import nn.functional as F
from nn.optim import lr_scheduler

from .same import bits

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(50, 4))
Y = (X @ [1.0, -2.0, 0.5, 0.0] > 0).astype(int)


def network() -> nn.Module:
    nn.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))


def fitted(compile: bool, schedule: Callable[[Any], Any] | None = None, **options: Any) -> Any:
    """What a run leaves: its history but the seconds, parameters, buffers, state of the optimizer, random stream."""
    model = network()
    optimizer = nn.AdamW(model.parameters(), lr=0.05)
    scheduler = None if schedule is None else schedule(optimizer)
    given = {"loss": F.cross_entropy, "epochs": 3, "batch_size": 16, "progress": False, "metrics": ["accuracy"]}
    history = nn.fit(model, (X, Y), optimizer=optimizer, scheduler=scheduler, compile=compile, **(given | options))
    return left(history, model, optimizer)


def left(history: Any, model: nn.Module, optimizer: Any) -> Any:
    numbers = {name: column for name, column in history.items() if name != "seconds"}
    states = bits(optimizer.state_dict()["state"])
    stream = nn.random.default_generator.bit_generator.state
    return numbers, {name: bits(x) for name, x in model.state_dict().items()}, states, stream


RUNS: dict[str, dict[str, Any]] = {
    "plain": {},
    "validated": {"validation": (X[:20], Y[:20])},
    "clipped": {"clip_norm": 0.3},
    "with a schedule by batch": {
        "schedule": lambda optimizer: lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=12),
        "scheduler_step": "batch",
    },
    "with a schedule by epoch": {"schedule": lambda optimizer: lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)},
    "stopped early": {
        "validation": (X[:20], Y[:20]), "epochs": 8, "callbacks": [nn.EarlyStopping(patience=1, min_delta=0.2)]
    },
    "on two batches": {"overfit_batches": 2},
    "tried out": {"fast_dev_run": True},
    "of a loss of its own": {"loss": lambda prediction, target: abs(prediction[:, 0] - target).mean()},
    "of a loss with weights": {"loss": nn.CrossEntropyLoss(np.array([1.0, 2.0], np.float32), label_smoothing=0.1)},
}  # fmt: skip


@pytest.mark.parametrize("options", RUNS.values(), ids=RUNS)
def test_a_compiled_run_gives_the_same_numbers(options: dict[str, Any]) -> None:
    assert fitted(True, **options) == fitted(False, **options)


class KilledError(Exception):
    pass


class KillAt(nn.Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_batch_end(self, context: Any) -> None:
        if context.step == self.step:
            raise KilledError


def test_a_compiled_run_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    options = {
        "checkpoint": tmp_path / "run.npz",
        "checkpoint_every": 1,
        "resume": True,
        "validation": (X[:20], Y[:20]),
    }
    with pytest.raises(KilledError):
        fitted(True, callbacks=[KillAt(6)], **options)
    assert fitted(True, callbacks=[KillAt(-1)], **options) == fitted(False, validation=(X[:20], Y[:20]))


def test_lbfgs_is_refused() -> None:
    model = network()
    with pytest.raises(ValueError, match=r"LBFGS evaluates the loss as often .*Leave out compile"):
        nn.fit(model, (X, Y), loss=F.cross_entropy, optimizer=nn.LBFGS(model.parameters()), epochs=1, compile=True)


def branching(prediction: Any, target: Any) -> Any:
    loss = F.cross_entropy(prediction, target)
    return loss if float(loss) > 0.1 else loss * 2


def test_a_branch_on_a_number_is_refused_with_its_line() -> None:
    with pytest.raises(TypeError, match=r"(?s)item.*cannot be compiled into.*return loss if float\(loss\) > 0.1"):
        fitted(True, loss=branching)


@pytest.mark.parametrize("options", [{}, {"clip_norm": 1.0}])
def test_numbers_that_are_not_finite_stop_the_run_as_ever(options: dict[str, Any]) -> None:
    x = X.copy()
    x[40] = np.inf
    data = nn.DataLoader((x, Y), batch_size=16, dtype=np.float32)
    for compile in (False, True):
        model = network()
        optimizer = nn.SGD(model.parameters(), lr=0.1)
        message = r"the loss is nan in epoch 1, batch 3\. Input 0 of this batch"
        with pytest.raises(FloatingPointError, match=message), np.errstate(invalid="ignore"):
            nn.fit(model, data, loss=F.cross_entropy, optimizer=optimizer, epochs=1, compile=compile, **options)


def test_the_kind_of_the_loss_is_looked_at_as_ever() -> None:
    with pytest.raises(TypeError, match=r"the loss returned .*, not a Value"):
        fitted(True, loss=lambda prediction, target: prediction.data.sum())
    with pytest.raises(ValueError, match=r"the loss has shape \(16,\), but must be one number"):
        fitted(True, loss=lambda prediction, target: F.cross_entropy(prediction, target, reduction="none"))


def test_a_norm_that_is_not_finite_stops_the_run_as_ever() -> None:
    def loss(prediction: Any, target: Any) -> Any:
        return np.sqrt((prediction * 0).sum())  # whose slope is infinite at 0

    for compile in (False, True):
        message = r"the norm of the gradients is nan in epoch 1, batch 1, though"
        with pytest.raises(FloatingPointError, match=message), np.errstate(all="ignore"):
            fitted(compile, loss=loss, clip_norm=1.0)
