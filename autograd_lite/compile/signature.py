"""What a program is made for: the structure of the arguments, and the shapes and dtypes of their arrays.

Numbers, texts and objects among the arguments are a part of it: programs are made with them as constants.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from ..graph import Node
from ..tree import Leaf
from ..value import Value

_PLAIN = frozenset({int, bool, str, bytes, type(None), type, type(...)})


def signature(tree: Any, arrays: list[Any], by_identity: bool = False) -> Any:
    """Something hashable that is equal for equal signatures.

    Args:
        tree: the arguments.
        arrays: the arrays and Values of the tree are appended to it, in the order of `flatten`.
        by_identity: a program is for these very Values, as it is always for one that has a gradient.
    """
    kind = type(tree)
    if kind is np.ndarray:
        arrays.append(tree)
        return tree.shape, tree.dtype, tree.strides
    if kind is tuple or kind is list:
        return (kind, *[signature(item, arrays, by_identity) for item in tree])
    if kind in _PLAIN:
        return kind, tree
    if kind is float or kind is complex:
        return kind, repr(tree)  # which tells -0.0 from 0.0, and nan is nan
    if isinstance(tree, np.generic):
        arrays.append(tree)
        return kind
    if isinstance(tree, Value):
        arrays.append(tree)
        array = tree._array
        if by_identity or tree._grad is not None:
            return Value, id(tree), array.shape, array.dtype, getattr(array, "strides", None), _state_of(tree)
        return Value, array.shape, array.dtype, getattr(array, "strides", None), _state_of(tree)
    if isinstance(tree, dict):
        return (kind, tuple(tree), *[signature(item, arrays, by_identity) for item in tree.values()])
    if isinstance(tree, tuple | list):
        return (kind, *[signature(item, arrays, by_identity) for item in tree])
    if isinstance(tree, type) or hasattr(tree, "named_parameters"):
        return kind, id(tree)
    if is_dataclass(tree):
        return (kind, *[signature(getattr(tree, field.name), arrays, by_identity) for field in fields(tree)])
    if isinstance(tree, np.ndarray):
        arrays.append(tree)  # of a kind of its own, which is refused when the program is made
    return kind, id(tree)


def _state_of(value: Value) -> Any:
    """Whether a Value wants a gradient, and whether it was computed."""
    node = value._node
    return type(node) is Node and (node.function is None or "computed")


def is_argument_array(leaf: Leaf) -> bool:
    """Whether a leaf of the arguments is an input of the program."""
    return isinstance(leaf.value, np.ndarray | np.generic | Value) and not leaf.is_parameter


def objects_in(tree: Any) -> Iterator[Any]:
    """What a program is made for by identity: modules, functions, and whatever else is no tree and no array."""
    if isinstance(tree, dict):
        tree = tuple(tree.values())
    elif is_dataclass(tree) and not isinstance(tree, type) and not hasattr(tree, "named_parameters"):
        tree = tuple(getattr(tree, field.name) for field in fields(tree))
    if isinstance(tree, tuple | list):
        for item in tree:
            yield from objects_in(item)
    elif not isinstance(tree, np.ndarray | np.generic | int | float | complex | str | bytes | type(None)):
        yield tree


def argument_names(function: Callable[..., Any], leaves: list[Leaf]) -> list[str]:
    """What messages and programs call each leaf of the arguments: by its parameter, and where it is in that."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names = []
    for leaf in leaves:
        inside = leaf.path[3:]
        if leaf.path.startswith("[0]") and inside:
            number, _, rest = inside[1:].partition("]")
            names.append(_parameter_name(parameters, int(number)) + rest)
        else:
            key, _, rest = inside[2:].partition("']")
            names.append((key or "x") + rest)
    return names


def _parameter_name(parameters: list[inspect.Parameter], place: int) -> str:
    for i, parameter in enumerate(parameters):
        if parameter.kind is parameter.VAR_POSITIONAL:
            return parameter.name if place == i else f"{parameter.name}[{place - i}]"
        if i == place:
            return parameter.name
    return f"x{place}"
