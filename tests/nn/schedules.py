"""The schedulers that are compared with PyTorch's: each row makes one, from PyTorch's module or from ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

STEPS, SAVED = 14, 5  # state dicts are those after SAVED steps
LOSSES = [3.0, 2.0, 2.5, 2.4, 1.99995, 2.0, 2.1, 2.0, 1.0, 1.1, 1.2, 1.0, 0.9, 1.5]  # for the plateau


def half(epoch: int) -> float:
    return 0.5**epoch


def slow(epoch: int) -> float:
    return 1 / (1 + epoch)


class Remembering:
    """A callable object, whose attributes are part of a state dict."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, epoch: float) -> float:
        self.calls += 1
        return 1 / (1 + epoch) + self.calls / 100


class Power:
    """A callable object that does not change: how often the scale is asked for is not part of the schedule."""

    def __init__(self, base: float) -> None:
        self.base = base

    def __call__(self, cycle: float) -> float:
        return self.base**cycle


def _sequence(lib: Any, optimizer: Any) -> Any:
    parts = [lib.LinearLR(optimizer, 0.5, total_iters=3), lib.ExponentialLR(optimizer, 0.9), lib.StepLR(optimizer, 2)]
    return lib.SequentialLR(optimizer, parts, milestones=[3, 7])


def _nested(lib: Any, optimizer: Any) -> Any:
    chained = lib.ChainedScheduler([lib.ConstantLR(optimizer, 0.5, 2), lib.ExponentialLR(optimizer, 0.9)])
    return lib.SequentialLR(optimizer, [chained, lib.CosineAnnealingLR(optimizer, 4)], milestones=[4])


def _sequence_of_restarts(lib: Any, optimizer: Any) -> Any:
    parts = [lib.ConstantLR(optimizer, 0.1, 2), lib.CosineAnnealingWarmRestarts(optimizer, 3)]
    return lib.SequentialLR(optimizer, parts, milestones=[2])


def _chained(lib: Any, optimizer: Any) -> Any:
    parts = [
        lib.LinearLR(optimizer, 0.2, total_iters=4),
        lib.MultiStepLR(optimizer, [3, 6]),
        lib.PolynomialLR(optimizer, 12),
    ]
    return lib.ChainedScheduler(parts, optimizer)


# the name; the optimizer; how the scheduler is made
SCHEDULES: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "lambda": ("SGD", lambda lib, o: lib.LambdaLR(o, slow)),
    "lambda for each group": ("SGD", lambda lib, o: lib.LambdaLR(o, [half, slow])),
    "lambda object": ("SGD", lambda lib, o: lib.LambdaLR(o, [half, Remembering()])),
    "multiplicative": ("SGD", lambda lib, o: lib.MultiplicativeLR(o, slow)),
    "multiplicative for each group": ("SGD", lambda lib, o: lib.MultiplicativeLR(o, [half, Remembering()])),
    "step": ("SGD", lambda lib, o: lib.StepLR(o, 3)),
    "step gamma": ("Adam", lambda lib, o: lib.StepLR(o, step_size=1, gamma=0.9)),
    "multi step": ("SGD", lambda lib, o: lib.MultiStepLR(o, [2, 5, 5, 9])),
    "multi step gamma": ("SGD", lambda lib, o: lib.MultiStepLR(o, [8, 3], gamma=0.5)),
    "constant": ("SGD", lambda lib, o: lib.ConstantLR(o)),
    "constant options": ("SGD", lambda lib, o: lib.ConstantLR(o, factor=0.25, total_iters=3)),
    "linear": ("SGD", lambda lib, o: lib.LinearLR(o)),
    "linear options": ("SGD", lambda lib, o: lib.LinearLR(o, start_factor=0.9, end_factor=0.1, total_iters=8)),
    "exponential": ("SGD", lambda lib, o: lib.ExponentialLR(o, gamma=0.8)),
    "polynomial": ("SGD", lambda lib, o: lib.PolynomialLR(o)),
    "polynomial options": ("SGD", lambda lib, o: lib.PolynomialLR(o, total_iters=9, power=2.5)),
    "cosine": ("SGD", lambda lib, o: lib.CosineAnnealingLR(o, 5)),
    "cosine eta_min": ("SGD", lambda lib, o: lib.CosineAnnealingLR(o, T_max=3, eta_min=0.01)),
    "cosine once": ("SGD", lambda lib, o: lib.CosineAnnealingLR(o, T_max=1)),
    "restarts": ("SGD", lambda lib, o: lib.CosineAnnealingWarmRestarts(o, 4)),
    "restarts options": ("SGD", lambda lib, o: lib.CosineAnnealingWarmRestarts(o, T_0=2, T_mult=3, eta_min=0.01)),
    "sequence": ("SGD", _sequence),
    "sequence of a chain": ("SGD", _nested),
    "sequence of restarts": ("SGD", _sequence_of_restarts),
    "chain": ("SGD", _chained),
    "plateau": ("SGD", lambda lib, o: lib.ReduceLROnPlateau(o, patience=1)),
    "plateau options": (
        "SGD",
        lambda lib, o: lib.ReduceLROnPlateau(
            o,
            "max",
            factor=0.5,
            patience=0,
            threshold=0.2,
            threshold_mode="abs",
            cooldown=2,
            min_lr=[0.03, 0.1],
            eps=0.01,
        ),
    ),
    "plateau max": ("SGD", lambda lib, o: lib.ReduceLROnPlateau(o, mode="max", patience=1, min_lr=0.02)),
    "plateau abs": ("SGD", lambda lib, o: lib.ReduceLROnPlateau(o, patience=0, threshold=0.5, threshold_mode="abs")),
    "cyclic": ("SGD", lambda lib, o: lib.CyclicLR(o, 0.1, 1.0, step_size_up=3)),
    "cyclic 2": (
        "Adam",
        lambda lib, o: lib.CyclicLR(
            o, [0.1, 0.2], [1.0, 0.5], 2, 3, mode="triangular2", base_momentum=[0.7, 0.8], max_momentum=0.99
        ),
    ),
    "cyclic exponential": ("SGD", lambda lib, o: lib.CyclicLR(o, 0.1, 1.0, 3, mode="exp_range", gamma=0.9)),
    "cyclic without momentum": ("RMSprop", lambda lib, o: lib.CyclicLR(o, 0.1, 1.0, 3, cycle_momentum=False)),
    "cyclic function": ("SGD", lambda lib, o: lib.CyclicLR(o, 0.1, 1.0, 2, scale_fn=half, scale_mode="iterations")),
    "cyclic object": ("SGD", lambda lib, o: lib.CyclicLR(o, 0.1, 1.0, 2, scale_fn=Power(0.7))),
    "one cycle": ("SGD", lambda lib, o: lib.OneCycleLR(o, 1.0, total_steps=15)),
    "one cycle by epochs": (
        "AdamW",
        lambda lib, o: lib.OneCycleLR(
            o,
            [1.0, 2.0],
            epochs=3,
            steps_per_epoch=5,
            pct_start=0.5,
            anneal_strategy="linear",
            base_momentum=[0.6, 0.7],
        ),
    ),
    "one cycle in three phases": (
        "SGD",
        lambda lib, o: lib.OneCycleLR(o, 1.0, 20, div_factor=5.0, final_div_factor=10.0, three_phase=True),
    ),
    "one cycle without momentum": ("Adagrad", lambda lib, o: lib.OneCycleLR(o, 1.0, 14, cycle_momentum=False)),
}
CLOSED = ["step", "multi step", "constant", "linear options", "exponential", "polynomial options", "cosine eta_min"]
CLOSED += ["restarts", "restarts options", "lambda", "cyclic", "one cycle"]  # that can go to an epoch by number
RESUMED: dict[str, Callable[[Any, Any], Any]] = {
    "lambda": lambda lib, o: lib.LambdaLR(o, slow, last_epoch=4),
    "multiplicative": lambda lib, o: lib.MultiplicativeLR(o, slow, last_epoch=4),
    "step": lambda lib, o: lib.StepLR(o, 3, last_epoch=4),
    "multi step": lambda lib, o: lib.MultiStepLR(o, [2, 5], last_epoch=4),
    "linear": lambda lib, o: lib.LinearLR(o, last_epoch=3),
    "constant": lambda lib, o: lib.ConstantLR(o, last_epoch=4),
    "exponential": lambda lib, o: lib.ExponentialLR(o, 0.8, last_epoch=4),
    "polynomial": lambda lib, o: lib.PolynomialLR(o, 9, last_epoch=4),
    "cosine": lambda lib, o: lib.CosineAnnealingLR(o, 7, 0.01, last_epoch=4),
    "restarts": lambda lib, o: lib.CosineAnnealingWarmRestarts(o, 4, last_epoch=4),
    "cyclic": lambda lib, o: lib.CyclicLR(o, 0.1, 1.0, 3, last_epoch=4),
    "one cycle": lambda lib, o: lib.OneCycleLR(o, 1.0, 15, last_epoch=4),
}
RESUMED_GROUP = {"initial_lr": 0.8, "max_lr": 1.0, "min_lr": 1e-3, "max_momentum": 0.95, "base_momentum": 0.85}


def make_optimizer(optim: Any, name: str, params: list[Any]) -> Any:
    """An optimizer with two groups of one parameter each."""
    momentum = {"momentum": 0.9} if name == "SGD" else {}
    return getattr(optim, name)([{"params": params[:1], "lr": 0.8}, {"params": params[1:]}], lr=0.4, **momentum)


def now(optimizer: Any) -> list[float]:
    """The learning rates, then the momenta."""
    groups = optimizer.param_groups
    momenta = [group["betas"][0] if "betas" in group else group.get("momentum", 0.0) for group in groups]
    return [float(group["lr"]) for group in groups] + [float(momentum) for momentum in momenta]


def advance(optimizer: Any, scheduler: Any, start: int, stop: int) -> list[list[float]]:
    """What the groups have after each step."""
    seen = []
    for number in range(start, stop):
        optimizer.step()
        scheduler.step(*([LOSSES[number]] if "Plateau" in type(scheduler).__name__ else []))
        seen.append(now(optimizer))
    return seen
