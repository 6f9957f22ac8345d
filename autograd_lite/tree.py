"""Nested containers of arrays: dicts, lists, tuples, dataclasses and modules, taken apart and put together again."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .primitive import is_value

# makes a tree of new leaves; with a second argument that is true, a module stays the module
Rebuild: TypeAlias = Callable[..., Any]


USUAL = (np.ndarray, float, int)  # what most leaves are: no look at what else they could be


class Leaf(NamedTuple):
    """One array of a tree.

    Attributes:
        path: where it is, such as `['w'][0]`; a parameter of a module is at `['hidden.weight']`.
        value: the array.
        is_parameter: whether it belongs to a module.
    """

    path: str
    value: Any
    is_parameter: bool = False


def flatten(tree: Any, path: str = "", seen: set[int] | None = None) -> tuple[list[Leaf], Rebuild]:
    """The leaves of a tree, and a function that rebuilds the tree from new leaves.

    Args:
        tree: a dict, list, tuple, named tuple, dataclass or module, nested as you like; anything else is a leaf. A
            module is whatever has `named_parameters()`; its leaves are its parameters that want a gradient, each once.
        path: what the paths start with.
        seen: the identities of parameters that were found before and are left out; those found now are added.

    Returns:
        The leaves, and `rebuild(new, keep_modules=False)`. It puts a dict of parameters by name in place of a module,
        or the module itself with `keep_modules`.

    Raises:
        TypeError: the parameters of a module are no Values.

    Example:
        >>> leaves, rebuild = flatten({"w": 1.0, "b": [2.0, 3.0]})
        >>> [(leaf.path, leaf.value) for leaf in leaves]
        [("['w']", 1.0), ("['b'][0]", 2.0), ("['b'][1]", 3.0)]
        >>> rebuild([10, 20, 30])
        {'w': 10, 'b': [20, 30]}
    """
    if isinstance(tree, USUAL):
        return [Leaf(path, tree)], _the_leaf
    if isinstance(tree, dict):
        branches = [(f"{path}[{key!r}]", branch) for key, branch in tree.items()]

        def join(parts: list[Any]) -> Any:
            joined = copy(tree)  # so that it is of the same type, a defaultdict too
            joined.update(zip(tree, parts, strict=True))
            return joined

    elif isinstance(tree, list | tuple):
        branches = [(f"{path}[{i}]", branch) for i, branch in enumerate(tree)]

        def join(parts: list[Any]) -> Any:
            return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)

    elif isinstance(tree, type):
        return [Leaf(path, tree)], _the_leaf
    elif hasattr(tree, "named_parameters"):
        return _parameters(tree, path, set() if seen is None else seen)
    elif is_dataclass(tree):
        names = [field.name for field in fields(tree)]
        branches = [(f"{path}.{name}", getattr(tree, name)) for name in names]

        def join(parts: list[Any]) -> Any:
            joined = copy(tree)  # so that fields that __init__ does not take are there too
            for name, part in zip(names, parts, strict=True):
                object.__setattr__(joined, name, part)  # also if it is frozen
            return joined

    else:
        return [Leaf(path, tree)], _the_leaf

    seen = set() if seen is None else seen
    flat = [flatten(branch, at, seen) for at, branch in branches]
    leaves = [leaf for part, _ in flat for leaf in part]

    def rebuild(new: list[Any], keep_modules: bool = False) -> Any:
        parts, start = [], 0
        for part, inner in flat:
            parts.append(inner(new[start : start + len(part)], keep_modules))
            start += len(part)
        return join(parts)

    return leaves, rebuild


def _the_leaf(new: list[Any], keep_modules: bool = False) -> Any:
    return new[0]


def _parameters(module: Any, path: str, seen: set[int]) -> tuple[list[Leaf], Rebuild]:
    names, leaves = [], []
    for name, parameter in module.named_parameters():
        if not is_value(parameter):
            raise TypeError(
                f"the parameter {name!r} of {type(module).__name__} is of type {type(parameter).__name__} of "
                f"{type(parameter).__module__}, but a gradient needs Values. Build the module with nn.Parameter."
            )
        if parameter.requires_grad and id(parameter) not in seen:
            seen.add(id(parameter))
            names.append(name)
            leaves.append(Leaf(f"{path}[{name!r}]", parameter, True))

    def rebuild(new: list[Any], keep_modules: bool = False) -> Any:
        return module if keep_modules else dict(zip(names, new, strict=True))

    return leaves, rebuild


def tree_map(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same tree with `function` applied to every leaf; a module in it stays as it is.

    Example:
        >>> tree_map(abs, {"w": -1.0, "b": [-2.0, 3.0]})
        {'w': 1.0, 'b': [2.0, 3.0]}
    """
    leaves, rebuild = flatten(tree)
    return rebuild([leaf.value if leaf.is_parameter else function(leaf.value) for leaf in leaves], True)
