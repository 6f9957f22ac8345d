"""Functions and layers compute what PyTorch computes: results, gradients, keys, shapes and text.

The values are PyTorch's own, in `tests/peers/golden_nn.json`.
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

from .cases import FUNCTIONS, LAYERS, inputs, state, weights

GOLDEN = json.loads((Path(__file__).parents[1] / "peers" / "golden_nn.json").read_text())


def values(arrays: list[Any]) -> list[Any]:
    return [ag.Value(x) if x.dtype.kind == "f" else x for x in arrays]


def backward(name: str, output: Any) -> list[Any]:
    outputs = [x for x in (output if isinstance(output, tuple) else (output,)) if x is not None]
    sum(np.sum(x * w) for x, w in zip(outputs, weights(name, [x.shape for x in outputs]), strict=True)).backward()
    return [x.data for x in outputs]


def check(golden: dict[str, Any], outputs: list[Any], wanted: dict[str, Any], tolerance: float = 1e-10) -> None:
    assert len(outputs) == len(golden["outputs"])
    for got, expected in zip(outputs, golden["outputs"], strict=True):
        assert got.shape == np.shape(expected)
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)
    assert set(wanted) == set(golden["gradients"])
    for key, expected in golden["gradients"].items():
        gradient = np.zeros(wanted[key].shape) if wanted[key].grad is None else wanted[key].grad
        np.testing.assert_allclose(gradient, expected, rtol=tolerance, atol=tolerance, err_msg=key)


def arguments(tensors: list[Any]) -> dict[str, Any]:
    return {f"argument {i}": x for i, x in enumerate(tensors) if isinstance(x, ag.Value)}


def test_golden_file_has_every_case() -> None:
    assert set(GOLDEN["functions"]) == set(FUNCTIONS)
    assert set(GOLDEN["layers"]) == set(LAYERS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_equals_pytorch(name: str) -> None:
    tensors = values(inputs(name, FUNCTIONS[name].arrays))
    outputs = backward(name, FUNCTIONS[name].call(F, *tensors))
    check(GOLDEN["functions"][name], outputs, arguments(tensors))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_is_the_same_on_plain_arrays(name: str) -> None:
    output = FUNCTIONS[name].call(F, *inputs(name, FUNCTIONS[name].arrays))
    assert not isinstance(output, ag.Value)
    np.testing.assert_allclose(output, GOLDEN["functions"][name]["outputs"][0], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_keeps_float32(name: str) -> None:
    tensors = values([x.astype(np.float32) if x.dtype.kind == "f" else x for x in inputs(name, FUNCTIONS[name].arrays)])
    output = FUNCTIONS[name].call(F, *tensors)
    assert output.dtype == np.float32
    output.backward(np.ones(output.shape, np.float32))
    assert all(x.grad.dtype == np.float32 for x in arguments(tensors).values())


# without those whose derivatives are all 0 or 1 to rounding, and the padding row, which gets no gradient on purpose
@pytest.mark.parametrize("name", [n for n in FUNCTIONS if not n.endswith("far") and n != "embedding padding"])
def test_first_and_second_derivatives_agree_with_differences(name: str) -> None:
    arrays = inputs(name, FUNCTIONS[name].arrays)
    if name == "relu":
        arrays = [x + np.sign(x) for x in arrays]  # away from the kink
    ag.check_grads(lambda *x: FUNCTIONS[name].call(F, *x), *arrays)


def loaded(name: str) -> nn.Module:
    layer: nn.Module = LAYERS[name].build(nn)
    shapes = {key: x.shape for key, x in layer.state_dict().items()}
    assert shapes == {key: tuple(shape) for key, shape in GOLDEN["layers"][name]["shapes"].items()}
    assert list(shapes) == list(GOLDEN["layers"][name]["shapes"])
    layer.load_state_dict(state(name, shapes))
    return layer


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", LAYERS)
def test_layer_equals_pytorch(name: str) -> None:
    layer, tensors = loaded(name), values(inputs(name, LAYERS[name].arrays))
    outputs = backward(name, LAYERS[name].call(layer, *tensors))
    check(GOLDEN["layers"][name], outputs, arguments(tensors) | dict(layer.named_parameters()))


@pytest.mark.parametrize("name", LAYERS)
def test_layer_prints_as_in_pytorch(name: str) -> None:
    assert repr(LAYERS[name].build(nn)) == GOLDEN["layers"][name]["repr"]


@pytest.mark.parametrize("name", LAYERS)
def test_layer_keeps_float32(name: str) -> None:
    layer = LAYERS[name].build(nn)
    tensors = values([x.astype(np.float32) if x.dtype.kind == "f" else x for x in inputs(name, LAYERS[name].arrays)])
    output = LAYERS[name].call(layer, *tensors)
    assert all(x.dtype == np.float32 for x in (output if isinstance(output, tuple) else (output,)) if x is not None)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", [name for name in LAYERS if "Attention" in name or "Transformer" in name])
def test_second_derivatives_of_composed_layers(name: str) -> None:
    layer = loaded(name)

    def first(*x: Any) -> Any:
        output = LAYERS[name].call(layer, *x)
        return output[0] if isinstance(output, tuple) else output

    ag.check_grads(first, *inputs(name, LAYERS[name].arrays), rtol=1e-4, atol=1e-5)
