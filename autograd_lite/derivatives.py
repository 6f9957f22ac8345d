"""Derivatives of many results at once, and second derivatives: `jacobian`, `hessian`, `hvp`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from . import batching as batching  # fills the table of what functions do with a Batch
from .batch import BATCHED_RULES, Batch
from .graph import Node, ancestors, backpropagate, towards
from .primitive import Results
from .state import current_state
from .transforms import NAMES, grad
from .tree import flatten
from .value import Value
from .variables import Argnums, Variables, check_use, name_of, pull_back, results_of, transforming

# How many numbers the rows of the largest array on the way may have together: 2 MB of float64, which a cache holds.
MOST_NUMBERS = 1 << 18
# The same for constants, such as weights. Few rules multiply each row with all of them, but one may: at most 256 MB.
MOST_WITH_CONSTANTS = 1 << 25
# A column costs as much as this many rows: its pass goes through the backward pass, which is longer than the graph.
COLUMN_COST = 4


def jacobian(function: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """All derivatives of all results, as a function of the same arguments.

    The rows of the Jacobian are computed together, one backward pass for all, in blocks that bound the memory; or the
    columns, if the arguments have far fewer elements than the result.

    Args:
        function: takes arrays, modules, or trees of them; returns an array, or a tree of arrays.
        argnums: which positional arguments to differentiate, by default the first.

    Returns:
        A function that returns the Jacobian: of a result y and an argument x it has the shape `y.shape + x.shape` and
        the dtype of x. Trees are nested, first the structure of the result and inside of it that of the argument.
        For complex y and real x it is the complex ∂y/∂x; for real y and complex x each row is what `grad` gives.

    Raises:
        TypeError: an argument is not floating, the result is no array, or both are complex: then a derivative is a
            matrix of complex numbers only for holomorphic functions.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> ag.jacobian(lambda x: np.stack([x[0] * x[1], x[0] ** 2]))(np.array([2.0, 3.0]))
        array([[3., 2.],
               [4., 0.]])
    """
    check_use("ag.jacobian(f)(x)", function, argnums)

    @wraps(function, assigned=NAMES, updated=())
    def derivative(*args: Any, **kwargs: Any) -> Any:
        variables = Variables(function, args, argnums, kwargs)
        with transforming():
            leaves, rebuild = results_of(function(*variables.args, **kwargs), variables.function)
            blocks = [variables.like_arguments(_block(leaf.value, leaf.path, variables)) for leaf in leaves]
        return rebuild(blocks, True)

    return derivative


def _block(result: Any, path: str, variables: Variables) -> list[Any]:
    """The Jacobian of one result with respect to each variable."""
    shape = np.shape(result)
    if not (isinstance(result, Value) and result.requires_grad and result.size):
        blocks = [np.zeros_like(node.out, shape=(*shape, *node.out.shape))[()] for node in variables.nodes]
        return [Value(block, requires_grad=False) for block in blocks] if variables.lifted else blocks
    if result.dtype.kind == "c":
        for node, owner in zip(variables.nodes, variables.owners, strict=True):
            if node.out.dtype.kind == "c":
                raise TypeError(
                    f"the result{path} and {owner} are both complex, and then the derivative is no matrix of complex "
                    "numbers in general. Make x and y of x + 1j * y real arguments of their own, or ask for one "
                    "direction with ag.jvp or ag.vjp."
                )
    of_numpy = all(isinstance(x, _OF_NUMPY) for x in [result.data, *[node.out for node in variables.nodes]])
    if variables.lifted or not of_numpy:
        rows = _row_by_row(result, variables.nodes, variables.lifted)
    else:
        together = _rows_at_once(result.node, variables.nodes)
        few = COLUMN_COST * sum(node.out.size for node in variables.nodes) < result.size
        rows = _columns(result, variables.nodes) if few and together > 1 else _rows(result, variables.nodes, together)
    blocks = [np.reshape(block, (*shape, *node.out.shape)) for block, node in zip(rows, variables.nodes, strict=True)]
    return blocks if variables.lifted else [block[()] for block in blocks]  # one number as a scalar of NumPy


def _units(result: Value) -> tuple[complex, ...]:
    """The cotangents of which each element of a result needs one: for its real part, and for its imaginary part."""
    return (1, 1j) if result.dtype.kind == "c" else (1,)


def _row_by_row(result: Value, targets: list[Node], lifted: bool) -> list[Any]:
    """Row by row, in the library of the arrays; `lifted`: each recorded, so that they can be differentiated again."""
    blocks: list[list[Any]] = [[] for _ in targets]
    for i in range(result.size):
        parts = []
        for unit in _units(result):
            cotangent = np.zeros_like(result.data)
            cotangent[np.unravel_index(i, result.shape)] = unit
            parts.append(pull_back([result], [cotangent], targets, lifted))
        for block, *row in zip(blocks, *parts, strict=True):
            block.append(row[0] if len(row) == 1 else row[0] + 1j * row[1])
    return [np.stack(block) for block in blocks]


_OF_NUMPY = (np.ndarray, np.generic, Results)


def _rows_at_once(root: Any, targets: list[Node]) -> int:
    """How many rows go through the graph between `root` and the targets together."""
    if root.out.size < 3 or current_state().observer is not None:
        return 1
    largest = largest_constant = 1
    on_the_way = towards(set(targets), ancestors([root]))
    for node in on_the_way:
        out = node.out
        if node.hooks or not isinstance(out, _OF_NUMPY):
            return 1  # a hook is to see one gradient; of other kinds of arrays there may be no batch
        largest = max(largest, *[x.size for x in out]) if isinstance(out, Results) else max(largest, out.size)
        for x in node.args:
            if type(x) is np.ndarray and x.size > largest_constant:
                largest_constant = x.size
    return max(1, min(MOST_NUMBERS // largest, MOST_WITH_CONSTANTS // largest_constant))


def _rows(result: Value, targets: list[Node], together: int) -> list[Any]:
    """The gradients of each element of a result: arrays of shape `(result.size, *target.shape)`."""
    root, count = result.node, result.size
    assert root is not None
    blocks = []
    for unit in _units(result):
        rows = [np.zeros((count, *node.out.shape), node.out.dtype) for node in targets]
        for start in range(0, count, together):
            stop = min(start + together, count)
            seeds = np.zeros((stop - start, count), result.dtype)
            seeds[np.arange(stop - start), np.arange(start, stop)] = unit
            seeds = seeds.reshape(stop - start, *result.shape)
            if together > 1:
                found = backpropagate(root, Batch(seeds), targets, rules=BATCHED_RULES)
            else:
                found = backpropagate(root, seeds[0], targets)
            for block, node in zip(rows, targets, strict=True):
                gradient = found.get(node)
                if gradient is not None:
                    block[start:stop] = gradient.rows if isinstance(gradient, Batch) else gradient
        blocks.append(rows)
    return blocks[0] if len(blocks) == 1 else [real + 1j * imaginary for real, imaginary in zip(*blocks, strict=True)]


def _columns(result: Value, targets: list[Node]) -> list[Any]:
    """The same by columns: the rows of the pullback, which is linear in its cotangent."""
    cotangent: Any = Value(np.ones_like(result.data))
    blocks = []
    for gradient, node in zip(pull_back([result], [cotangent], targets, lifted=True), targets, strict=True):
        shape = (gradient.size, result.size)
        if not (gradient.requires_grad and gradient.size):
            columns = np.zeros(shape)
        else:
            columns = _rows(gradient, [cotangent.node], _rows_at_once(gradient.node, [cotangent.node]))[0].reshape(
                shape
            )
        kind = np.result_type(node.out, *([np.complex64] if result.dtype.kind == "c" else []))
        blocks.append(columns.T.astype(kind, order="C"))
    return blocks


def hessian(function: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """All second derivatives of a scalar function: the `jacobian` of its `grad`.

    Args:
        function: as for `grad`.
        argnums: which positional arguments to differentiate, by default the first.

    Returns:
        A function that returns arrays of shape `x.shape + x.shape`. For trees it is a tree of trees, and a tuple of
        tuples if `argnums` is a sequence: `hessian(f, (0, 1))(x, y)[0][1]` is ∂²f/∂x∂y, of `x.shape + y.shape`.

    Raises:
        TypeError, ValueError: as `grad` does; an argument is complex.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> ag.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
        array([[4., 2.],
               [2., 0.]])
    """
    check_use("ag.hessian(f)(x)", function, argnums)
    return jacobian(grad(function, argnums), argnums)


def hvp(function: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """Products of the Hessian of a scalar function with vectors, without making the matrix.

    One costs a few times as much as a gradient.

    Args:
        function: as for `grad`.
        argnums: which positional arguments to differentiate, by default the first.

    Returns:
        A function that takes the same arguments and, behind the last differentiated one, a vector in its structure
        and shapes (a tuple of them if `argnums` is a sequence), and returns the product likewise. This is what
        `scipy.optimize.minimize(f, x, jac=ag.grad(f), hessp=ag.hvp(f))` calls.

    Raises:
        TypeError: there is no vector, it has another structure, or as `grad` does.
        ValueError: the vector has another shape than its argument, or as `grad` does.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> ag.hvp(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
        array([4., 2.])
    """
    check_use("ag.hvp(f)(x, v)", function, argnums)
    gradient = grad(function, argnums)
    numbers = argnums if isinstance(argnums, Sequence) else (argnums,)

    @wraps(function, assigned=NAMES, updated=())
    def product(*args: Any, **kwargs: Any) -> Any:
        count = len(args) - 1
        if count < 1 or not numbers or any(not -count <= number < count for number in numbers):
            raise TypeError(
                f"hvp of {name_of(function)} with argnums={argnums} takes the arguments of the function and, behind "
                f"the last one that is differentiated, a vector; it was called with {len(args)} arguments."
            )
        place = max(number % count for number in numbers) + 1
        vector, args = args[place], (*args[:place], *args[place + 1 :])
        variables = Variables(function, args, argnums, kwargs, vector)
        directions = variables.directions(vector, "vector")
        with transforming():
            leaves, _ = flatten(gradient(*variables.args, **kwargs))
            # the Hessian is symmetric, so that pulling a vector back through it is the product
            products = pull_back([leaf.value for leaf in leaves], directions, variables.nodes, variables.lifted)
        return variables.like_arguments(products)

    return product
