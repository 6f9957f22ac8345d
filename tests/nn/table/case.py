"""What a row of the table is: a call that reads the same in PyTorch and here, with its inputs."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


def apply(module: Any, *arrays: Any) -> Any:
    """The usual call of a layer."""
    return module(*arrays)


class Function(NamedTuple):
    """A function of `nn.functional`.

    Attributes:
        call: `call(F, *arrays)` with F one of the two libraries' `nn.functional`.
        arrays: the inputs; a tuple of lengths stands for normal numbers of that shape, an array for itself.
        order: which derivatives are compared with finite differences: 2, 1 or 0, where there is a kink or nothing to
            see but rounding.
    """

    call: Callable[..., Any]
    arrays: tuple[Any, ...]
    order: int = 2


class Layer(NamedTuple):
    """A module.

    Attributes:
        build: `build(nn)` with one of the two libraries.
        arrays: the inputs, as of `Function`.
        call: `call(module, *arrays)`.
        order: as of `Function`, for inputs and parameters.
    """

    build: Callable[[Any], Any]
    arrays: tuple[Any, ...]
    call: Callable[..., Any] = apply
    order: int = 2


def like(x: Any, constant: Any) -> Any:
    """A constant for the library that `x` belongs to."""
    if hasattr(constant, "new_tensor") or hasattr(constant, "step"):  # is one already, of PyTorch or of a trace
        return constant
    array = np.asarray(constant)
    return sys.modules["torch"].from_numpy(array.copy()) if hasattr(x, "new_tensor") else array


def results(output: Any) -> list[Any]:
    """The arrays of a result, whatever tuples they are in."""
    if isinstance(output, tuple | list):
        return [x for part in output for x in results(part)]
    return [] if output is None else [output]


def inputs(name: str, arrays: tuple[Any, ...]) -> list[Any]:
    """The inputs of a row."""
    draw = _rng(name)
    return [draw.normal(size=a) if isinstance(a, tuple) else a for a in arrays]


def weights(name: str, shapes: list[tuple[int, ...]]) -> list[Any]:
    """With these each output is summed to the number that is differentiated."""
    draw = _rng(f"weights of {name}")
    return [draw.normal(size=shape) for shape in shapes]


def state(name: str, places: dict[str, Any]) -> dict[str, Any]:
    """Parameters and buffers for a layer, in the shapes of those that it has."""
    draw = _rng(f"state of {name}")
    drawn = {}
    for key, place in places.items():
        array = np.asarray(place)
        if array.dtype.kind != "f":
            drawn[key] = array
        else:
            numbers = draw.normal(size=array.shape)
            drawn[key] = abs(numbers) + 0.5 if key.endswith("running_var") else numbers
    return drawn


def _rng(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))
