"""RNN, LSTM and GRU over a whole sequence: all steps in one kernel, each a product and a single pass over its gates.

What is one product over all steps stays NumPy's. Hidden units come last in memory, so that a step is a few rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit

import autograd_lite as ag
from autograd_lite.compile.kernels.access import load, store

from ..functional import recurrence
from .elementary import sigmoid, tanh

_ALL = range(8)  # results
_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_SINGLE = 1 << 18  # multiplications of a product that OpenBLAS does not divide among threads
_LARGEST = 1 << 20  # multiplications of a step above which the product is all that counts, and threads pay
_compiled = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})


def _fit(*arrays: Any) -> bool:
    """Whether all that there are are arrays of one dtype that the kernels are made for."""
    given = [x for x in arrays if x is not None]
    dtype = given[0].dtype
    return dtype in _FLOATS and all(type(x) is np.ndarray and x.dtype == dtype and x.size for x in given)


def _steps_fit(h0: Any, weight_hh: Any, *arrays: Any) -> bool:
    """Whether the kernels take these arrays, and a step is so small that they are faster."""
    return _fit(h0, weight_hh, *arrays) and len(h0) * weight_hh.size <= _LARGEST


@_compiled
def _multiply(x: Any, y: Any, out: Any) -> None:
    """Write x y, in products of so few rows that SciPy's BLAS takes no second thread: NumPy has threads of its own."""
    rows = max(1, _SINGLE // y.size)
    for start in range(0, len(x), rows):
        np.dot(x[start : start + rows], y, out[start : start + rows])


def _rows(x: Any) -> Any:
    return x.reshape(-1, x.shape[-1])


def _projected(x: Any, weight: Any) -> Any:
    """x Wᵀ for all steps."""
    return np.matmul(_rows(x), weight.T).reshape(*x.shape[:2], len(weight))


def _towards_inputs(slopes: Any, x: Any, weight: Any, number: int, wanted: Sequence[int]) -> tuple[Any, Any]:
    """The gradients of the inputs, and of their weight, which is the result of this number."""
    rows = _rows(slopes)
    return (
        (rows @ weight).reshape(x.shape) if 0 in wanted else None,
        rows.T @ _rows(x) if number in wanted else None,
    )


def _weight_of_states(slopes: Any, states: Any, first: Any, reverse: bool) -> Any:
    """The gradient of the weight that the state before each step is multiplied by."""
    now, before = (slopes[:-1], states[1:]) if reverse else (slopes[1:], states[:-1])
    gradient = slopes[-1 if reverse else 0].T @ first
    if len(now):
        gradient += _rows(now).T @ _rows(before)
    return gradient


# ---- RNN ----


@ag.replacement(recurrence.rnn_recurrence)
def rnn(
    x: Any, h0: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any, nonlinearity: str, reverse: bool
) -> Any:
    """All h, `(T, B, H)`."""
    if not _steps_fit(h0, weight_hh, x, weight_ih, bias_ih, bias_hh):
        return recurrence.rnn_recurrence.forward(x, h0, weight_ih, weight_hh, bias_ih, bias_hh, nonlinearity, reverse)
    h = _projected(x, weight_ih)
    bias = np.zeros(len(weight_ih), x.dtype) if bias_ih is None else bias_ih + bias_hh
    _rnn_steps(h, np.array(h0, order="C"), weight_hh.T.copy(), bias, nonlinearity == "tanh", reverse)
    return h


@_compiled
def _rnn_steps(h: Any, first: Any, weight: Any, bias: Any, is_tanh: Any, reverse: Any) -> None:
    time, batch, size = h.shape
    product, zero, state = np.empty((batch, size), h.dtype), h.dtype.type(0), first
    for step in range(time):
        t = time - 1 - step if reverse else step
        _multiply(state, weight, product)
        for b in range(batch):
            of, at = b * size, (t * batch + b) * size
            if is_tanh:
                for j in range(size):
                    new = load(h, 0, 3, at + j) + load(product, 1, 3, of + j) + load(bias, 2, 3, j)
                    store(h, 0, 3, at + j, tanh(new))
            else:
                for j in range(size):
                    new = load(h, 0, 3, at + j) + load(product, 1, 3, of + j) + load(bias, 2, 3, j)
                    store(h, 0, 3, at + j, zero if new < zero else new)
        state = h[t]


@ag.replacement(recurrence._rnn_vjp, wanted=True)
def rnn_vjp(
    g: Any,
    out: Any,
    x: Any,
    h0: Any,
    weight_ih: Any,
    weight_hh: Any,
    bias_ih: Any,
    bias_hh: Any,
    nonlinearity: str,
    reverse: bool,
    wanted: Sequence[int] = _ALL,
) -> Any:
    """The gradients of `rnn`."""
    if not _steps_fit(h0, weight_hh, x, weight_ih, bias_ih, bias_hh, g, out):
        return recurrence._rnn_vjp(g, out, x, h0, weight_ih, weight_hh, bias_ih, bias_hh, nonlinearity, reverse)
    h, slopes, dh = np.ascontiguousarray(out), np.empty(out.shape, out.dtype), np.zeros(h0.shape, out.dtype)
    bias, whh = np.zeros(len(weight_hh), out.dtype), np.ascontiguousarray(weight_hh)
    _rnn_back(np.ascontiguousarray(g), h, whh, slopes, dh, bias, nonlinearity == "tanh", reverse)
    dx, dw = _towards_inputs(slopes, x, weight_ih, 2, wanted)
    return dx, dh, dw, _weight_of_states(slopes, h, h0, reverse) if 3 in wanted else None, bias, bias


@_compiled
def _rnn_back(g: Any, h: Any, weight: Any, slopes: Any, dh: Any, bias: Any, is_tanh: Any, reverse: Any) -> None:
    time, batch, size = h.shape
    zero, one = h.dtype.type(0), h.dtype.type(1)
    for step in range(time):
        t = step if reverse else time - 1 - step
        for b in range(batch):
            of, at = b * size, (t * batch + b) * size
            for j in range(size):
                y = load(h, 0, 5, at + j)
                steep = one if y > zero else zero
                slope = (one - y * y) if is_tanh else steep
                slope = slope * (load(dh, 1, 5, of + j) + load(g, 2, 5, at + j))
                store(slopes, 3, 5, at + j, slope)
                store(bias, 4, 5, j, load(bias, 4, 5, j) + slope)
        _multiply(slopes[t], weight, dh)


# ---- LSTM ----


@ag.replacement(recurrence.lstm_recurrence)
def lstm(
    x: Any,
    h0: Any,
    c0: Any,
    weight_ih: Any,
    weight_hh: Any,
    bias_ih: Any,
    bias_hh: Any,
    weight_hr: Any,
    reverse: bool,
) -> tuple[Any, Any, Any]:
    """All h, `(T, B, H)`, all c, `(T, H, B)`, and the gates i, f, o, g, `(T, 4 H, B)`."""
    if weight_hr is not None or not _steps_fit(h0, weight_hh, x, c0, weight_ih, bias_ih, bias_hh):
        return recurrence.lstm_recurrence.forward(  # type: ignore[no-any-return]
            x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh, weight_hr, reverse
        )
    size = len(weight_hh) // 4
    gates = _projected(x, _candidate_last(weight_ih, size))
    bias = np.zeros(4 * size, x.dtype) if bias_ih is None else _candidate_last(bias_ih + bias_hh, size)
    h, c = np.empty((*x.shape[:2], size), x.dtype), np.empty((*x.shape[:2], size), x.dtype)
    recurrent = _candidate_last(weight_hh, size).T.copy()
    _lstm_steps(gates, np.array(h0, order="C"), np.array(c0, order="C"), recurrent, bias, h, c, reverse)
    return h, c.swapaxes(1, 2), gates.swapaxes(1, 2)


def _candidate_last(x: Any, size: int) -> Any:
    """The rows of i, f, g, o in the order i, f, o, g."""
    return np.concatenate((x[: 2 * size], x[3 * size :], x[2 * size : 3 * size]))


@_compiled
def _lstm_steps(gates: Any, first: Any, cell: Any, weight: Any, bias: Any, h: Any, c: Any, reverse: Any) -> None:
    """Turn what the inputs give to the gates into the gates, and write h and c; `cell` is the first c, and the last."""
    time, batch, size = h.shape
    product, half, state = np.empty((batch, 4 * size), h.dtype), h.dtype.type(0.5), first
    for step in range(time):
        t = time - 1 - step if reverse else step
        _multiply(state, weight, product)
        for b in range(batch):
            of, row = b * size, (t * batch + b) * size
            p, q = 4 * of, 4 * row
            for j in range(size):  # the four gates count as arrays of their own
                i = load(gates, 0, 9, q + j) + load(product, 4, 9, p + j) + load(bias, 5, 9, j)
                u, v = q + size + j, p + size + j
                f = load(gates, 1, 9, u) + load(product, 4, 9, v) + load(bias, 5, 9, size + j)
                u, v = u + size, v + size
                o = load(gates, 2, 9, u) + load(product, 4, 9, v) + load(bias, 5, 9, 2 * size + j)
                u, v = u + size, v + size
                new = load(gates, 3, 9, u) + load(product, 4, 9, v) + load(bias, 5, 9, 3 * size + j)
                i, f, o, new = sigmoid(i, half), sigmoid(f, half), sigmoid(o, half), tanh(new)
                store(gates, 0, 9, q + j, i)
                store(gates, 1, 9, q + size + j, f)
                store(gates, 2, 9, q + 2 * size + j, o)
                store(gates, 3, 9, q + 3 * size + j, new)
                value = f * load(cell, 6, 9, of + j) + i * new
                store(cell, 6, 9, of + j, value)
                store(c, 7, 9, row + j, value)
                store(h, 8, 9, row + j, o * tanh(value))
        state = h[t]


@ag.replacement(recurrence._lstm_vjp, wanted=True)
def lstm_vjp(
    g: Any,
    out: Any,
    x: Any,
    h0: Any,
    c0: Any,
    weight_ih: Any,
    weight_hh: Any,
    bias_ih: Any,
    bias_hh: Any,
    weight_hr: Any,
    reverse: bool,
    wanted: Sequence[int] = _ALL,
) -> Any:
    """The gradients of `lstm`."""
    (gh, gc, _), (h, c, gates) = g, out
    if weight_hr is not None or not _steps_fit(h0, weight_hh, x, c0, weight_ih, bias_ih, bias_hh, gh, gc, h, c):
        return recurrence._lstm_vjp(g, out, x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh, weight_hr, reverse)
    h, c, gates = np.ascontiguousarray(h), *[np.ascontiguousarray(y.swapaxes(1, 2)) for y in (c, gates)]
    dh = np.zeros(h.shape[1:], h.dtype)
    dc, slopes, bias = np.zeros_like(dh), np.empty_like(gates), np.zeros(gates.shape[-1], h.dtype)
    gh = np.zeros_like(h) if gh is None else np.ascontiguousarray(gh)
    gc = dh[:0, None] if gc is None else np.ascontiguousarray(gc.swapaxes(1, 2))
    given = np.ascontiguousarray(weight_hh), np.ascontiguousarray(c0)
    _lstm_back(gh, gc, gates, c, *given, dh, dc, slopes, bias, reverse)
    dx, dw = _towards_inputs(slopes, x, weight_ih, 3, wanted)
    return (
        dx,
        dh,
        dc,
        dw,
        _weight_of_states(slopes, h, h0, reverse) if 4 in wanted else None,
        bias,
        bias,
        None,
    )


@_compiled
def _lstm_back(
    gh: Any, gc: Any, gates: Any, c: Any, weight: Any, c0: Any, dh: Any, dc: Any, slopes: Any, bias: Any, reverse: Any
) -> None:
    """Write the gradients to what the nonlinearities of i, f, g, o got, and add up those of the bias."""
    time, batch, size = c.shape
    one, step = c.dtype.type(1), 1 if reverse else -1
    t = 0 if reverse else time - 1
    for past in range(time):
        before = c0 if past == time - 1 else c[t + step]
        now = c[t]
        if gc.size:
            for b in range(batch):
                for j in range(size):
                    dc[b, j] += gc[t, b, j]
        for b in range(batch):
            of, row = b * size, (t * batch + b) * size
            q = 4 * row
            for j in range(size):
                i, f = load(gates, 0, 11, q + j), load(gates, 0, 11, q + size + j)
                o, new = load(gates, 0, 11, q + 2 * size + j), load(gates, 0, 11, q + 3 * size + j)
                bent = tanh(load(now, 1, 11, of + j))
                dm = load(dh, 2, 11, of + j) + load(gh, 3, 11, row + j)
                carried = load(dc, 4, 11, of + j) + dm * o * (one - bent * bent)
                di = carried * new * i * (one - i)
                df = carried * load(before, 5, 11, of + j) * f * (one - f)
                dg = carried * i * (one - new * new)
                do = dm * bent * o * (one - o)
                store(dc, 4, 11, of + j, carried * f)
                store(slopes, 6, 11, q + j, di)
                store(slopes, 7, 11, q + size + j, df)
                store(slopes, 8, 11, q + 2 * size + j, dg)
                store(slopes, 9, 11, q + 3 * size + j, do)
            for j in range(4 * size):
                store(bias, 10, 11, j, load(bias, 10, 11, j) + load(slopes, 6, 11, q + j))
        _multiply(slopes[t], weight, dh)
        t += step


# ---- GRU ----


@ag.replacement(recurrence.gru_recurrence)
def gru(x: Any, h0: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any, reverse: bool) -> tuple[Any, Any]:
    """All h, `(T, B, H)`, and n, r, z and q = W_hn h + b_hn side by side, `(T, B, 4 H)`."""
    if not _steps_fit(h0, weight_hh, x, weight_ih, bias_ih, bias_hh):
        return recurrence.gru_recurrence.forward(  # type: ignore[no-any-return]
            x, h0, weight_ih, weight_hh, bias_ih, bias_hh, reverse
        )
    size = h0.shape[-1]
    projected = _projected(x, weight_ih)
    bias = np.zeros(4 * size, x.dtype)
    if bias_ih is not None:
        bias[: 3 * size] = bias_ih
        bias[: 2 * size] += bias_hh[: 2 * size]
        bias[3 * size :] = bias_hh[2 * size :]
    gates, h = np.empty((*x.shape[:2], 4 * size), x.dtype), np.empty((*x.shape[:2], size), x.dtype)
    _gru_steps(projected, np.array(h0, order="C"), weight_hh.T.copy(), bias, gates, h, reverse)
    return h, gates


@_compiled
def _gru_steps(inputs: Any, first: Any, weight: Any, bias: Any, gates: Any, h: Any, reverse: Any) -> None:
    time, batch, size = h.shape
    product, half, state = np.empty((batch, 3 * size), h.dtype), h.dtype.type(0.5), first
    for step in range(time):
        t = time - 1 - step if reverse else step
        _multiply(state, weight, product)
        for b in range(batch):
            of, row = b * size, (t * batch + b) * size
            p, given, q = 3 * of, 3 * row, 4 * row
            for j in range(size):
                r = load(inputs, 0, 9, given + j) + load(product, 1, 9, p + j) + load(bias, 2, 9, j)
                u, v, w = given + size + j, p + size + j, size + j
                z = load(inputs, 0, 9, u) + load(product, 1, 9, v) + load(bias, 2, 9, w)
                candidate = load(inputs, 0, 9, u + size) + load(bias, 2, 9, w + size)
                past = load(product, 1, 9, v + size) + load(bias, 2, 9, w + 2 * size)
                r, z = sigmoid(r, half), sigmoid(z, half)
                candidate = tanh(candidate + r * past)
                store(gates, 3, 9, q + j, candidate)
                store(gates, 4, 9, q + size + j, r)
                store(gates, 5, 9, q + 2 * size + j, z)
                store(gates, 6, 9, q + 3 * size + j, past)
                store(h, 7, 9, row + j, candidate + z * (load(state, 8, 9, of + j) - candidate))
        state = h[t]


@ag.replacement(recurrence._gru_vjp, wanted=True)
def gru_vjp(
    g: Any,
    out: Any,
    x: Any,
    h0: Any,
    weight_ih: Any,
    weight_hh: Any,
    bias_ih: Any,
    bias_hh: Any,
    reverse: bool,
    wanted: Sequence[int] = _ALL,
) -> Any:
    """The gradients of `gru`."""
    gh, (h, gates) = g[0], out
    if not _steps_fit(h0, weight_hh, x, weight_ih, bias_ih, bias_hh, gh, h, gates):
        return recurrence._gru_vjp(g, out, x, h0, weight_ih, weight_hh, bias_ih, bias_hh, reverse)
    size, dtype = h.shape[-1], h.dtype
    h, gates = np.ascontiguousarray(h), np.ascontiguousarray(gates)
    dh, bias = np.zeros(h.shape[1:], dtype), np.zeros(4 * size, dtype)
    towards_input = np.empty((*h.shape[:2], 3 * size), dtype)  # of r, z, n
    towards_state = np.empty((*h.shape[:2], 3 * size), dtype)  # of r, z, q
    given = np.ascontiguousarray(weight_hh), np.array(h0, order="C")
    _gru_back(np.ascontiguousarray(gh), h, gates, *given, dh, towards_input, towards_state, bias, reverse)
    dx, dw = _towards_inputs(towards_input, x, weight_ih, 2, wanted)
    return (
        dx,
        dh,
        dw,
        _weight_of_states(towards_state, h, h0, reverse) if 3 in wanted else None,
        bias[: 3 * size],
        np.concatenate((bias[: 2 * size], bias[3 * size :])),
    )


@_compiled
def _gru_back(
    gh: Any, h: Any, gates: Any, weight: Any, h0: Any, dh: Any, inputs: Any, states: Any, bias: Any, reverse: Any
) -> None:
    time, batch, size = h.shape
    one, step = h.dtype.type(1), 1 if reverse else -1
    t = 0 if reverse else time - 1
    carried = np.zeros((batch, size), h.dtype)
    for past in range(time):
        before = h0 if past == time - 1 else h[t + step]
        for b in range(batch):
            of, row = b * size, (t * batch + b) * size
            p, q = 3 * row, 4 * row
            for j in range(size):
                n, r = load(gates, 0, 15, q + j), load(gates, 0, 15, q + size + j)
                z, m = load(gates, 0, 15, q + 2 * size + j), load(gates, 0, 15, q + 3 * size + j)
                total = load(dh, 1, 15, of + j) + load(carried, 2, 15, of + j) + load(gh, 3, 15, row + j)
                kept = total * z
                dn = (total - kept) * (one - n * n)
                dr = dn * m * (r - r * r)
                dz = total * (load(before, 4, 15, of + j) - n) * (z - z * z)
                dq = dn * r
                store(carried, 2, 15, of + j, kept)
                store(inputs, 5, 15, p + j, dr)
                store(inputs, 6, 15, p + size + j, dz)
                store(inputs, 7, 15, p + 2 * size + j, dn)
                store(states, 8, 15, p + j, dr)
                store(states, 9, 15, p + size + j, dz)
                store(states, 10, 15, p + 2 * size + j, dq)
                store(bias, 11, 15, j, load(bias, 11, 15, j) + dr)
                store(bias, 12, 15, size + j, load(bias, 12, 15, size + j) + dz)
                store(bias, 13, 15, 2 * size + j, load(bias, 13, 15, 2 * size + j) + dn)
                store(bias, 14, 15, 3 * size + j, load(bias, 14, 15, 3 * size + j) + dq)
        _multiply(states[t], weight, dh)
        t += step
    for b in range(batch):
        for j in range(size):
            dh[b, j] += carried[b, j]
