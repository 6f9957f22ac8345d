"""A compiled layer, function or loss gives the bits of the eager one: results, gradients, buffers and random stream.

The table of `tests/nn/table` drives this file. Every row is compiled and called with two sets of numbers.
"""

from __future__ import annotations

import warnings
from copy import deepcopy
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F

from ..nn.table import CHAPTERS
from ..nn.table.case import inputs, results, state, weights
from ..nn.table.normalization import average, call_thrice, call_twice
from .same import bits

# write into arrays that are nobody's buffers, or let numbers say how many results there are
REFUSED = {
    *["batch_norm", "batch_norm plain", "batch_norm weight alone", "batch_norm images", "batch_norm one sample"],
    *["batch_norm moves", "batch_norm moves, images", "instance_norm", "instance_norm moves", "one hot"],
    *["AdaptiveLogSoftmaxWithLoss", "AdaptiveLogSoftmaxWithLoss frequent only", "AdaptiveLogSoftmaxWithLoss one"],
}
# call `eval` in the middle, which is a change of the module
SWITCHING = (call_thrice, average)
# read `x.data`, which is no array of an array
WANT_VALUES = {
    "hardsigmoid",
    "hardsigmoid at its kinks",
    "Hardsigmoid",
    "Hardsigmoid inplace",
    "CTCLoss",
    "CTCLoss all options",
}

FUNCTIONS = [(chapter, name) for chapter, table in CHAPTERS.items() for name in table.FUNCTIONS]
LAYERS = [(chapter, name) for chapter, table in CHAPTERS.items() for name in table.LAYERS]


def numbers(name: str, arrays: tuple[Any, ...]) -> list[list[Any]]:
    """Two sets of inputs of a row, in float32."""
    other = tuple(0.9 * x if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x for x in arrays)
    drawn = inputs(name, arrays), inputs(f"{name} again", other)
    return [[x.astype(np.float32) if x.dtype.kind == "f" else x for x in each] for each in drawn]


def called(row: Any) -> Any:
    return call_twice if row.call in SWITCHING else row.call


def differentiated(name: str, call: Any, module: nn.Module | None) -> Any:
    """The function that a row is tested with: results and all gradients of a weighted sum of them."""

    def run(*arrays: Any) -> Any:
        tensors = [ag.Value(x) if x.dtype.kind == "f" else x for x in arrays]
        if module is not None:
            module.zero_grad()
        outputs = results(call(module, *tensors) if module is not None else call(F, *tensors))
        total: Any = sum(
            np.sum(x * w.astype(x.dtype))
            for x, w in zip(outputs, weights(name, [x.shape for x in outputs]), strict=True)
            if isinstance(x, ag.Value)
        )
        if isinstance(total, ag.Value) and total.requires_grad:
            total.backward()
        return [x.data if isinstance(x, ag.Value) else x for x in outputs], [
            x.grad if isinstance(x, ag.Value) else None for x in tensors
        ]

    return run


def forward(name: str, call: Any, module: nn.Module | None) -> Any:
    def run(*arrays: Any) -> Any:
        with ag.no_grad():
            if name in WANT_VALUES:
                arrays = tuple([ag.Value(x) for x in arrays])
            return results(call(module if module is not None else F, *arrays))

    return run


def after(module: nn.Module | None) -> Any:
    """What a call has left outside: gradients, parameters, buffers, and the state of the generator."""
    stream = nn.random.default_generator.bit_generator.state
    if module is None:
        return stream
    gradients = {path: bits(p.grad) for path, p in module.named_parameters()}
    return stream, gradients, {key: bits(x) for key, x in module.state_dict().items()}


def compare(eager: Any, compiled: Any, sets: list[list[Any]], modules: tuple[Any, Any]) -> None:
    for arrays in [*sets, sets[0]]:
        seen: list[Any] = []
        warned: list[set[str]] = []
        for run, module in ((eager, modules[0]), (compiled, modules[1])):
            nn.manual_seed(3)
            with warnings.catch_warnings(record=True) as heard:
                warnings.simplefilter("always")
                seen.append((bits(run(*[x.copy() for x in arrays])), after(module)))
            warned.append({str(each.message) for each in heard if issubclass(each.category, RuntimeWarning)})
        assert seen[0] == seen[1]
        assert warned[1] <= warned[0]


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize(("chapter", "name"), FUNCTIONS)
def test_compiled_function_has_the_same_bits(chapter: str, name: str, backward: bool) -> None:
    row = CHAPTERS[chapter].FUNCTIONS[name]
    run = differentiated(name, row.call, None) if backward else forward(name, row.call, None)
    if name in REFUSED:
        with pytest.raises(TypeError, match="cannot be compiled into"):
            ag.compile(run)(*numbers(name, row.arrays)[0])
        return
    compare(run, ag.compile(run), numbers(name, row.arrays), (None, None))


def loaded(chapter: str, name: str) -> nn.Module:
    module: nn.Module = CHAPTERS[chapter].LAYERS[name].build(nn)
    module.load_state_dict(state(name, module.state_dict()))
    return module


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize(("chapter", "name"), LAYERS)
def test_compiled_layer_has_the_same_bits(chapter: str, name: str, backward: bool) -> None:
    row, module = CHAPTERS[chapter].LAYERS[name], loaded(chapter, name)
    again, call = deepcopy(module), called(row)
    runs = [differentiated(name, call, m) if backward else forward(name, call, m) for m in (module, again)]
    if name in REFUSED:
        with pytest.raises(TypeError, match="cannot be compiled into"):
            ag.compile(runs[0])(*numbers(name, row.arrays)[0])
        return
    compare(runs[0], ag.compile(runs[1]), numbers(name, row.arrays), (module, again))


def test_a_cache_is_refused_unless_it_is_made_inside() -> None:
    attention, outer = nn.MultiheadAttention(8, 2, batch_first=True), nn.KVCache()
    x = np.random.default_rng(0).normal(size=(1, 5, 8)).astype(np.float32)

    def generate(x: Any) -> Any:
        cache = nn.KVCache()
        return [attention(s, s, s, is_causal=True, cache=cache)[0].data for s in (x[:, :3], x[:, 3:4], x[:, 4:])]

    with ag.no_grad():
        assert bits(ag.compile(generate)(x)) == bits(generate(x))
        with pytest.raises(TypeError, match="a KVCache of length 0 is longer at every call"):
            ag.compile(lambda x: attention(x, x, x, cache=outer)[0])(x)
    assert outer.length == 0


def test_a_plain_array_may_be_written_into_after_it_was_used() -> None:
    def scaled(x: Any) -> Any:
        factor = np.ones(3)
        first = x * factor
        factor += 1
        return first + x * factor

    assert bits(ag.compile(scaled)(np.ones(3))) == bits(scaled(np.ones(3)))


def test_a_function_that_forgets_running_statistics() -> None:
    layers = [nn.BatchNorm1d(3, momentum=None) for _ in range(2)]
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)

    def forgetting(layer: nn.Module) -> Any:
        def run(x: Any) -> Any:
            layer.reset_running_stats()
            return layer(x), layer(2 * x)

        return run

    compiled = ag.compile(forgetting(layers[1]))
    for each in (x, x + 1):
        assert bits(compiled(each)) == bits(forgetting(layers[0])(each))
        assert bits(layers[1].state_dict()) == bits(layers[0].state_dict())


def test_loading_is_refused_inside() -> None:
    layer = nn.Linear(3, 2)
    with pytest.raises(TypeError, match=r"Linear\.load_state_dict would happen once, and not at every call"):
        ag.compile(lambda state: layer.load_state_dict(state))(layer.state_dict())


@pytest.mark.parametrize("loss", [F.cross_entropy, lambda x, y: F.softmax(x, -1).mean(), lambda x, y: F.gelu(x).sum()])
@pytest.mark.parametrize("shape", [(40, 16), (40, 17), (3000, 2)])
def test_shapes_that_are_computed_in_a_way_of_their_own(loss: Any, shape: tuple[int, int]) -> None:
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=shape).astype(np.float32), draw.integers(0, shape[1], shape[0])
    both = ag.value_and_grad(lambda x, y: loss(x, y) * 3)
    assert bits(ag.compile(both)(x, y)) == bits(both(x, y))


def test_scores_that_two_attentions_share() -> None:
    draw = np.random.default_rng(0)
    q, k, v = (draw.normal(size=(2, 4, 3)).astype(np.float32) for _ in range(3))
    masks = np.tri(4, dtype=bool), np.tri(4, dtype=bool).T

    def twice(q: Any, k: Any, v: Any) -> Any:
        return [F.scaled_dot_product_attention(q, k, v, mask) for mask in masks]

    assert bits(ag.compile(twice)(q, k, v)) == bits(twice(q, k, v))
