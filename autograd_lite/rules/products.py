"""Derivatives of products of vectors and matrices, and `einsum`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitive import composed, defvjp, defvjp_joint, plain, primitive
from .elementwise import conj


def transposed(x: Any) -> Any:
    """Every matrix transposed."""
    return np.swapaxes(x, -1, -2)


def _column(x: Any) -> Any:
    return np.expand_dims(x, -1)


def _row(x: Any) -> Any:
    return np.expand_dims(x, -2)


def _matmul_left(g: Any, out: Any, x: Any, y: Any) -> Any:
    if y.ndim == 1:  # out[..., i] = sum_k x[..., i, k] y[k], or the inner product of two vectors
        return _column(g) * y
    if x.ndim == 1:  # out[..., j] = sum_k x[k] y[..., k, j]
        return np.squeeze(y @ _column(g), -1)
    return g @ transposed(y)


def _matmul_right(g: Any, out: Any, x: Any, y: Any) -> Any:
    if x.ndim == 1:
        return x * g if y.ndim == 1 else _column(x) * _row(g)
    if y.ndim == 1:
        return np.squeeze(transposed(x) @ _column(g), -1)
    return transposed(x) @ g


defvjp(np.matmul, _matmul_left, _matmul_right)
defvjp(np.vecdot, lambda g, out, x, y: conj(_column(g) * y), lambda g, out, x, y: _column(g) * conj(x))
defvjp(
    np.matvec,
    lambda g, out, x, y: _column(g) * _row(y),
    lambda g, out, x, y: np.squeeze(transposed(x) @ _column(g), -1),
)
defvjp(
    np.vecmat,
    lambda g, out, x, y: conj(np.squeeze(y @ _column(g), -1)),
    lambda g, out, x, y: _column(conj(x)) * _row(g),
)


@composed(np.dot)
def _dot(a: Any, b: Any) -> Any:
    if not np.ndim(a) or not np.ndim(b):
        return _scaled(a, b)
    return np.matmul(a, b) if np.ndim(b) <= 2 else np.tensordot(a, b, (-1, -2))


def _scaled(a: Any, b: Any) -> Any:
    """The product with a scalar, of which Python's own count as arrays here: a float makes float32 float64."""
    return np.multiply(*[x if hasattr(x, "dtype") else np.asarray(x)[()] for x in (a, b)])


@composed(np.inner)
def _inner(a: Any, b: Any, /) -> Any:
    if not np.ndim(a) or not np.ndim(b):
        return _scaled(a, b)
    return np.dot(a, b) if np.ndim(a) == np.ndim(b) == 1 else np.tensordot(a, b, (-1, -1))


@composed(np.outer)
def _outer(a: Any, b: Any) -> Any:
    return _column(np.ravel(a)) * np.ravel(b)


@composed(np.kron)
def _kron(a: Any, b: Any) -> Any:
    shape_a, shape_b = np.shape(a), np.shape(b)
    ndim = max(len(shape_a), len(shape_b))
    shape_a, shape_b = ((1,) * (ndim - len(shape)) + shape for shape in (shape_a, shape_b))
    blocks = np.reshape(a, [n for size in shape_a for n in (size, 1)]) * np.reshape(
        b, [n for size in shape_b for n in (1, size)]
    )
    return np.reshape(blocks, [n * k for n, k in zip(shape_a, shape_b, strict=True)])


@primitive
def cross(x: Any, y: Any) -> Any:
    """The vector products along the last axes; of two vectors in the plane only its third component."""
    return np.cross(x, y)


def _in_space(x: Any) -> Any:
    """Vectors in the plane as vectors in space."""
    return np.concatenate([x, np.zeros_like(x[..., :1])], -1) if x.shape[-1] == 2 else x


def _cross(g: Any, x: Any, y: Any, towards_x: bool) -> Any:
    if x.shape[-1] == y.shape[-1] == 2:
        zero = np.zeros_like(g)
        g = np.stack([zero, zero, g], -1)
    if towards_x:
        return cross(_in_space(y), g)[..., : x.shape[-1]]
    return cross(g, _in_space(x))[..., : y.shape[-1]]


defvjp(cross, lambda g, out, x, y: _cross(g, x, y, True), lambda g, out, x, y: _cross(g, x, y, False))


@composed(np.cross)
def _cross_spelled(a: Any, b: Any, axisa: Any = -1, axisb: Any = -1, axisc: Any = -1, axis: Any = None) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    shape_a, shape_b = np.shape(a), np.shape(b)
    if not shape_a or not shape_b:
        raise ValueError(f"np.cross needs an axis of components on both sides; the shapes are {shape_a}, {shape_b}")
    product = cross(np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1))
    return np.moveaxis(product, -1, axisc) if 3 in (shape_a[axisa], shape_b[axisb]) else product


# the first vector is conjugated, and both are read in C order
defvjp(
    np.vdot,
    lambda g, out, a, b: np.reshape(conj(g * b), np.shape(a)),
    lambda g, out, a, b: np.reshape(g * conj(a), np.shape(b)),
)


@composed(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    if isinstance(axes, int | np.integer):
        axes = (range(-int(axes), 0), range(int(axes)))
    left, right = ([int(i) for i in np.atleast_1d(x)] for x in axes)
    shape_a, shape_b = np.shape(a), np.shape(b)
    if [shape_a[i] for i in left] != [shape_b[i] for i in right]:
        raise ValueError(
            f"np.tensordot of shapes {shape_a} and {shape_b}: axes {left} and {right} must be equally long, they are "
            f"{[shape_a[i] for i in left]} and {[shape_b[i] for i in right]}."
        )
    left, right = [i % len(shape_a) for i in left], [i % len(shape_b) for i in right]
    free_a = [i for i in range(len(shape_a)) if i not in left]
    free_b = [i for i in range(len(shape_b)) if i not in right]
    inner = int(np.prod([shape_a[i] for i in left]))
    rows = int(np.prod([shape_a[i] for i in free_a]))
    columns = int(np.prod([shape_b[i] for i in free_b]))
    product = np.reshape(np.transpose(a, free_a + left), (rows, inner)) @ np.reshape(
        np.transpose(b, right + free_b), (inner, columns)
    )
    return np.reshape(product, [shape_a[i] for i in free_a] + [shape_b[i] for i in free_b])


# ---- einsum ----


@primitive
def einsum(*operands: Any, subscripts: str, optimize: Any = False) -> Any:
    """Sums of products by Einstein's notation, with every index written out: no `...`, and a `->`."""
    return np.einsum(subscripts, *operands, optimize=optimize)


def _einsum(g: Any, out: Any, *operands: Any, subscripts: str, optimize: Any = False) -> list[Any]:
    inputs, result = subscripts.split("->")
    terms = inputs.split(",")
    if isinstance(optimize, list | tuple) and optimize[0] == "einsum_path":  # made for the operands of this call
        optimize = True
    return [_einsum_share(g, i, terms, result, operands, optimize) for i in range(len(operands))]


def _einsum_share(g: Any, i: int, terms: list[str], result: str, operands: tuple[Any, ...], optimize: Any) -> Any:
    """The gradient of operand `i` is again an einsum, of `g` and of all the other operands."""
    term, shape = terms[i], np.shape(operands[i])
    others = [t for j, t in enumerate(terms) if j != i]
    factors = [operand for j, operand in enumerate(operands) if j != i]
    axes = "".join(terms), [n for operand in operands for n in np.shape(operand)]
    longer = {letter for letter, n in zip(*axes, strict=True) if n != 1}
    fresh = iter(sorted(set(_LETTERS) - set("".join(terms) + result)))
    wanted, broadcast = "", []
    for axis, letter in enumerate(term):
        if shape[axis] == 1 and letter in longer:  # one element for all places along an axis that others have
            broadcast.append(axis)
            continue
        if letter in wanted:  # a repeated index reads a diagonal, so its gradient lies on the diagonal
            twin = next(fresh)
            others.append(letter + twin)
            factors.append(np.diag(np.ones_like(g, shape=(shape[axis],))))
            letter = twin
        elif not any(letter in t for t in (result, *others)):  # summed alone: every element gets the same
            others.append(letter)
            factors.append(np.ones_like(g, shape=(shape[axis],)))
        wanted += letter
    share = np.einsum(f"{','.join([result, *others])}->{wanted}", g, *factors, optimize=optimize)
    share = np.expand_dims(share, broadcast) if broadcast else share
    return share if share.shape == shape else np.broadcast_to(share, shape)  # the others have one element for all


defvjp_joint(einsum, _einsum)
plain([np.einsum_path])

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # in einsum's own order


@composed(np.einsum)
def _einsum_spelled(*operands: Any, optimize: Any = False) -> Any:
    if isinstance(operands[0], str):
        subscripts, arrays = operands[0].replace(" ", ""), list(operands[1:])
    else:  # einsum(a, [0, 1], b, [1, 2], [0, 2])
        arrays = list(operands[: len(operands) // 2 * 2 : 2])
        lists = operands[1::2][: len(arrays)]
        subscripts = ",".join(_spelled(sublist) for sublist in lists)
        if len(operands) % 2:
            subscripts += "->" + _spelled(operands[-1])
    terms, arrow, result = subscripts.partition("->")
    inputs = terms.split(",")
    if len(inputs) != len(arrays):
        raise ValueError(f"np.einsum of {subscripts!r} names {len(inputs)} operands but got {len(arrays)}")
    if "." in subscripts:
        inputs, result = _without_ellipsis(inputs, arrow, result, [np.ndim(a) for a in arrays])
    elif not arrow:
        joined = "".join(inputs)
        result = "".join(sorted(letter for letter in set(joined) if joined.count(letter) == 1))
    return einsum(*arrays, subscripts=f"{','.join(inputs)}->{result}", optimize=optimize)


def _spelled(sublist: Any) -> str:
    return "".join("..." if item is ... else _LETTERS[item] for item in sublist)


def _without_ellipsis(inputs: list[str], arrow: str, result: str, ndims: list[int]) -> tuple[list[str], str]:
    letters = set("".join(inputs) + result) - {"."}
    if not arrow:
        joined = "".join(inputs)
        result = "..." + "".join(sorted(x for x in letters if joined.count(x) == 1))
    elif "..." not in result:
        raise ValueError(f"np.einsum of {','.join(inputs)}->{result}: the axes of '...' must be in the result")
    hidden = [ndim - len(t.replace("...", "")) if "..." in t else 0 for t, ndim in zip(inputs, ndims, strict=True)]
    names = [letter for letter in _LETTERS if letter not in letters][: max(hidden)]
    inputs = [t.replace("...", "".join(names[len(names) - n :])) for t, n in zip(inputs, hidden, strict=True)]
    return inputs, result.replace("...", "".join(names))
