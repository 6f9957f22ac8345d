"""`detect_mutation`: what is locked, when it is opened again, and that whoever may write still can."""

from __future__ import annotations

import ctypes
import gc
import threading
import traceback
from collections.abc import Callable
from typing import Any
from weakref import ref

import numpy as np
import pytest

import autograd_lite as ag
import nn
from autograd_lite import Value
from autograd_lite.state import current_state

# ---- what raises ----

MUTATIONS: dict[str, Callable[[Value, Value, Any], Any]] = {
    "an element of an input": lambda x, y, c: x.data.__setitem__(0, 9.0),
    "an input, in place": lambda x, y, c: np.add(x.data, 1, out=x.data),
    "a constant": lambda x, y, c: c.__setitem__(0, 9.0),
    "a result": lambda x, y, c: y.data.fill(0.0),
    "a view taken afterwards": lambda x, y, c: x.data[1:].__setitem__(0, 9.0),
    "copyto": lambda x, y, c: np.copyto(c, 1.0),
    "sort": lambda x, y, c: c.sort(),
    "shuffle": lambda x, y, c: np.random.default_rng(0).shuffle(c),
    "flat": lambda x, y, c: x.data.flat.__setitem__(0, 9.0),
}


@pytest.mark.parametrize("how", MUTATIONS)
def test_a_change_raises_where_it_happens(how: str) -> None:
    c = np.array([5.0, 4.0, 3.0])
    x = Value([1.0, 2.0, 3.0])
    with ag.detect_mutation():
        y = np.exp(x * c)
        with pytest.raises(ValueError, match="read-only|writeable"):  # noqa: RUF043 - either
            MUTATIONS[how](x, y, c)
    np.testing.assert_array_equal(c, [5, 4, 3])
    np.testing.assert_array_equal(x.data, [1, 2, 3])
    for array in (x.data, y.data, c):
        assert array.flags.writeable


def test_the_line_is_the_users_and_a_note_says_what_had_read_the_array() -> None:
    x, kept = Value([1.0, 2.0], name="x"), []

    @ag.detect_mutation()
    def function() -> None:
        kept.append(x * x)  # captured here
        x.data[0] = 9.0  # changed here

    with pytest.raises(ValueError, match="assignment destination is read-only") as caught:
        function()
    assert traceback.extract_tb(caught.value.__traceback__)[-1].line == "x.data[0] = 9.0  # changed here"
    (note,) = caught.value.__notes__
    told, line, text = note.splitlines()
    assert told.startswith("x is locked by detect_mutation(): numpy.multiply has read it")
    assert "write into a copy, or assign new data to the Value: v.data = v.data + 1." in told
    assert line.startswith(f'  File "{__file__}", line ')
    assert text == "    kept.append(x * x)  # captured here"


class Holder:
    def __init__(self) -> None:
        self.scale = np.array([1.0, 2.0])


def test_the_note_finds_attributes_and_views() -> None:
    holder, kept = Holder(), []

    @ag.detect_mutation()
    def function() -> None:
        kept.append(Value([1.0, 1.0]) + 0)  # something else
        kept.append(np.sin(Value([1.0, 1.0]) * holder.scale[:1]))
        holder.scale *= 2

    with pytest.raises(ValueError, match="read-only") as caught:
        function()
    assert "holder.scale is locked by detect_mutation(): numpy.multiply has read it" in caught.value.__notes__[0]


def test_errors_that_are_not_about_locks_get_no_note() -> None:
    frozen, x = np.ones(2), Value([1.0])
    frozen.flags.writeable = False

    @ag.detect_mutation()
    def function(fails: Callable[[], Any], reads: bool) -> None:
        y = x * 2 if reads else x
        fails()
        assert y

    for fails, reads in (
        (lambda: int("unrelated"), True),
        (lambda: {}["read-only"], True),
        (lambda: frozen.__setitem__(0, 1.0), False),
    ):
        with pytest.raises((ValueError, KeyError)) as caught:
            function(fails, reads)
        assert not hasattr(caught.value, "__notes__")


CAPTURES: dict[str, Callable[[Value, Any], Any]] = {
    "operator": lambda x, c: x + c,
    "reflected": lambda x, c: c - x,
    "ufunc": lambda x, c: np.hypot(c, x),
    "function": lambda x, c: np.where(c > 0, x, c),
    "list of arrays": lambda x, c: np.stack([x, c]),
    "primitive": lambda x, c: nn.functional.linear(x, np.ones((1, 3)), None) + nn.functional.linear(c[None], x[None]),
    "scalar result": lambda x, c: np.einsum("i,i", x, c),
    "item": lambda x, c: x[[0, 1]] * c[:2],
    "item assignment": lambda x, c: (x * 1).__setitem__(slice(None), c),
    "checkpoint": lambda x, c: ag.checkpoint(lambda x, c: np.sin(x) * c)(x, c),
    "custom_vjp": lambda x, c: remembering(c)(x),
}


def remembering(c: Any) -> Any:
    f = ag.custom_vjp(lambda x: x)
    f.defvjp(lambda x: (x * c, {"c": [c]}), lambda res, g: (g * res["c"][0],))
    return f


@pytest.mark.parametrize("how", CAPTURES)
def test_every_way_into_the_graph_locks(how: str) -> None:
    c, x = np.array([1.0, 2.0, 3.0]), Value([1.0, 2.0, 3.0])
    with ag.detect_mutation():
        w = x * 1
        y = CAPTURES[how](w, c)
        for array in (x.data, c):
            if how != "item assignment" or array is not c:  # of which the graph keeps a copy
                assert not array.flags.writeable
    assert x.data.flags.writeable
    assert c.flags.writeable
    assert y is None or type(y.data) is np.float64 or y.data.flags.writeable


def test_what_no_graph_reads_stays_open() -> None:
    c, x = np.ones(2), Value([1.0, 2.0])
    with ag.detect_mutation():
        with ag.no_grad():
            y = x * c
        Value([1.0, 2.0], requires_grad=False) * c
        assert c.flags.writeable
        assert x.data.flags.writeable
        assert y.data.flags.writeable
        x.data[0] = 3.0
        copy = (x * c).data.copy()
        copy[0] = 1.0


# ---- opening ----


def test_afterwards_everything_is_as_it_was() -> None:
    base = np.arange(12.0)
    view, frozen, frozen_view = base[2:5], np.ones(3), base[2:5]
    frozen.flags.writeable = frozen_view.flags.writeable = False
    x = Value(view)
    with ag.detect_mutation():
        y = x * base[5:8] * frozen * frozen_view
        z = y.reshape(3, 1)
        wide, diagonal = np.broadcast_to(z, (3, 3)), np.diagonal(z * z.T)
        part = Value(base, requires_grad=False)[3:]
        for array in (base, view, y.data, z.data, part.data):
            assert not array.flags.writeable
    for array in (base, view, y.data, z.data, part.data):
        assert array.flags.writeable
    for array in (frozen, frozen_view, wide.data, diagonal.data):
        assert not array.flags.writeable


def test_arrays_that_could_not_be_opened_again_are_not_locked() -> None:
    borrowed = np.from_dlpack(np.ones(3))  # NumPy cannot ask its owner
    buffer = (ctypes.c_double * 3)()
    shared = np.frombuffer(buffer)
    base = np.ones(3)
    view = base[:]
    base.flags.writeable = False  # after the view, which stays open, but could not be opened
    arrays = [borrowed, shared, view, np.asfortranarray(np.ones((2, 3)))[0]]
    with ag.detect_mutation():
        x = Value(np.ones(3))
        for array in arrays:
            x = x * array
        assert [array.flags.writeable for array in arrays] == [True, False, True, False]
    assert all(array.flags.writeable for array in arrays)
    assert not base.flags.writeable


def test_an_array_is_open_again_when_its_graphs_are_gone() -> None:
    c, x = np.ones(2), Value([1.0, 2.0])
    gc.disable()
    try:
        with ag.detect_mutation():
            y, z = x * c, c[::-1] * x
            reshaped = np.reshape(x, (2, 1))
            loss = (y * y).sum()
            loss.backward()
            del y, loss
            assert not c.flags.writeable
            del z
            assert c.flags.writeable
            c[0] = 5.0
            assert not x.data.flags.writeable
            data = reshaped.data
            del reshaped
            assert x.data.flags.writeable
            assert data.flags.writeable
            x.data[0] = 1.0
            observer = current_state().observer
            assert not observer._locks
            assert not observer._read
    finally:
        gc.enable()


def test_a_view_is_open_again_when_its_base_is() -> None:
    base, x = np.ones(3), Value([1.0, 2.0])
    view = base[:2]
    with ag.detect_mutation():
        y = x * view
        z = Value(1.0) * base
        del y
        assert not view.flags.writeable  # NumPy would not open it while its base is locked
        del z
        assert base.flags.writeable
        assert view.flags.writeable


def test_views_of_one_array_that_are_locked_and_opened_in_turn() -> None:
    base = np.ones(4)
    v, w = Value(base[:2]), Value(base[2:])
    with ag.detect_mutation():
        kept = [w * 1]
        v.data = v.data  # opens the base, which is then locked again, after a view of it
        kept.append(v * 1)
        assert not any(array.flags.writeable for array in (base, v.data, w.data))
    assert all(array.flags.writeable for array in (base, v.data, w.data, *[k.data for k in kept]))


def test_arrays_live_no_longer_than_without() -> None:
    gc.disable()
    try:
        with ag.detect_mutation():
            c = np.ones(2)
            y = Value([1.0, 2.0]) * c
            seen = ref(c), ref(y.data)
            del c, y
            assert [array() for array in seen] == [None, None]
    finally:
        gc.enable()


def test_locks_outlive_one_of_two_readers() -> None:
    c, x = np.ones(2), Value([1.0, 2.0])
    with ag.detect_mutation():
        y = x * c
        for _ in range(3):
            x * c
        assert not c.flags.writeable
        y.sum().backward()
        assert not c.flags.writeable
        x.grad[0] = 7.0


def test_nothing_is_left_behind_by_an_exception() -> None:
    c, x, kept = np.ones(2), Value([1.0, 2.0]), []

    @ag.detect_mutation()
    def function() -> None:
        kept.append(x * c)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        function()
    assert c.flags.writeable
    assert kept[0].data.flags.writeable
    assert current_state().observer is None
    x * c
    assert c.flags.writeable


def test_nested_blocks_and_decorated_functions() -> None:
    c, x = np.ones(2), Value([1.0, 2.0])
    with ag.detect_mutation():
        y = x * c
        with ag.detect_mutation():
            z = y * c
        with pytest.raises(ValueError, match="read-only"):
            c[0] = 1.0
        with pytest.raises(ValueError, match="read-only"):
            z.data[0] = 1.0
    for array in (c, x.data, y.data, z.data):
        assert array.flags.writeable

    @ag.detect_mutation()
    def step() -> None:
        y = x * c
        c[0] += y.data[0]

    for _ in range(2):
        with pytest.raises(ValueError, match="read-only"):
            step()
        assert c.flags.writeable


def test_other_threads_lock_nothing() -> None:
    c = np.ones(2)
    kept: list[Any] = []
    with ag.detect_mutation():
        thread = threading.Thread(target=lambda: kept.append(Value([1.0, 2.0]) * c))
        thread.start()
        thread.join()
        c[0] = 2.0


# ---- whoever may write ----


def test_new_data_for_a_value() -> None:
    w = Value([1.0, 2.0])
    with ag.detect_mutation():
        for _ in range(3):
            loss = np.sum(w * w)
            loss.backward()
            old = w.data
            w.data = w.data - 0.1 * w.grad
            old[0] = 0.0  # no graph that can still run reads it
            w.grad = None
        w.data = w.data
        w.data[0] = 1.0
    assert loss.data.shape == ()


@pytest.mark.parametrize("anomaly", [False, True])
@pytest.mark.parametrize(
    "make",
    [
        lambda params: nn.SGD(params, 0.1, momentum=0.9),
        lambda params: nn.Adam(params, 0.01),
        lambda params: nn.AdamW(params, 0.01, amsgrad=True),
    ],
)
def test_training_goes_as_without(make: Any, anomaly: bool) -> None:
    x = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
    states = []

    def train() -> None:
        nn.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.2), nn.LayerNorm(4), nn.Linear(4, 1))
        optimizer = make(model.parameters())
        data = nn.DataLoader((x, x[:, :1]), 4, shuffle=True)
        nn.fit(model, data, loss=nn.MSELoss(), optimizer=optimizer, epochs=2, progress=False)
        kept = []
        for step in range(4):
            model.requires_grad_(True)
            if step % 2:  # another plan of the update, made while the arrays are locked
                model[0].requires_grad_(False)
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), x[:, :1])
            kept.append(loss)
            loss.backward()
            optimizer.step()
        nn.init.zeros_(model[4].bias)
        memory = model[0].weight.data
        model.load_state_dict(model.state_dict())
        assert model[0].weight.data is memory
        optimizer.load_state_dict(optimizer.state_dict())
        nn.fit(model, (x, x[:, :1]), loss=nn.MSELoss(), optimizer=optimizer, epochs=1, progress=False)
        states.append(model.state_dict())

    train()
    if anomaly:
        with ag.detect_mutation(), ag.detect_anomaly():
            train()
    else:
        with ag.detect_mutation():
            train()
    for name, array in states[0].items():
        np.testing.assert_array_equal(states[1][name], array)
    assert x.flags.writeable


def test_parameters_are_protected_between_backward_and_step() -> None:
    model = nn.Linear(2, 1)
    optimizer = nn.SGD(model.parameters(), 0.1)
    x = np.ones((1, 2), np.float32)
    with ag.detect_mutation():
        for _ in range(2):
            model(x).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
        loss = model(x).sum()
        with pytest.raises(ValueError, match="read-only"):
            model.weight.data[...] = 0
        loss.backward()
        optimizer.step()
        model.weight.data[...] = 0
    assert model.weight.data.flags.writeable


def test_backward_and_higher_orders_run_inside() -> None:
    x, w = Value(np.array([0.5, 0.2])), Value(np.eye(2))
    expected = ag.hessian(lambda x: np.sum(np.tanh(x @ w.data) ** 3))(x.data)
    with ag.detect_mutation(), ag.detect_anomaly():
        for _ in range(2):
            h = np.tanh(x @ w)
            np.sum(h * h + h).backward()
        np.sum(h**3).backward(create_graph=True)
        found = ag.hessian(lambda x: np.sum(np.tanh(x @ w.data) ** 3))(x.data)
    np.testing.assert_allclose(found, expected)
    found[0] = 0
    assert x.data.flags.writeable


def test_both_at_once_in_either_order() -> None:
    for first, second in ((ag.detect_mutation, ag.detect_anomaly), (ag.detect_anomaly, ag.detect_mutation)):
        x = Value([1.0, 4.0], name="x")
        with first(), second():
            y = x * 2
            with pytest.raises(ValueError, match="read-only"):
                x.data[0] = 1.0
            with pytest.raises(ag.AnomalyError), np.errstate(divide="ignore"):
                x / 0
        with pytest.raises(ag.AnomalyError), first(), second(), np.errstate(divide="ignore"):
            x / 0
        assert x.data.flags.writeable
        assert y.data.flags.writeable
        assert current_state().observer is None
