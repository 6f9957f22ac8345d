"""Functions that move elements about."""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import case, complex_sample, sample, strided, weights_for

case("reshape", lambda np, x: np.reshape(x, (3, 2)), (2, 3))
case("reshape -1", lambda np, x: np.reshape(x, (-1,)), (2, 3))
case("reshape scalar", lambda np, x: np.reshape(x, (1, 1)), ())
case("reshape F", lambda np, x: np.reshape(x, (3, 2), order="F"), (2, 3))
case("reshape copy", lambda np, x: np.reshape(x, (3, 2), copy=True), (2, 3))
case("reshape of nothing", lambda np, x: np.reshape(x, (3, 0)) * np.sum(x), (0, 2))
case("reshape complex", lambda np, z: np.reshape(z, (3, 2)), complex_sample((2, 3)))
case("reshape of a cut", lambda np, x: np.reshape(x, -1), strided(2, 3))
case("reshape A", lambda np, x: np.reshape(x, (3, 2), order="A"), sample((3, 2)).T)
for _order in "CFAK":

    def _ravel(np: Any, x: Any, order: str = _order) -> Any:
        return np.ravel(x, order=order)

    case(f"ravel {_order}", _ravel, (2, 3))
    case(f"ravel {_order} transposed", _ravel, np.transpose(sample((2, 3, 2)), (2, 0, 1)))
    case(f"ravel {_order} of a cut", _ravel, np.asfortranarray(sample((4, 3)))[::2])
case("transpose", lambda np, x: np.transpose(x), (2, 3))
case("transpose axes", lambda np, x: np.transpose(x, (2, 0, 1)), (2, 3, 2))
case("transpose negative axes", lambda np, x: np.transpose(x, (-1, 0, -2)), (2, 3, 2))
case("transpose of a vector by number", lambda np, x: np.transpose(x, (0,)), (3,))
case("matrix_transpose", lambda np, x: np.matrix_transpose(x), (2, 3, 2))
case("swapaxes", lambda np, x: np.swapaxes(x, 0, -1), (2, 3, 2))
case("moveaxis", lambda np, x: np.moveaxis(x, 0, -1), (2, 3, 2))
case("moveaxis pairs", lambda np, x: np.moveaxis(x, (0, 1), (-1, 0)), (2, 3, 2))
case("squeeze", lambda np, x: np.squeeze(x), (1, 3, 1))
case("squeeze axis", lambda np, x: np.squeeze(x, axis=0), (1, 3, 1))
case("expand_dims", lambda np, x: np.expand_dims(x, 1), (2, 3))
case("expand_dims axes", lambda np, x: np.expand_dims(x, (0, -1)), (2, 3))
case("broadcast_to", lambda np, x: np.broadcast_to(x, (4, 2, 3)), (2, 1))
case("full_like", lambda np, x: np.full_like(x, 2.0) * np.full_like(x, x[0], shape=(2, 1)) * x, (3,))
case("broadcast_arrays", lambda np, x, y: np.broadcast_arrays(x, y), (2, 1), (3,))
case("broadcast_arrays with a constant", lambda np, x: np.broadcast_arrays(x, np.zeros((2, 3)))[:1], (3,))
case("broadcast_arrays of one", lambda np, x: np.broadcast_arrays(x), (2, 3))
case("meshgrid", lambda np, x, y: np.meshgrid(x, y), (2,), (3,))
case("meshgrid of one", lambda np, x: np.meshgrid(x), (3,))
case("meshgrid of three", lambda np, x, y, z: np.meshgrid(x, y, z), (2,), (3,), (2,))
case("meshgrid ij", lambda np, x, y: np.meshgrid(x, y, indexing="ij"), (2,), (3,))
case("meshgrid sparse", lambda np, x, y: np.meshgrid(x, y, sparse=True, copy=False), (2,), (3,))
case("meshgrid of a number", lambda np, x, y: np.meshgrid(x, y), (), (3,))
case("ix_", lambda np, x, y: np.ix_(x, y), (2,), (3,))
case("broadcast_to of a scalar", lambda np, x: np.broadcast_to(x, (2, 3)), ())
case("flip", lambda np, x: np.flip(x), (2, 3))
case("flip axes", lambda np, x: np.flip(x, (0, -1)), (2, 3, 2))
case("fliplr", lambda np, x: np.fliplr(x), (2, 3))
case("flipud", lambda np, x: np.flipud(x), (2, 3))
case("roll", lambda np, x: np.roll(x, 2), (2, 3))
case("roll axis", lambda np, x: np.roll(x, -1, axis=1), (2, 3))
case("roll axes", lambda np, x: np.roll(x, (1, 2), axis=(0, 1)), (2, 3))
case("rollaxis", lambda np, x: np.rollaxis(x, 2), (2, 3, 4))
case("rollaxis behind", lambda np, x: np.rollaxis(x, 0, 3), (2, 3, 4))
case("rollaxis between", lambda np, x: np.rollaxis(x, -1, -2), (2, 3, 4))
for _k in range(-1, 4):
    case(f"rot90 {_k}", lambda np, x, k=_k: np.rot90(x, k), (2, 3))
    case(f"rot90 {_k} axes", lambda np, x, k=_k: np.rot90(x, k, axes=(2, 0)), (2, 3, 4))
case("concatenate", lambda np, x, y: np.concatenate([x, y]), (2, 3), (1, 3))
case("concatenate axis -1", lambda np, x, y: np.concatenate([x, y], axis=-1), (2, 3), (2, 1))
case("concatenate flat", lambda np, x, y: np.concatenate([x, y], axis=None), (2, 3), (2,))
case("concatenate with itself", lambda np, x: np.concatenate([x, x, 2 * x]), (3,))
case("concatenate a constant", lambda np, x: np.concatenate([x, weights_for((2, 3))]), (2, 3))
case("concatenate complex", lambda np, x, z: np.concatenate([x, z]), (2,), complex_sample((3,)))
case("concatenate dtype", lambda np, x: np.concatenate([x, x], dtype=complex), (2,))
case("stack", lambda np, x, y: np.stack([x, y]), (2, 3), (2, 3))
case("stack axis -1", lambda np, x, y: np.stack([x, y], axis=-1), (2, 3), (2, 3))
case("stack scalars", lambda np, x, y: np.stack([x, y, x * y]), (), ())
case("vstack", lambda np, x, y: np.vstack([x, y]), (3,), (2, 3))
case("hstack", lambda np, x, y: np.hstack([x, y]), (3,), (2,))
case("hstack of matrices", lambda np, x, y: np.hstack([x, y]), (2, 3), (2, 1))
case("dstack", lambda np, x, y: np.dstack([x, y]), (2, 3), (2, 3))
case("column_stack", lambda np, x, y: np.column_stack([x, y]), (2,), (2, 3))
case("append", lambda np, x, y: np.append(x, y), (2, 2), (3,))
case("append a number", lambda np, x: np.append(x, 1.0), (2, 2))
case("append axis", lambda np, x, y: np.append(x, y, axis=0), (2, 2), (1, 2))
case("atleast_1d", lambda np, x: np.atleast_1d(x), ())
case("atleast_2d", lambda np, x: np.atleast_2d(x), (3,))
case("atleast_3d", lambda np, x, y: np.atleast_3d(x, y), (3,), (2, 3))
case("block", lambda np, x, y: np.block([[x, x], [y, np.zeros((1, 3))]]), (2, 2), (1, 1))
case("block of a row", lambda np, x, y: np.block([x, 1.0, y]), (2,), ())
case("block of rows", lambda np, x, y: np.block([[x], [y]]), (3,), (2, 3))
case("block of matrices", lambda np, x, y: np.block([x, y]), (2, 3), (2, 1))
case("block of one", lambda np, x: np.block(x), (2, 3))
case("block three deep", lambda np, x: np.block([[[x, x]], [[2 * x, x]]]), (2, 2))
case("dsplit", lambda np, x: np.dsplit(x, [1]), (2, 2, 3))
case("split", lambda np, x: np.split(x, 2), (4, 3))
case("split at", lambda np, x: np.split(x, [1, 3], axis=1), (2, 4))
case("array_split", lambda np, x: np.array_split(x, 3, axis=-1), (2, 4))
case("hsplit", lambda np, x: np.hsplit(x, 2), (2, 4))
case("vsplit", lambda np, x: np.vsplit(x, 2), (4, 3))
case("unstack", lambda np, x: np.unstack(x, axis=1), (2, 3))
case("repeat", lambda np, x: np.repeat(x, 2), (2, 2))
case("repeat axis", lambda np, x: np.repeat(x, 2, axis=-1), (2, 2))
case("repeat a scalar along its axis", lambda np, x: np.repeat(x, 2, axis=0), ())
case("repeat 0", lambda np, x: np.repeat(x, 0) * np.sum(x), (2,))
case("repeat middle", lambda np, x: np.repeat(x, 3, axis=1), (2, 2, 2))
case("repeat counts", lambda np, x: np.repeat(x, [2, 0, 3], axis=0), (3, 2))
case("tile", lambda np, x: np.tile(x, 2), (2, 3))
case("tile more axes", lambda np, x: np.tile(x, (2, 1, 2)), (2, 3))
case("tile a scalar", lambda np, x: np.tile(x, 3), ())
case("resize", lambda np, x: np.resize(x, (3, 3)), (2, 2))
case("resize smaller", lambda np, x: np.resize(x, 3), (2, 2))
case("resize a scalar", lambda np, x: np.resize(x, (2, 2)), ())
case("windows", lambda np, x: np.lib.stride_tricks.sliding_window_view(x, 3), (5,))
case("windows of a matrix", lambda np, x: np.lib.stride_tricks.sliding_window_view(x, (2, 3)), (3, 4))
case("windows along axes", lambda np, x: np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(-1, 0)), (3, 2, 4))
case(
    "windows of windows",
    lambda np, x: np.lib.stride_tricks.sliding_window_view(x, (2, 3), axis=(1, 1)),
    (2, 5),
)
case("pad", lambda np, x: np.pad(x, 1), (2, 3))
case("pad sides", lambda np, x: np.pad(x, ((1, 0), (0, 2)), constant_values=7.0), (2, 3))
_PADS: dict[str, dict[str, Any]] = {
    "edge": {}, "reflect": {}, "symmetric": {}, "wrap": {}, "linear_ramp": {}, "maximum": {}, "minimum": {}, "mean": {},
    "median": {}, "linear_ramp ends": {"end_values": ((1.0, 2.0), (3.0, 4.0))}, "mean length": {"stat_length": 2},
    "maximum lengths": {"stat_length": ((2, 1), (4, 3))}, "minimum length": {"stat_length": (3,)},
    "reflect odd": {"reflect_type": "odd"}, "symmetric odd": {"reflect_type": "odd"},
    "constant": {"constant_values": (1, 2)},
}  # fmt: skip
for _name, _options in _PADS.items():

    def _pad(np: Any, x: Any, mode: str = _name.split()[0], options: dict[str, Any] = _options) -> Any:
        return np.pad(x, ((1, 2), (2, 0)), mode=mode, **options)

    case(f"pad {_name}", _pad, (3, 4), exact=_name.split()[0] in ("constant", "edge", "reflect", "symmetric", "wrap"))
case("pad wrap over twice", lambda np, x: np.pad(x, 4, mode="wrap"), (3,))
case("pad reflect odd, wide", lambda np, x: np.pad(x, (5, 11), mode="reflect", reflect_type="odd"), (3,), exact=False)
case(
    "pad symmetric odd, wide", lambda np, x: np.pad(x, (7, 8), mode="symmetric", reflect_type="odd"), (3,), exact=False
)
case("pad reflect odd, one element", lambda np, x: np.pad(x, 2, mode="reflect", reflect_type="odd"), (1,))
if np.lib.NumpyVersion(np.__version__) >= "2.4.0":
    case("pad an axis by name", lambda np, x: np.pad(x, {-1: (1, 2)}), (2, 3))
case("pad a cube", lambda np, x: np.pad(x, ((0, 0), (1, 0), (2, 1)), mode="symmetric"), (2, 2, 2))
case("pad by nothing", lambda np, x: np.pad(x, 0, mode="edge"), (2, 3))
case("pad complex", lambda np, z: np.pad(z, 1, mode="reflect", reflect_type="odd"), complex_sample((3,)))
case("pad with a value", lambda np, x, c: np.pad(x, ((1, 0), (0, 2)), constant_values=c), (2, 3), ())
case("pad with two values", lambda np, x, c, d: np.pad(x, 2, constant_values=(c, d)), (2,), (), ())
case("pad with values", lambda np, x, c: np.pad(x, 1, constant_values=c), (2, 3), (2, 2))
case("pad a ramp to values", lambda np, x, c: np.pad(x, (2, 3), "linear_ramp", end_values=c), (3,), (2,), exact=False)


def _with_means(vector: Any, width: Any, axis: int, options: dict[str, Any]) -> None:
    inner = vector[width[0] : len(vector) - width[1]]
    vector[: width[0]] = inner.mean() * options["times"]
    vector[len(vector) - width[1] :] = inner.sum()


case("pad by a function", lambda np, x: np.pad(x, ((1, 2), (2, 1)), _with_means, times=3), (2, 3), exact=False)
case("tril", lambda np, x: np.tril(x), (3, 3))
case("triu k", lambda np, x: np.triu(x, 1), (2, 3, 3))
case("tril of a vector", lambda np, x: np.tril(x), (3,))
case("diag of a vector", lambda np, x: np.diag(x), (3,))
case("diag of a vector k", lambda np, x: np.diag(x, -1), (3,))
case("diag of a matrix", lambda np, x: np.diag(x, 1), (3, 4))
case("diagflat", lambda np, x: np.diagflat(x, 1), (2, 2))
case("diagonal", lambda np, x: np.diagonal(x, 1, 0, 2), (2, 3, 4))
case("trace", lambda np, x: np.trace(x), (3, 4))
case("trace axes", lambda np, x: np.trace(x, offset=-1, axis1=2, axis2=1), (2, 3, 4))
case("trace dtype", lambda np, x: np.trace(x, dtype=complex), (3, 4))
case("copy", lambda np, x: np.copy(x) * np.array(2.0), (2, 3))
case("copy F", lambda np, x: np.copy(x, order="F"), (2, 3))
case("astype", lambda np, x: np.astype(x, complex) * np.astype(x, x.dtype, copy=False), (2, 3))
case("astype complex", lambda np, x: x.astype(complex) * (1 + 2j), (2, 3))
case("view of complex", lambda np, z: z.view(z.real.dtype), complex_sample((2, 3)))
case("view of pairs", lambda np, x: x.view(np.result_type(x.dtype, np.complex64)), (2, 4))
