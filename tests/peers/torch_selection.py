"""PyTorch under NumPy's names: choosing, joining, writing and the functions that call a function."""

import math
from types import SimpleNamespace

import numpy as np
import torch


def tensor(x):
    return x if isinstance(x, torch.Tensor) else torch.tensor(np.array(x))


def block(arrays):
    depth, first = 0, arrays
    while isinstance(first, list):
        depth, first = depth + 1, first[0]

    def joined(part, level):
        if isinstance(part, list):
            return torch.cat([joined(p, level + 1) for p in part], level - depth)
        part = tensor(part)
        return part.reshape((1,) * (depth - part.ndim) + tuple(part.shape))

    return joined(arrays, 0) if depth else arrays.clone()


def choose(places, choices, mode="raise"):
    choices = torch.stack(torch.broadcast_tensors(torch.tensor(places), *map(tensor, choices))[1:])
    places = {"raise": places, "wrap": places % len(choices), "clip": np.clip(places, 0, len(choices) - 1)}[mode]
    return torch.gather(choices, 0, torch.tensor(places)[None])[0]


def select(conditions, choices, default=0):
    result = tensor(default)
    for condition, choice in zip(conditions[::-1], choices[::-1], strict=True):
        result = torch.where(condition, choice, result)
    return result


def delete(x, places, axis=None):
    x, axis = (x.flatten(), 0) if axis is None else (x, axis)
    return torch.index_select(x, axis, torch.tensor(np.delete(np.arange(x.shape[axis]), places)))


def insert(x, places, values, axis=None):
    x, values = tensor(x), tensor(values)
    old = np.arange(x.numel()).reshape(x.shape)
    new = np.arange(values.numel()).reshape(values.shape) + x.numel()
    return torch.cat([x.flatten(), values.flatten()])[torch.tensor(np.insert(old, places, new, axis))]


def piecewise(x, conditions, functions, *args):
    conditions = conditions if isinstance(conditions, list) else [conditions]
    if len(functions) > len(conditions):
        conditions = [*conditions, ~torch.stack(conditions).any(0)]
    y = torch.zeros_like(x)
    for condition, function in zip(conditions, functions, strict=True):
        chosen = {np.sqrt: torch.sqrt, np.square: torch.square, np.exp: torch.exp}.get(function, function)
        if condition.any():
            y[condition] = chosen(x[condition], *args) if callable(chosen) else tensor(chosen).to(x.dtype)
    return y


def resize(x, shape):
    shape = shape if isinstance(shape, tuple) else (shape,)
    size = math.prod(shape)
    return x.flatten().repeat(-(-size // x.numel()))[:size].reshape(shape)


def rollaxis(x, axis, start=0):
    axis, start = axis % x.ndim, start + x.ndim if start < 0 else start
    return torch.movedim(x, axis, start - (axis < start))


def reshape(x, shape, order="C", copy=None):
    if order == "C":
        return torch.reshape(x, shape if isinstance(shape, tuple) else (shape,))
    if order != "F":
        raise NotImplementedError("PyTorch reads in the order of the axes")
    turned = x.permute(*reversed(range(x.ndim))).reshape(shape[::-1])
    return turned.permute(*reversed(range(turned.ndim)))


def apply_along_axis(function, axis, x, **options):
    x = x.movedim(axis, -1)
    rows = x.reshape(-1, x.shape[-1])
    results = torch.stack([function(row, **options) for row in rows])
    results = results.reshape(*x.shape[:-1], *results.shape[1:])
    inner = results.ndim - x.ndim + 1
    return results.movedim(tuple(range(x.ndim - 1, results.ndim)), tuple(range(axis % x.ndim, axis % x.ndim + inner)))


def compress(condition, x, axis=None):
    x, axis = (x.flatten(), 0) if axis is None else (x, axis)
    return torch.index_select(x, axis, torch.tensor(np.flatnonzero(condition)))


def unique(x, *also, axis=None):
    values = torch.sort(x.flatten())[0] if axis is None else x[torch.tensor(np.unique(x.detach(), True, axis=axis)[1])]
    return (values, *[None] * len(also)) if also else values


def windows(x, shape, axis=None):
    shape = shape if isinstance(shape, tuple) else (shape,)
    for n, a in zip(shape, range(x.ndim) if axis is None else axis, strict=True):
        x = x.unfold(a, n, 1)
    return x


def apply_over_axes(function, x, axes):
    for axis in axes:
        x = function(x, axis % x.ndim, keepdims=True)
    return x


# these write into the array, as NumPy's do
def put(x, places, values, mode="raise"):
    places = np.take(np.arange(x.numel()), np.ravel(places), mode=mode)
    if len(places) > len(set(places.tolist())):
        raise NotImplementedError("which of two writes to one place wins is not defined in PyTorch")
    x.view(-1)[torch.tensor(places)] = resize(values, len(places))


def place(x, mask, values):
    x[torch.tensor(mask)] = resize(values, int(mask.sum()))


def putmask(x, mask, values):
    x[torch.tensor(mask)] = resize(values, tuple(x.shape))[torch.tensor(mask)]


def put_along_axis(x, indices, values, axis):
    if axis is None:
        x.view(-1)[torch.tensor(indices)] = values
    else:
        x.scatter_(axis, torch.tensor(indices), values)


def fill_diagonal(x, values, wrap=False):
    mask = np.zeros(x.shape, bool)
    np.fill_diagonal(mask, True, wrap)
    place(x, mask, values)


def copyto(x, values, where=None):
    x.copy_(values if where is None else torch.where(where, values, x))


SELECTIONS = {
    "apply_along_axis": apply_along_axis,
    "apply_over_axes": apply_over_axes,
    "block": block,
    "broadcast_arrays": lambda *xs: torch.broadcast_tensors(*map(tensor, xs)),
    "choose": choose,
    "compress": compress,
    "copyto": copyto,
    "delete": delete,
    "diagflat": torch.diagflat,
    "dsplit": lambda x, n: torch.tensor_split(x, n, 2),
    "extract": lambda c, x: x[c],
    "fill_diagonal": fill_diagonal,
    "insert": insert,
    "ix_": lambda x, y: (x[:, None], y[None]),
    "lib": SimpleNamespace(stride_tricks=SimpleNamespace(sliding_window_view=windows)),
    "meshgrid": lambda *xs, indexing="xy": torch.meshgrid(*xs, indexing=indexing),
    "put_along_axis": put_along_axis,
    "partition": lambda x, k, axis=-1: torch.sort(x.flatten() if axis is None else x, 0 if axis is None else axis)[0],
    "piecewise": piecewise,
    "place": place,
    "put": put,
    "putmask": putmask,
    "ravel": lambda x, order="C": reshape(x, -1 if order == "C" else (x.numel(),), order),
    "reshape": reshape,
    "resize": resize,
    "rollaxis": rollaxis,
    "rot90": lambda x, k=1, axes=(0, 1): torch.rot90(x, k, axes),
    "select": select,
    "setdiff1d": lambda x, y, assume_unique=False: torch.sort(x[~torch.isin(x, y)])[0] if not assume_unique else x,
    "union1d": lambda x, y: torch.sort(torch.cat([x.flatten(), y.flatten()]))[0],
    "trace": lambda x, offset=0, axis1=0, axis2=1: torch.diagonal(x, offset, axis1, axis2).sum(-1),
    "unique": unique,
    "unique_all": lambda x: SimpleNamespace(values=unique(x)),
    "unique_counts": lambda x: SimpleNamespace(values=unique(x)),
    "unique_inverse": lambda x: [unique(x)],
    "unique_values": lambda x: x.flatten(),
}
