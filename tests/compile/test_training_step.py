"""A compiled training step leaves everything as the eager step leaves it, to the bit, however the run is changed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F
from nn.optim import lr_scheduler

from ..nn.table import CHAPTERS
from ..nn.table.case import results
from .same import bits
from .test_nn import called, loaded, numbers

Change = Callable[[int, nn.Module, Any, Any], None]


def small() -> nn.Module:
    """A model with all that a step may leave behind: running statistics, and draws from the generator."""
    return nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3))


def batches(count: int, size: int = 6) -> list[tuple[Any, Any]]:
    draw = np.random.default_rng(1)
    return [(draw.normal(size=(size, 5)).astype(np.float32), draw.integers(0, 3, size)) for _ in range(count)]


def usual(model: nn.Module, optimizer: Any, scheduler: Any) -> Callable[..., Any]:
    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        return loss

    return step


def left(model: nn.Module, optimizer: Any, scheduler: Any) -> Any:
    state = optimizer.state_dict()
    return (
        {name: (bits(p.data), bits(p.grad)) for name, p in model.named_parameters()},
        {name: bits(x) for name, x in model.named_buffers()},
        bits(state["state"]),
        [{key: option for key, option in group.items() if key != "params"} for group in state["param_groups"]],
        None if scheduler is None else scheduler.get_last_lr(),
        nn.random.default_generator.bit_generator.state,
    )


def run(
    compiled: bool,
    data: list[tuple[Any, Any]],
    make: Callable[[nn.Module], Any],
    schedule: Callable[[Any], Any] = lambda optimizer: None,
    *,
    model: Callable[[], nn.Module] = small,
    write: Callable[..., Callable[..., Any]] = usual,
    change: Change = lambda number, model, optimizer, scheduler: None,
) -> list[Any]:
    """What every step returns and leaves; `change` is called before each of them."""
    nn.manual_seed(0)
    net = model()
    optimizer = make(net)
    scheduler = schedule(optimizer)
    step = write(net, optimizer, scheduler)
    step = ag.compile(step) if compiled else step
    nn.manual_seed(7)
    seen = []
    for number, batch in enumerate(data):
        change(number, net, optimizer, scheduler)
        seen.append((bits(step(*batch)), left(net, optimizer, scheduler)))
    return seen


def assert_same(data: list[tuple[Any, Any]], *args: Any, **kwargs: Any) -> None:
    eager = run(False, data, *args, **kwargs)
    for number, (a, b) in enumerate(zip(eager, run(True, data, *args, **kwargs), strict=True)):
        assert a == b, f"step {number}"


def two_groups(kind: Any, **options: Any) -> Callable[[nn.Module], Any]:
    def make(model: nn.Module) -> Any:
        first, *others = model.parameters()
        return kind([{"params": [first], "lr": 0.02}, {"params": others}], **options)

    return make


OPTIMIZERS: dict[str, Callable[[nn.Module], Any]] = {
    "SGD": lambda model: nn.SGD(model.parameters(), lr=0.1),
    "SGD with Nesterov's momentum": lambda model: nn.SGD(
        model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01
    ),
    "Adam": lambda model: nn.Adam(model.parameters(), lr=0.05),
    "AdamW": lambda model: nn.AdamW(model.parameters(), lr=0.05, amsgrad=True),
    "RMSprop": lambda model: nn.RMSprop(model.parameters(), lr=0.01, centered=True, momentum=0.5),
    "Adagrad": lambda model: nn.Adagrad(model.parameters(), lr=0.1),
    "Adadelta": lambda model: nn.Adadelta(model.parameters()),
    "Adamax": lambda model: nn.Adamax(model.parameters(), lr=0.05),
    "NAdam": lambda model: nn.NAdam(model.parameters(), lr=0.05),
    "RAdam": lambda model: nn.RAdam(model.parameters(), lr=0.05),
    "Rprop": lambda model: nn.Rprop(model.parameters(), lr=0.01),
    "Muon": lambda model: nn.Muon([p for p in model.parameters() if p.ndim == 2], lr=0.05),
    "two groups of Adam": two_groups(nn.Adam, lr=0.05),
    "two groups of SGD": two_groups(nn.SGD, lr=0.1, momentum=0.5),
}


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_optimizers(make: Callable[[nn.Module], Any]) -> None:
    assert_same(batches(6), make)


SCHEDULES: dict[str, Callable[[Any], Any]] = {
    "StepLR": lambda o: lr_scheduler.StepLR(o, 3, 0.5),
    "OneCycleLR, which moves the momentum too": lambda o: lr_scheduler.OneCycleLR(o, 0.2, total_steps=22),
    "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 4),
    "SequentialLR": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, 0.1, total_iters=3), lr_scheduler.ExponentialLR(o, 0.9)], [3]
    ),
    "ChainedScheduler": lambda o: lr_scheduler.ChainedScheduler(
        [lr_scheduler.ConstantLR(o, 0.5, 4), lr_scheduler.ExponentialLR(o, 0.9)]
    ),
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda epoch: 0.9**epoch),
}


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_twenty_steps_with_a_schedule(schedule: Callable[[Any], Any]) -> None:
    assert_same(batches(20), OPTIMIZERS["AdamW"], schedule)


def test_a_schedule_that_looks_at_the_loss() -> None:
    def write(model: nn.Module, optimizer: Any, scheduler: Any) -> Callable[..., Any]:
        def step(x: Any, y: Any) -> Any:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            scheduler.step(loss)
            return loss

        return step

    schedule = lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=0.1)  # noqa: E731
    assert_same(batches(8), OPTIMIZERS["SGD"], schedule, write=write)


# ---- clipping ----


def clipped(clip: Callable[[nn.Module], Any]) -> Callable[..., Callable[..., Any]]:
    def write(model: nn.Module, optimizer: Any, scheduler: Any) -> Callable[..., Any]:
        def step(x: Any, y: Any) -> Any:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            norm = clip(model)
            optimizer.step()
            return loss, norm

        return step

    return write


CLIPS: dict[str, Callable[[nn.Module], Any]] = {
    "by norm": lambda model: nn.utils.clip_grad_norm_(model.parameters(), 0.1),
    "by a norm that is large enough": lambda model: nn.utils.clip_grad_norm_(model.parameters(), 1e6),
    "by a norm in between": lambda model: nn.utils.clip_grad_norm_(model.parameters(), 0.8),
    "by the sum": lambda model: nn.utils.clip_grad_norm_(model.parameters(), 0.1, 1.0),
    "by the largest": lambda model: nn.utils.clip_grad_norm_(model.parameters(), 0.1, math.inf),
    "by the norm of another order": lambda model: nn.utils.clip_grad_norm_(model.parameters(), 0.1, 3.0),
    "by value": lambda model: nn.utils.clip_grad_value_(model.parameters(), 0.05),
    "by a norm that is known": lambda model: nn.utils.clip_grads_with_norm_(model.parameters(), 0.1, 0.7),
}


@pytest.mark.parametrize("clip", CLIPS.values(), ids=CLIPS)
def test_clipping(clip: Callable[[nn.Module], Any]) -> None:
    assert_same(batches(4), OPTIMIZERS["SGD"], write=clipped(clip))


@pytest.mark.parametrize("number", [math.inf, math.nan, 1e38])
def test_clipping_of_what_is_not_finite(number: float) -> None:
    data = batches(3)
    data[1][0][0, 0] = number
    with np.errstate(all="ignore"):  # in the layers
        assert_same(data, OPTIMIZERS["SGD"], write=clipped(CLIPS["by norm"]))


def test_clipping_multiplies_infinity_without_a_warning() -> None:
    w = ag.Value(np.ones(2))

    @ag.compile
    def step(x: Any) -> Any:
        w.grad = None
        np.sum(w * x).backward()
        return nn.utils.clip_grad_norm_([w], 1.0)

    step(np.array([1.0, 2.0]))
    assert step(np.array([np.inf, 2.0])) == np.inf
    np.testing.assert_array_equal(w.grad, [np.nan, 0.0])


def test_a_norm_that_is_not_finite_raises_at_the_call_where_it_is() -> None:
    clip = lambda model: nn.utils.clip_grad_norm_(model.parameters(), 0.1, error_if_nonfinite=True)  # noqa: E731
    data = batches(3)
    assert_same(data, OPTIMIZERS["SGD"], write=clipped(clip))
    model = small()
    step = ag.compile(clipped(clip)(model, nn.SGD(model.parameters()), None))
    step(*data[0])
    data[1][0][0, 0] = np.nan
    before = bits([p.data for p in model.parameters()])
    with pytest.raises(RuntimeError, match="non-finite"):
        step(*data[1])
    assert bits([p.data for p in model.parameters()]) == before


# ---- a run that is changed on its way ----


def halve(number: int, model: Any, optimizer: Any, scheduler: Any) -> None:
    if number == 2:
        optimizer.param_groups[0]["lr"] *= 0.5
        optimizer.param_groups[0]["weight_decay"] = 0.1


def evaluate(number: int, model: Any, optimizer: Any, scheduler: Any) -> None:
    model.train(number % 3 != 1)


def freeze(number: int, model: Any, optimizer: Any, scheduler: Any) -> None:
    if number in (2, 4):
        model[0].requires_grad_(number == 4)


def replace(number: int, model: Any, optimizer: Any, scheduler: Any) -> None:
    if number == 2:
        model[4].bias = nn.Parameter(np.full(3, 0.25, np.float32))
        optimizer.add_param_group({"params": [model[4].bias]})


def unfreeze(number: int, model: Any, optimizer: Any, scheduler: Any) -> None:
    if number == 0:
        model[0].weight.grad = None
    if number == 2:
        optimizer.add_param_group({"params": [model[0].weight], "lr": 0.01})


def load(number: int, model: Any, optimizer: Any, scheduler: Any) -> None:
    if number == 2:
        model.load_state_dict(small().state_dict())
        nn.manual_seed(5)
    if number == 3:
        optimizer.load_state_dict(optimizer.state_dict())


def assign(number: int, model: Any, optimizer: Any, scheduler: Any) -> None:
    if number == 2:
        model[0].weight.data = np.asfortranarray(model[0].weight.data * 0.5)
        model[1].running_mean = np.ones(8, np.float32)
    if number == 3:
        model[1].running_var[:] = 2


def seed(number: int, model: Any, optimizer: Any, scheduler: Any) -> None:
    nn.manual_seed(number // 2)


def accumulate(number: int, model: Any, optimizer: Any, scheduler: Any) -> None:
    for p in model.parameters():
        p.grad = np.ones_like(p.data) if number % 2 else None


def drop_more(number: int, model: Any, optimizer: Any, scheduler: Any) -> None:
    model[3].p = 0.2 * (number // 3)


def reach_in(number: int, model: Any, optimizer: Any, scheduler: Any) -> None:
    if number == 2:
        model.append(nn.LogSoftmax(-1))


CHANGES: dict[str, Change] = {
    change.__name__: change
    for change in (halve, evaluate, freeze, replace, load, assign, seed, accumulate, drop_more, reach_in)
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("kind", ["SGD with Nesterov's momentum", "Adam"])
def test_changes_between_the_steps_act(kind: str, change: Change) -> None:
    assert_same(batches(6), OPTIMIZERS[kind], change=change)


def test_a_group_that_is_added_is_cleared_too() -> None:
    make = lambda model: nn.SGD(list(model.parameters())[1:], lr=0.1)  # noqa: E731
    assert_same(batches(5), make, change=unfreeze)


def test_a_last_batch_that_is_smaller() -> None:
    assert_same([*batches(3), *batches(1, 4), *batches(2)], OPTIMIZERS["Adam"])


class Tied(nn.Module):
    """The table of a language model, which is used at both ends."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(7, 5)
        self.head = nn.Linear(5, 7, bias=False)
        self.head.weight = self.table.weight

    def forward(self, x: Any) -> Any:
        return self.head(self.table(x))


def test_weights_that_are_tied() -> None:
    draw = np.random.default_rng(0)
    data = [(draw.integers(0, 7, (4,)), draw.integers(0, 7, (4,))) for _ in range(5)]
    assert_same(data, OPTIMIZERS["Adam"], model=Tied)


def without_clearing(model: nn.Module, optimizer: Any, scheduler: Any) -> Callable[..., Any]:
    def step(x: Any, y: Any) -> Any:
        loss = F.cross_entropy(model(x), y)
        (loss / 2).backward()
        (F.cross_entropy(model(-x), y) / 2).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        return loss.data

    return step


def two_steps(model: nn.Module, optimizer: Any, scheduler: Any) -> Callable[..., Any]:
    def step(x: Any, y: Any) -> Any:
        losses = []
        for _ in range(2):
            model.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss)
        return losses

    return step


def under_checkpoint(model: nn.Module, optimizer: Any, scheduler: Any) -> Callable[..., Any]:
    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = F.cross_entropy(ag.checkpoint(model[2:])(model[:2](x)), y)  # which drops out
        loss.backward()
        optimizer.step()
        return loss

    return step


def with_an_average(model: nn.Module, optimizer: Any, scheduler: Any) -> Callable[..., Any]:
    averages = [ag.Value(np.zeros_like(p.data), requires_grad=False) for p in model.parameters()]

    def step(x: Any, y: Any) -> Any:
        for p in model.parameters():
            p.data *= 0.99
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        for average, p in zip(averages, model.parameters(), strict=True):
            average.data *= 0.9
            average.data += 0.1 * p.data
        return loss, [average.data for average in averages]

    return step


def with_a_penalty(model: nn.Module, optimizer: Any, scheduler: Any) -> Callable[..., Any]:
    model.eval()

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        slope = ag.grad(lambda x: model(x).sum())(ag.Value(x))
        loss = F.cross_entropy(model(x), y) + ((slope * slope).sum(axis=1) - 1).mean()
        loss.backward()
        optimizer.step()
        return loss

    return step


def with_hooks(model: nn.Module, optimizer: Any, scheduler: Any) -> Callable[..., Any]:
    model[0].weight.register_hook(lambda g: g * 0.5)
    model[2].register_forward_hook(lambda module, args, output: output * 2)
    model[2].register_full_backward_hook(lambda module, inputs, outputs: tuple([3 * g for g in inputs]))
    return usual(model, optimizer, scheduler)


@pytest.mark.parametrize(
    "write", [without_clearing, two_steps, under_checkpoint, with_an_average, with_a_penalty, with_hooks]
)
def test_other_steps(write: Callable[..., Callable[..., Any]]) -> None:
    assert_same(batches(4), OPTIMIZERS["Adam"], write=write)


def reading_the_rate(model: nn.Module, optimizer: Any, scheduler: Any) -> Callable[..., Any]:
    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y) * optimizer.param_groups[0]["lr"] + scheduler.get_last_lr()[0]
        loss.backward()
        optimizer.step()
        scheduler.step()
        return loss

    return step


def test_a_rate_that_the_function_reads() -> None:
    assert_same(batches(4), OPTIMIZERS["SGD"], lambda o: lr_scheduler.ExponentialLR(o, 0.5), write=reading_the_rate)


def test_a_rate_that_the_function_sets_is_refused() -> None:
    model = small()
    optimizer = nn.SGD(model.parameters(), lr=0.5)

    @ag.compile
    def step(x: Any) -> Any:
        optimizer.param_groups[0]["lr"] *= 0.5
        return model(x)

    x = batches(1)[0][0]
    step(x)  # a first change may be the last one
    message = r"it changes what it reads itself: SGD.param_groups\[0\]\['lr'\] is 0.125 instead of 0.25"
    with pytest.raises(TypeError, match=message):
        step(x)


@pytest.mark.parametrize("thaw", [True, False])
def test_parameters_that_are_frozen_inside(thaw: bool) -> None:
    def write(model: nn.Module, optimizer: Any, scheduler: Any) -> Callable[..., Any]:
        step = usual(model, optimizer, scheduler)

        def frozen(x: Any, y: Any) -> Any:
            model[0].requires_grad_(False)
            loss = step(x, y)
            if thaw:
                model[0].requires_grad_(True)
            return loss, [p.requires_grad for p in model.parameters()]

        return frozen

    models = []

    def kept() -> nn.Module:
        models.append(small())
        return models[-1]

    assert_same(batches(3), OPTIMIZERS["Adam"], model=kept, write=write)
    assert all(model[0].weight.requires_grad is thaw for model in models)


def test_hooks_of_the_optimizer_run_at_every_call() -> None:
    model, seen = small(), []
    optimizer = nn.SGD(model.parameters())
    optimizer.register_step_post_hook(lambda optimizer, args, kwargs: seen.append(optimizer))
    step = ag.compile(usual(model, optimizer, None))
    for batch in batches(3):
        step(*batch)
    assert seen == [optimizer] * 3


def test_the_optimizer_is_not_stepped_while_tracing() -> None:
    model = small()
    optimizer = nn.SGD(model.parameters(), lr=1.0)

    @ag.compile
    def step(x: Any) -> Any:
        optimizer.step()
        return [x][1]

    with pytest.raises(IndexError):
        step(np.ones(2))
    assert not optimizer.stepped


def test_closures_are_refused() -> None:
    w = ag.Value(np.ones(2))
    lbfgs, sgd = nn.LBFGS([w]), nn.SGD([w])

    def closure() -> Any:
        return np.sum(w * w)

    with pytest.raises(TypeError, match="LBFGS evaluates the loss as often as the numbers ask for"):
        ag.compile(lambda: lbfgs.step(closure))()
    with pytest.raises(TypeError, match=r"SGD.step takes no closure. Write loss.backward\(\)"):
        ag.compile(lambda: sgd.step(closure))()


def test_lbfgs_takes_a_closure_that_is_compiled() -> None:
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(20, 5)).astype(np.float32), draw.integers(0, 3, 20)
    seen = []
    for wrap in (lambda f: f, ag.compile):
        nn.manual_seed(0)
        model = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3))
        optimizer = nn.LBFGS(model.parameters(), line_search_fn="strong_wolfe")

        def closure(model: nn.Module = model, optimizer: Any = optimizer) -> Any:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            return loss

        losses = [optimizer.step(wrap(closure)) for _ in range(2)]
        seen.append((bits([loss.data for loss in losses]), bits(model.state_dict())))
    assert seen[0] == seen[1]


# ---- losses that refuse numbers ----


@pytest.mark.parametrize(
    ("loss", "good", "bad", "error", "message"),
    [
        ("cross_entropy", [0, 2], [0, 3], IndexError, "Target 3 is out of bounds: there are 3 classes, 0 to 2."),
        ("cross_entropy", [0, 2], [0, -1], IndexError, "Target -1 is out of bounds"),
        ("nll_loss", [0, 2], [0, 3], IndexError, "Target 3 is out of bounds"),
        ("nll_loss", [0, 2], [-2, 3], IndexError, "Target -2 is out of bounds"),
        ("multi_margin_loss", [0, 2], [0, 5], IndexError, "Target 5 is out of bounds"),
        ("multilabel_margin_loss", [[0, 1, -1]] * 2, [[0, 1, 4]] * 2, IndexError, "Target 4 is out of bounds"),
    ],
)
def test_numbers_that_are_refused_at_a_call(loss: str, good: Any, bad: Any, error: Any, message: str) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3))
    compiled = ag.compile(lambda x, y: getattr(F, loss)(ag.Value(x), y))
    assert bits(compiled(x, np.array(good)).data) == bits(getattr(F, loss)(x, np.array(good)))
    for run in (compiled, getattr(F, loss)):
        with pytest.raises(error, match=message):
            run(x, np.array(bad))
    assert bits(compiled(x, np.array(good)).data) == bits(getattr(F, loss)(x, np.array(good)))


def test_targets_that_are_ignored_in_some_batches_alone() -> None:
    x = np.random.default_rng(0).normal(size=(4, 3))
    compiled = ag.compile(lambda x, y: F.cross_entropy(x, y))
    for y in ([0, 1, 2, 0], [0, -100, 2, 0], [1, 1, 1, 1], [-100, -100, 1, 0]):
        assert bits(compiled(x, np.array(y))) == bits(F.cross_entropy(x, np.array(y)))
    with pytest.warns(UserWarning, match="every target of cross_entropy is ignored"):
        assert np.isnan(compiled(x, np.full(4, -100)))


def test_other_numbers_that_are_refused_at_a_call() -> None:
    table = nn.Embedding(4, 2)
    embed = ag.compile(lambda i: table(i))
    assert embed(np.array([0, 3])).shape == (2, 2)
    with pytest.raises(IndexError, match="index 4 is out of range: the table has 4 rows"):
        embed(np.array([4, 0]))
    bce = ag.compile(lambda x, y: F.binary_cross_entropy(x, y))
    x = np.array([0.25, 0.5])
    assert bce(x, x) == F.binary_cross_entropy(x, x)
    with pytest.raises(ValueError, match="all elements of input should be between 0 and 1"):
        bce(x + 0.75, x)


# ---- models and layers of all kinds ----

TRAINED = [
    (chapter, name)
    for chapter in ("models", "transformer", "recurrent", "attention", "convolution", "normalization")
    for name in CHAPTERS[chapter].LAYERS
    if list(CHAPTERS[chapter].LAYERS[name].build(nn).parameters())
]


@pytest.mark.parametrize(("chapter", "name"), TRAINED)
def test_layers_train(chapter: str, name: str) -> None:
    row = CHAPTERS[chapter].LAYERS[name]

    def write(model: nn.Module, optimizer: Any, scheduler: Any) -> Callable[..., Any]:
        def step(*arrays: Any) -> Any:
            optimizer.zero_grad()
            outputs = [x for x in results(called(row)(model, *arrays)) if isinstance(x, ag.Value) and x.requires_grad]
            loss: Any = sum((x * x).mean() for x in outputs)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            return loss.data, norm

        return step

    sets = numbers(name, row.arrays)
    assert_same([*sets, *sets], OPTIMIZERS["AdamW"], model=lambda: loaded(chapter, name), write=write)
