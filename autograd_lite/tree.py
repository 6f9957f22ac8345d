"""Nested containers of arrays: dicts, lists, tuples and dataclasses, taken apart and put together again."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import fields, is_dataclass
from typing import Any


def flatten(tree: Any, path: str = "") -> tuple[list[tuple[str, Any]], Callable[[list[Any]], Any]]:
    """The leaves of a tree with their paths, and a function that rebuilds the tree from new leaves.

    Args:
        tree: a dict, list, tuple, named tuple or dataclass, nested as you like; anything else is a leaf.
        path: what the paths start with.

    Example:
        >>> leaves, rebuild = flatten({"w": 1.0, "b": [2.0, 3.0]})
        >>> leaves
        [("['w']", 1.0), ("['b'][0]", 2.0), ("['b'][1]", 3.0)]
        >>> rebuild([10, 20, 30])
        {'w': 10, 'b': [20, 30]}
    """
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

    elif is_dataclass(tree) and not isinstance(tree, type):
        names = [field.name for field in fields(tree)]
        branches = [(f"{path}.{name}", getattr(tree, name)) for name in names]

        def join(parts: list[Any]) -> Any:
            joined = copy(tree)  # so that fields that __init__ does not take are there too
            for name, part in zip(names, parts, strict=True):
                object.__setattr__(joined, name, part)  # also if it is frozen
            return joined

    else:
        return [(path, tree)], lambda leaves: leaves[0]

    flat = [flatten(branch, at) for at, branch in branches]
    leaves = [leaf for part, _ in flat for leaf in part]

    def rebuild(new: list[Any]) -> Any:
        parts, start = [], 0
        for part, inner in flat:
            parts.append(inner(new[start : start + len(part)]))
            start += len(part)
        return join(parts)

    return leaves, rebuild


def tree_map(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same tree with `function` applied to every leaf."""
    leaves, rebuild = flatten(tree)
    return rebuild([function(leaf) for _, leaf in leaves])
