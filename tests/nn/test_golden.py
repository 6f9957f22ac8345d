"""Functions and layers compute what PyTorch computes: results, gradients, buffers, keys, shapes and text.

One table drives all of this file: `tests/nn/table/`. PyTorch's own values are in `tests/peers/golden_nn/`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
import nn.functional as F

from .table import CHAPTERS
from .table.case import Function, Layer, inputs, results, state, weights

FOLDER = Path(__file__).parents[1] / "peers" / "golden_nn"
GOLDEN = {chapter: json.loads((FOLDER / f"{chapter}.json").read_text()) for chapter in CHAPTERS}
FUNCTIONS = [(chapter, name) for chapter, table in CHAPTERS.items() for name in table.FUNCTIONS]
LAYERS = [(chapter, name) for chapter, table in CHAPTERS.items() for name in table.LAYERS]

EXACT = {np.float64: 1e-10, np.float32: 1e-5}


def function(chapter: str, name: str) -> Function:
    found: Function = CHAPTERS[chapter].FUNCTIONS[name]
    return found


def layer(chapter: str, name: str) -> Layer:
    found: Layer = CHAPTERS[chapter].LAYERS[name]
    return found


def values(arrays: list[Any], dtype: Any = np.float64) -> list[Any]:
    return [ag.Value(x.astype(dtype)) if x.dtype.kind == "f" else x for x in arrays]


def backward(name: str, output: Any) -> list[Any]:
    outputs = results(output)
    total: Any = sum(
        np.sum(x * w.astype(x.dtype))
        for x, w in zip(outputs, weights(name, [x.shape for x in outputs]), strict=True)
        if isinstance(x, ag.Value)
    )
    if isinstance(total, ag.Value) and total.requires_grad:
        total.backward()
    return [x.data if isinstance(x, ag.Value) else x for x in outputs]


def close(got: Any, expected: Any, tolerance: float, message: str) -> None:
    assert np.shape(got) == np.shape(expected), message
    expected = np.asarray(expected, dtype=float)
    scale = np.abs(expected[np.isfinite(expected)]).max(initial=1.0)  # float32 has rounding errors of the largest
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance * scale, err_msg=message)


def check(golden: dict[str, Any], outputs: list[Any], wanted: dict[str, Any], dtype: Any) -> None:
    assert len(outputs) == len(golden["outputs"])
    for i, (got, expected) in enumerate(zip(outputs, golden["outputs"], strict=True)):
        assert got.dtype == dtype or got.dtype.kind != "f"
        close(got, expected, EXACT[dtype], f"output {i}")
    assert set(wanted) == set(golden["gradients"])
    for key, expected in golden["gradients"].items():
        gradient = wanted[key].grad
        assert gradient is None or gradient.dtype == dtype
        zero = np.zeros(wanted[key].shape)
        close(zero if gradient is None else gradient, zero if expected is None else expected, EXACT[dtype], key)


def arguments(tensors: list[Any]) -> dict[str, Any]:
    return {f"argument {i}": x for i, x in enumerate(tensors) if isinstance(x, ag.Value)}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_golden_file_has_every_row(chapter: str) -> None:
    assert set(GOLDEN[chapter]) == {*CHAPTERS[chapter].FUNCTIONS, *CHAPTERS[chapter].LAYERS}


@pytest.mark.parametrize("dtype", EXACT)
@pytest.mark.parametrize(("chapter", "name"), FUNCTIONS)
def test_function_equals_pytorch(chapter: str, name: str, dtype: Any) -> None:
    row = function(chapter, name)
    tensors = values(inputs(name, row.arrays), dtype)
    outputs = backward(name, row.call(F, *tensors))
    check(GOLDEN[chapter][name], outputs, arguments(tensors), dtype)


@pytest.mark.parametrize(("chapter", "name"), FUNCTIONS)
def test_function_is_the_same_on_plain_arrays(chapter: str, name: str) -> None:
    row = function(chapter, name)
    outputs = results(row.call(F, *inputs(name, row.arrays)))
    for output, expected in zip(outputs, GOLDEN[chapter][name]["outputs"], strict=True):
        assert not isinstance(output, ag.Value)
        close(output, expected, 1e-10, name)


@pytest.mark.parametrize(("chapter", "name"), [key for key in FUNCTIONS if function(*key).order])
def test_derivatives_of_a_function_agree_with_differences(chapter: str, name: str) -> None:
    row = function(chapter, name)
    arrays = inputs(name, row.arrays)
    moved = [i for i, x in enumerate(arrays) if x.dtype.kind == "f"]

    def call(*x: Any) -> Any:
        return results(row.call(F, *placed(arrays, moved, x)))

    ag.check_grads(call, *[arrays[i] for i in moved], order=row.order, rtol=1e-4, atol=1e-5)


def placed(arrays: list[Any], moved: list[int], x: tuple[Any, ...]) -> list[Any]:
    new = list(arrays)
    for i, value in zip(moved, x, strict=True):
        new[i] = value
    return new


def loaded(chapter: str, name: str) -> nn.Module:
    module: nn.Module = layer(chapter, name).build(nn)
    own = module.state_dict()
    shapes = {key: list(x.shape) for key, x in own.items()}
    assert shapes == GOLDEN[chapter][name]["shapes"]
    assert list(shapes) == list(GOLDEN[chapter][name]["shapes"])
    module.load_state_dict(state(name, own))
    return module


@pytest.mark.parametrize("dtype", EXACT)
@pytest.mark.parametrize(("chapter", "name"), LAYERS)
def test_layer_equals_pytorch(chapter: str, name: str, dtype: Any) -> None:
    nn.set_default_dtype(dtype)
    try:
        module = loaded(chapter, name)
    finally:
        nn.set_default_dtype(np.float32)
    row, golden = layer(chapter, name), GOLDEN[chapter][name]
    tensors = values(inputs(name, row.arrays), dtype)
    outputs = backward(name, row.call(module, *tensors))
    check(golden, outputs, arguments(tensors) | dict(module.named_parameters()), dtype)
    buffers = module.state_dict()
    for key, expected in golden.get("buffers", {}).items():
        close(buffers[key], expected, EXACT[dtype], key)


@pytest.mark.parametrize(("chapter", "name"), LAYERS)
def test_layer_prints_as_in_pytorch(chapter: str, name: str) -> None:
    assert repr(layer(chapter, name).build(nn)) == GOLDEN[chapter][name]["repr"]


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(("chapter", "name"), [key for key in LAYERS if layer(*key).order])
def test_derivatives_of_a_layer_agree_with_differences(chapter: str, name: str) -> None:
    module, row = loaded(chapter, name), layer(chapter, name)
    arrays = inputs(name, row.arrays)
    moved = [i for i, x in enumerate(arrays) if x.dtype.kind == "f"]
    places = {path: owner(module, path) for path, _ in module.named_parameters()}

    def call(parameters: dict[str, Any], *x: Any) -> Any:
        kept = {path: getattr(place, key) for path, (place, key) in places.items()}
        try:
            for path, (place, key) in places.items():
                vars(place)[key] = parameters[path]
            return results(row.call(module, *placed(arrays, moved, x)))
        finally:
            for path, (place, key) in places.items():
                vars(place)[key] = kept[path]

    start = {path: p.data for path, p in module.named_parameters()}
    ag.check_grads(call, start, *[arrays[i] for i in moved], order=row.order, rtol=1e-4, atol=1e-5)


def owner(module: nn.Module, path: str) -> tuple[nn.Module, str]:
    where, _, name = path.rpartition(".")
    return module.get_submodule(where), name
