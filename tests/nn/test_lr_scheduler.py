"""Schedulers: PyTorch's learning rates and momenta, state dicts, resuming, refusals. `schedules` drives them."""

import copy
import json
import math
import pickle
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
import nn
from nn import optim
from nn.optim import lr_scheduler

from .schedules import CLOSED, RESUMED, RESUMED_GROUP, SAVED, SCHEDULES, STEPS, advance, make_optimizer, now

GOLDEN = json.loads((Path(__file__).parents[1] / "peers" / "golden_lr.json").read_text())


def prepared(case):
    name, make = SCHEDULES[case]
    optimizer = make_optimizer(optim, name, [ag.Value(0.0), ag.Value(0.0)])
    return optimizer, make(lr_scheduler, optimizer)


def sgd(lr=1.0, **options):
    return optim.SGD([ag.Value(0.0)], lr=lr, **options)


@pytest.mark.parametrize("case", SCHEDULES)
def test_follows_pytorch(case):
    optimizer, scheduler = prepared(case)
    seen = [now(optimizer), *advance(optimizer, scheduler, 0, STEPS)]
    np.testing.assert_allclose(seen, GOLDEN["cases"][case]["seen"], rtol=1e-12, atol=1e-15)
    assert scheduler.get_last_lr() == seen[-1][:2]


@pytest.mark.parametrize("case", CLOSED)
def test_goes_to_an_epoch_by_number(case):
    optimizer, scheduler = prepared(case)
    for epoch, expected in zip((7, 3, 12), GOLDEN["closed"][case], strict=True):
        optimizer.step()
        scheduler.step(epoch)
        np.testing.assert_allclose(now(optimizer), expected, rtol=1e-12)
        assert scheduler.last_epoch == epoch


@pytest.mark.parametrize("case", RESUMED)
def test_resumes_after_an_epoch(case):
    optimizer = make_optimizer(optim, "SGD", [ag.Value(0.0), ag.Value(0.0)])
    for group in optimizer.param_groups:
        group.update(RESUMED_GROUP)
    scheduler = RESUMED[case](lr_scheduler, optimizer)
    seen = [now(optimizer), *advance(optimizer, scheduler, 0, 5)]
    np.testing.assert_allclose(seen, GOLDEN["resumed"][case], rtol=1e-12)


def as_saved(state):
    """PyTorch's state dict, from what JSON makes of it."""
    if "milestones" in state:
        state = state | {"milestones": Counter({int(epoch): n for epoch, n in state["milestones"].items()})}
    if "_schedulers" in state:
        state = state | {"_schedulers": [as_saved(part) for part in state["_schedulers"]]}
    return state


@pytest.mark.parametrize("case", SCHEDULES)
def test_goes_on_from_pytorchs_state_dict(case):
    optimizer, scheduler = prepared(case)
    recipe = GOLDEN["cases"][case]
    scheduler.load_state_dict(as_saved(recipe["saved"]))
    for group, saved in zip(optimizer.param_groups, recipe["groups"], strict=True):
        group.update(saved)
    assert scheduler.get_last_lr() == recipe["seen"][SAVED][:2]
    seen = advance(optimizer, scheduler, SAVED, STEPS)
    np.testing.assert_allclose(seen, recipe["seen"][SAVED + 1 :], rtol=1e-12)


# what PyTorch keeps for itself: whether get_lr was called inside of step
INTERNAL = {"_get_lr_called_within_step", "_is_initial"}


@pytest.mark.parametrize("case", SCHEDULES)
def test_state_dicts_have_what_pytorchs_have(case):
    optimizer, scheduler = prepared(case)
    advance(optimizer, scheduler, 0, SAVED)
    mine, theirs = scheduler.state_dict(), as_saved(GOLDEN["cases"][case]["saved"])
    assert mine.keys() - INTERNAL == theirs.keys() - INTERNAL
    for key in theirs.keys() - INTERNAL - {"_schedulers"}:
        if key in ("base_lrs", "_last_lr"):
            np.testing.assert_allclose(mine[key], theirs[key], rtol=1e-12)
        else:
            assert mine[key] == theirs[key], key


@pytest.mark.parametrize("case", SCHEDULES)
def test_a_loaded_state_goes_on_the_same_way(case):
    optimizer, scheduler = prepared(case)
    advance(optimizer, scheduler, 0, SAVED)
    saved = pickle.loads(pickle.dumps((optimizer.state_dict(), scheduler.state_dict())))
    other, its = prepared(case)
    other.load_state_dict(saved[0])
    its.load_state_dict(saved[1])
    assert advance(other, its, SAVED, STEPS) == advance(optimizer, scheduler, SAVED, STEPS)


def test_an_optimizer_copied_with_its_scheduler():
    optimizer, scheduler = prepared("one cycle")
    other, its = copy.deepcopy((optimizer, scheduler))
    assert its.optimizer is other
    assert advance(other, its, 0, 3) == advance(optimizer, scheduler, 0, 3)


def test_the_order_of_steps():
    optimizer = sgd()
    scheduler = lr_scheduler.StepLR(optimizer, 1)
    with pytest.warns(UserWarning, match=r"`lr_scheduler\.step\(\)` before `optimizer\.step\(\)`"):
        scheduler.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()  # once is enough
        other = sgd()
        its = lr_scheduler.StepLR(other, 1)
        other.step()
        its.step()


def test_a_schedule_trains():
    nn.manual_seed(0)
    w = nn.Parameter(np.ones(3))
    optimizer = nn.SGD([w], lr=0.4, momentum=0.5)
    scheduler = nn.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40)
    for _ in range(40):
        optimizer.zero_grad()
        np.sum(w * w).backward()
        optimizer.step()
        scheduler.step()
    assert np.abs(w.data).max() < 1e-3
    assert scheduler.get_last_lr()[0] < 1e-12


def test_what_pytorch_divides_by_zero():
    optimizer = sgd(momentum=0.9)
    scheduler = lr_scheduler.ConstantLR(optimizer, factor=0.0, total_iters=2)
    rates = [rate for rate, _ in advance(optimizer, scheduler, 0, 3)]
    assert rates == [0, 1, 1]
    optimizer = sgd(momentum=0.9)
    scheduler = lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=10, pct_start=0.1)
    assert now(optimizer) == [1.0, 0.85]  # the rise is over at once


def test_groups_that_came_later():
    optimizer = sgd()
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
    optimizer.add_param_group({"params": [ag.Value(1.0)]})
    for _ in range(2):
        scheduler.step(1.0)
    assert scheduler.get_last_lr() == [0.1, 0.1]
    listed = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=[0, 0])
    optimizer.add_param_group({"params": [ag.Value(1.0)]})
    listed.step(1.0)
    with pytest.raises(RuntimeError, match=r"has 3 parameter groups now, but min_lr was given for 2.*min_lrs"):
        listed.step(1.0)


def test_a_scheduler_without_get_lr():
    with pytest.raises(NotImplementedError, match=r"LRScheduler must define get_lr\(self\)"):
        lr_scheduler.LRScheduler(sgd())


L = lr_scheduler
REFUSED = [
    (lambda o: L.StepLR("SGD", 1), TypeError, "str is not an Optimizer"),
    (lambda o: L.LambdaLR(None, abs), TypeError, "NoneType is not an Optimizer"),
    (lambda o: L.StepLR(o, 0), ValueError, "step_size is 0"),
    (lambda o: L.StepLR(o, 2, last_epoch=3), KeyError, r"'initial_lr' is not specified in param_groups\[0\]"),
    (lambda o: L.LambdaLR(o, [abs, abs]), ValueError, "Expected 1 lr_lambdas, but got 2"),
    (lambda o: L.LambdaLR(o, 0.5), TypeError, "should be a function, but got float"),
    (lambda o: L.MultiplicativeLR(o, [0.5]), TypeError, "should be a function, but got float"),
    (lambda o: L.ConstantLR(o, 1.5), ValueError, r"between 0 and 1, but factor is 1\.5"),
    (lambda o: L.LinearLR(o, 0.0), ValueError, r"start_factor is 0\.0"),
    (lambda o: L.LinearLR(o, 0.5, 2.0), ValueError, r"end_factor is 2\.0"),
    (lambda o: L.CosineAnnealingLR(o, 0), ValueError, "T_max is 0"),
    (lambda o: L.CosineAnnealingWarmRestarts(o, 0), ValueError, "Expected positive integer T_0, but got 0"),
    (lambda o: L.CosineAnnealingWarmRestarts(o, 1.5), ValueError, r"Expected positive integer T_0, but got 1\.5"),
    (lambda o: L.CosineAnnealingWarmRestarts(o, 1, 0), ValueError, "Expected integer T_mult >= 1, but got 0"),
    (lambda o: L.CosineAnnealingWarmRestarts(o, 1).step(-1), ValueError, "Expected non-negative epoch, but got -1"),
    (lambda o: L.ReduceLROnPlateau(o, factor=1.0), ValueError, r"Factor should be < 1\.0"),
    (lambda o: L.ReduceLROnPlateau(o, "least"), ValueError, "mode least is unknown"),
    (lambda o: L.ReduceLROnPlateau(o, threshold_mode="x"), ValueError, "threshold mode x is unknown"),
    (lambda o: L.ReduceLROnPlateau(o, min_lr=[0, 0]), ValueError, "expected 1 min_lrs, got 2"),
    (lambda o: L.CyclicLR(o, 0.1, [1.0, 2.0]), ValueError, "max_lr has 2 values, param_groups has 1"),
    (lambda o: L.CyclicLR(o, 0.1, 1.0, mode="square"), ValueError, "mode is invalid and scale_fn is None"),
    (lambda o: L.CyclicLR(o, 0.1, 1.0, scale_fn=abs, scale_mode="x"), ValueError, "scale_mode is 'x'"),
    (lambda o: L.CyclicLR(adagrad(), 0.1, 1.0), ValueError, "must support momentum or beta1.*cycle_momentum=False"),
    (lambda o: L.OneCycleLR(o, 1.0), ValueError, r"define either total_steps OR \(epochs AND steps_per_epoch\)"),
    (lambda o: L.OneCycleLR(o, 1.0, epochs=3), ValueError, "define either total_steps"),
    (lambda o: L.OneCycleLR(o, 1.0, 0), ValueError, "Expected positive integer total_steps, but got 0"),
    (lambda o: L.OneCycleLR(o, 1.0, epochs=1, steps_per_epoch=2.5), ValueError, "integer steps_per_epoch, but got 2.5"),
    (lambda o: L.OneCycleLR(o, 1.0, 5, pct_start=2), ValueError, "between 0 and 1 pct_start, but got 2"),
    (lambda o: L.OneCycleLR(o, 1.0, 5, anneal_strategy="x"), ValueError, "one of 'cos' or 'linear', instead got x"),
    (lambda o: L.OneCycleLR(adagrad(), 1.0, 5), ValueError, "must support momentum or beta1"),
    (lambda o: steps(o, L.OneCycleLR(o, 1.0, 3), 4), ValueError, "step 4 times. The specified number .* is 3"),
    (lambda o: L.SequentialLR(o, [], []), ValueError, "expects at least one scheduler, but got no scheduler"),
    (lambda o: L.SequentialLR(o, [L.StepLR(o, 1)], [1]), ValueError, "one more than the number of milestone"),
    (lambda o: L.SequentialLR(o, [L.ReduceLROnPlateau(o)], []), ValueError, "does not support `ReduceLROnPlateau`"),
    (lambda o: L.SequentialLR(o, [L.StepLR(sgd(), 1)], []), ValueError, "StepLR at index 0 of another SGD"),
    (lambda o: L.ChainedScheduler([]), ValueError, "expects at least one scheduler to be chained"),
    (lambda o: L.ChainedScheduler([L.StepLR(o, 1), None]), TypeError, "at index 1 should have `optimizer`"),
    (lambda o: L.ChainedScheduler([L.StepLR(o, 1), L.StepLR(sgd(), 1)]), ValueError, "at index 1 of another SGD"),
    (lambda o: load(L.StepLR(o, 1), L.ExponentialLR(sgd(), 0.5)), ValueError, "has step_size, but this one has not"),
    (lambda o: load(pair(o), L.ChainedScheduler([L.StepLR(sgd(), 1)])), ValueError, "has 1 schedulers, this one 2"),
]


def adagrad():
    return optim.Adagrad([ag.Value(0.0)])


def steps(optimizer, scheduler, number):
    advance(optimizer, scheduler, 0, number)


def load(scheduler, other):
    scheduler.load_state_dict(other.state_dict())


def pair(optimizer):
    return L.ChainedScheduler([L.StepLR(optimizer, 1), L.StepLR(optimizer, 1)])


@pytest.mark.parametrize(("wrong", "kind", "message"), REFUSED)
def test_refuses(wrong, kind, message):
    with pytest.raises(kind, match=message):
        wrong(sgd(momentum=0.9))


def test_a_refused_schedule_leaves_the_optimizer_alone():
    optimizer = sgd(0.5, momentum=0.9)
    before = copy.deepcopy(optimizer.state_dict())
    for wrong in (
        lambda: L.CyclicLR(optimizer, 0.1, 1.0, mode="square"),
        lambda: L.OneCycleLR(optimizer, 1.0, 5, base_momentum=[1, 2]),
        lambda: L.CyclicLR(optimizer, 0.1, [1.0, 2.0]),
    ):
        with pytest.raises(ValueError, match=r"mode|base_momentum|max_lr"):
            wrong()
    assert optimizer.state_dict() == before
    assert math.isclose(now(optimizer)[0], 0.5)
