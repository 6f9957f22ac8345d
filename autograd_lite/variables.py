"""What all transforms share: the arguments that they differentiate, and backward from results to them.

A transform calls the user's function with fresh handles in place of these arguments. So whatever was computed before is
a constant to it, and a transform inside of another is never confused about which of them a number belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np

from .arguments import checked_array
from .graph import Node, backpropagate
from .primitive import defvjp_joint, primitive
from .state import enable_grad, inside_transform, is_grad_enabled
from .tracing import is_traced
from .tree import USUAL, Leaf, Rebuild, flatten, tree_map
from .value import Value

Argnums: TypeAlias = int | Sequence[int]
Owner: TypeAlias = Callable[[str], str]  # from the path of a leaf to how messages call it


@contextmanager
def transforming() -> Iterator[None]:
    """A block that a transform runs: operations are recorded, and transforms inside of it return Values."""
    token = inside_transform.set(True)
    try:
        with enable_grad():
            yield
    finally:
        inside_transform.reset(token)


@contextmanager
def on_plain_arrays() -> Iterator[None]:
    """A block for a function that was promised plain arrays: transforms inside of it return such as well."""
    token = inside_transform.set(False)
    try:
        yield
    finally:
        inside_transform.reset(token)


def inside(*trees: Any) -> bool:
    """Whether a transform is around, or these hold a Value that is no parameter of a module."""
    return inside_transform.get() or any(_holds_value(tree) for tree in trees)


def _holds_value(tree: Any) -> bool:
    if type(tree) in (tuple, list, dict):  # the usual ones, which need not be taken apart
        return any(map(_holds_value, tree.values() if type(tree) is dict else tree))
    if isinstance(tree, USUAL):
        return False
    return any(isinstance(leaf.value, Value) and not leaf.is_parameter for leaf in flatten(tree)[0])


class Variables:
    """The differentiated arguments of one call of a function.

    Args:
        function: what will be called.
        args: its positional arguments.
        argnums: which of them to differentiate, None for all.
        others: whatever else the transform was given, such as keyword arguments.

    Attributes:
        function: how messages call it.
        args: all its arguments, the differentiated ones on fresh handles; a module is itself.
        nodes: the leaf of the graph behind each differentiated array.
        owners: how messages call each of them.
        lifted: results are Values, because of a transform around or of a Value among the arguments.

    Raises:
        TypeError: an argument to differentiate is not floating.
        ValueError: there is no such argument.
    """

    def __init__(self, function: Any, args: Sequence[Any], argnums: Argnums | None, *others: Any) -> None:
        self.function = name_of(function)
        self.args = list(args)
        self.nodes: list[Node] = []
        self.lifted = inside(args, *others)
        self._one = argnums is not None and not isinstance(argnums, Sequence)
        self._arguments: list[tuple[Owner, list[Leaf], Rebuild]] = []
        chosen: set[int] = set()
        parameters: set[int] = set()
        for number in _numbers(argnums, len(args)):
            if not -len(args) <= number < len(args):
                raise ValueError(
                    f"argnums={argnums} asks for argument {number}, but {self.function} was called with {len(args)} "
                    "positional arguments. Pass the arguments to differentiate by position."
                )
            if number % len(args) in chosen:
                raise ValueError(f"argnums={argnums} names argument {number} of {self.function} twice.")
            chosen.add(number % len(args))
            owner = _owner(number, self.function)
            leaves, rebuild = flatten(args[number], seen=parameters)
            handles = [leaf.value if leaf.is_parameter else _fresh(leaf, owner, argnums is None) for leaf in leaves]
            self.args[number] = rebuild(handles, True)
            self.nodes += [handle.node for handle in handles]
            self._arguments.append((owner, leaves, rebuild))

    @property
    def owners(self) -> list[str]:
        return [owner(leaf.path) for owner, leaves, _ in self._arguments for leaf in leaves]

    def like_arguments(self, arrays: Sequence[Any]) -> Any:
        """One array for each variable, in the structure of the arguments."""
        trees, start = [], 0
        for _, leaves, rebuild in self._arguments:
            trees.append(rebuild(list(arrays[start : start + len(leaves)])))
            start += len(leaves)
        return trees[0] if self._one else tuple(trees)

    def directions(self, tree: Any, what: str) -> list[Any]:
        """One array for each variable, of its shape and dtype, from a tree in the structure of the arguments.

        Raises:
            TypeError: the structure is another, or an array does not fit.
            ValueError: a shape is another.
        """
        trees = (tree,) if self._one else tree
        if not isinstance(trees, list | tuple) or len(trees) != len(self._arguments):
            have = f"{type(tree).__name__} of {len(tree)}" if hasattr(tree, "__len__") else type(tree).__name__
            hint = "(t,)" if len(self._arguments) == 1 else "(t0, t1, ...)"
            raise TypeError(
                f"the {what}s must be a tuple of {len(self._arguments)}, one for each differentiated argument of "
                f"{self.function}, but they are a {have}. Write {hint}."
            )
        found: list[Any] = []
        for i, ((owner, leaves, _), entry) in enumerate(zip(self._arguments, trees, strict=True)):
            likes = [node.out for node in self.nodes[len(found) : len(found) + len(leaves)]]
            found += matched(entry, f"the {what}" if self._one else f"the {what} {i}", owner, leaves, likes)
        return found


def _owner(number: int, function: str) -> Owner:
    """Outside of the class, because a function that refers to its owner would keep the arrays until gc finds them."""
    return lambda path: f"argument {number}{path} of {function}"


def check_use(usage: str, function: Any, argnums: Any = 0) -> None:
    """Whether a transform was given a function, and numbers of arguments.

    Raises:
        TypeError: it was given something else; `usage`, such as `ag.grad(f)(x)`, is what the message says to write.
    """
    if not callable(function):
        raise TypeError(f"{usage.partition('(')[0]} takes a function, not {type(function).__name__}. Write {usage}.")
    for number in argnums if isinstance(argnums, Sequence) else (argnums,):
        if isinstance(number, bool) or not hasattr(number, "__index__") or np.ndim(number):
            raise TypeError(
                f"argnums must be the number of an argument or a tuple of numbers, not {type(argnums).__name__}. "
                f"Write argnums=0 or argnums=(0, 1), and the arguments as in {usage}."
            )


def _numbers(argnums: Argnums | None, count: int) -> Iterable[int]:
    if argnums is None:
        return range(count)
    return argnums if isinstance(argnums, Sequence) else (argnums,)


def _fresh(leaf: Leaf, owner: Owner, all_are: bool) -> Any:
    """A fresh handle for an argument; a Value of an outer transform stays connected to it."""
    x = leaf.value
    if isinstance(x, Value):
        if x.requires_grad and is_grad_enabled():
            return +x
        x = x.data
    hint = " Or leave it out: argnums= says which arguments to differentiate." if all_are else ""
    if isinstance(x, np.ndarray | np.generic) and x.dtype.kind in "iub":
        raise TypeError(
            f"{owner(leaf.path)} is of {x.dtype}, and integers and booleans have no derivative. Write "
            f"x.astype(float).{hint}"
        )
    try:
        return Value(x)
    except TypeError as error:
        raise TypeError(f"{owner(leaf.path)}: {error}{hint}") from None


def name_of(function: Any) -> str:
    """How messages call a function."""
    return getattr(function, "__name__", type(function).__name__)


def plain(tree: Any) -> Any:
    """The same tree with arrays in place of Values."""
    return tree_map(lambda x: x.data if isinstance(x, Value) else x, tree)


_NUMBERS = (Value, np.ndarray, np.number, np.bool_, int, float, complex)


def results_of(value: Any, function: str) -> tuple[list[Leaf], Rebuild]:
    """The arrays that a function returned, and how they are put together again.

    Raises:
        TypeError: something among them is no array of numbers.
    """
    leaves, rebuild = flatten(value)
    for leaf in leaves:
        if not isinstance(leaf.value, _NUMBERS) and not is_traced(leaf.value):
            where = f" at {leaf.path}" if leaf.path else ""
            raise TypeError(
                f"{function} returned {type(leaf.value).__name__}{where}, which has no derivative. Return numbers and "
                "arrays, or dicts, lists, tuples and dataclasses of them."
            )
    return leaves, rebuild


def matched(tree: Any, what: str, owner: Owner, leaves: list[Leaf], likes: Sequence[Any]) -> list[Any]:
    """The arrays of `tree` at the paths of `leaves`, each of the shape and dtype of its `like`.

    Raises:
        TypeError: the structure is another, or an array does not fit.
        ValueError: a shape is another.
    """
    given = {leaf.path: leaf.value for leaf in flatten(tree)[0]}
    if given.keys() != {leaf.path for leaf in leaves}:
        is_list = isinstance(tree, list) and [leaf.path for leaf in leaves] == [""]
        hint = " Make the list an array: np.array([...])." if is_list else ""
        raise TypeError(
            f"{what} must have the structure of {owner('')}, {_listed(leaf.path for leaf in leaves)}, but it has "
            f"{_listed(given)}.{hint}"
        )
    arrays = []
    for leaf, like in zip(leaves, likes, strict=True):
        x = given[leaf.path]
        try:
            array = checked_array(x.data if isinstance(x, Value) else x, False, _differentiable(like))
        except TypeError as error:
            raise TypeError(f"{what}{leaf.path}: {error}") from None
        if array.shape != np.shape(like):
            raise ValueError(
                f"{what}{leaf.path} has shape {array.shape}, but {owner(leaf.path)} has shape {np.shape(like)}: they "
                "must be equal."
            )
        arrays.append(x.astype(array.dtype, copy=False) if isinstance(x, Value) else array)
    return arrays


def _differentiable(like: Any) -> Any:
    """The dtype of a gradient or tangent of `like`: its own, if that is floating."""
    dtype = np.result_type(like)
    return dtype if dtype.kind in "fc" else np.dtype(np.float64)


def _listed(paths: Iterable[str]) -> str:
    listed = list(paths)
    return "one array" if listed == [""] else "arrays at " + ", ".join(listed) if listed else "no arrays"


# ---- backward ----


@primitive
def together(*results: Any, cotangents: Sequence[Any]) -> Any:
    """One number that hangs on all results, so that one backward pass starts at all of them."""
    return np.float64(0)


defvjp_joint(
    together,
    lambda g, out, *results, cotangents: [np.conjugate(c) if c.dtype.kind == "c" else c for c in cotangents],
)


def pull_back(results: Sequence[Any], cotangents: Sequence[Any], targets: list[Node], lifted: bool) -> list[Any]:
    """For each target the gradient of all results, weighted with the cotangents; zero if none depends on it.

    Args:
        results: Values, and constants, through which nothing flows.
        cotangents: for each an array, or a Value, of its shape and dtype.
        targets: leaves of the graph.
        lifted: the pass is recorded and the gradients are Values.
    """
    lift = Value._attached if lifted else None
    dependent: list[Any] = []
    seeds: list[Any] = []
    for result, cotangent in zip(results, cotangents, strict=True):
        if isinstance(result, Value) and result.requires_grad:
            if lift is None:
                cotangent = cotangent.data if isinstance(cotangent, Value) else cotangent
            elif not isinstance(cotangent, Value):
                cotangent = lift(cotangent, None)
            dependent.append(result)
            seeds.append(cotangent)
    found: dict[Node, Any] = {}
    if dependent:
        root, seed = dependent[0], seeds[0]
        if len(dependent) > 1:
            root, seed = together(*dependent, cotangents=seeds), np.float64(1)
            seed = seed if lift is None else lift(seed, None)
        found = backpropagate(root.node, seed, targets, lift)
    return [found[node] if node in found else zeros_like(node.out, lifted) for node in targets]


def zeros_like(x: Any, lifted: bool) -> Any:
    """The derivative with respect to `x` of what does not depend on it."""
    zero = np.zeros_like(x) if x.shape else np.zeros_like(x)[()]
    return Value(zero, requires_grad=False) if lifted else zero
