"""One recurrent layer in one direction, a whole sequence at once: what RNN, LSTM and GRU are made of.

Each is a primitive with backpropagation through time written by hand (Werbos, Backpropagation through time, 1990): it
computes in place, and the gradient of a weight is one product over all steps. A step of a gated layer can be read off
its gates, so these are results of the primitive beside the outputs. A second derivative takes none of them: it is that
of the recorded steps of `recurrent_cells`.

Shapes: T steps, a batch of B, I inputs, H hidden units; an input is `(T, B, I)`, the states `(B, H)`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import autograd_lite as ag

from .recurrent_cells import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell


def _steps(time: int, reverse: bool) -> range:
    return range(time - 1, -1, -1) if reverse else range(time)


def _before(states: Any, first: Any, reverse: bool) -> Any:
    """The state before each step, `(T, B, H)`."""
    return np.concatenate((states[1:], first[None]) if reverse else (first[None], states[:-1]))


def _projected(x: Any, weight: Any, dtype: Any) -> Any:
    """x Wᵀ for all steps by one product, `(T, B, rows of W)`."""
    time, batch, size = x.shape
    return np.matmul(x.reshape(time * batch, size), weight.T, dtype=dtype).reshape(time, batch, len(weight))


def _rows(x: Any) -> Any:
    """Steps and batch as one axis: one product of matrices beats a loop over many."""
    return x.reshape(-1, x.shape[-1])


def _common_dtype(*arrays: Any) -> Any:
    return np.result_type(*[x.dtype for x in arrays if x is not None])


def _recorded(args: tuple[Any, ...]) -> bool:
    return any(isinstance(x, ag.Value) for x in args)


def _pulled_back(g: Any, recurrence: Callable[..., Any], *args: Any) -> list[Any]:
    """The gradients of `recurrence`, whose steps are recorded one by one, so that they can be differentiated again."""
    given = [i for i, x in enumerate(args) if x is not None]

    def call(*arrays: Any) -> Any:
        filled: list[Any] = [None] * len(args)
        for i, x in zip(given, arrays, strict=True):
            filled[i] = x
        return recurrence(*filled)

    value, pullback = ag.vjp(call, *[args[i] for i in given])
    if isinstance(value, tuple):
        g = tuple(np.zeros(x.shape, x.dtype) if share is None else share for x, share in zip(value, g, strict=False))
    gradients: list[Any] = [None] * len(args)
    for i, gradient in zip(given, pullback(g), strict=True):
        gradients[i] = gradient
    return gradients


def _steps_of(cell: Callable[..., Any], reverse: bool, x: Any, h: Any, *weights: Any) -> Any:
    states: list[Any] = [None] * len(x)
    for t in _steps(len(x), reverse):
        states[t] = h = cell(x[t], h, *weights)
    return np.stack(states)


# ---- RNN ----


@ag.primitive
def rnn_recurrence(
    x: Any, h0: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any, nonlinearity: str, reverse: bool
) -> Any:
    """hₜ = tanh(W_ih xₜ + b_ih + W_hh hₜ₋₁ + b_hh), or with relu: all h, `(T, B, H)`."""
    h = _projected(x, weight_ih, _common_dtype(x, h0, weight_ih, weight_hh, bias_ih, bias_hh))
    if bias_ih is not None:
        h += bias_ih + bias_hh
    recurrent = np.ascontiguousarray(weight_hh.T, h.dtype)
    product, state = np.empty_like(h[0]), h0
    for t in _steps(len(x), reverse):
        step = h[t]
        step += np.matmul(state, recurrent, out=product)
        if nonlinearity == "tanh":
            np.tanh(step, out=step)
        else:
            np.maximum(step, 0, out=step)
        state = step
    return h


def _rnn_vjp(
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
) -> Any:
    arrays = x, h0, weight_ih, weight_hh, bias_ih, bias_hh
    if _recorded(arrays):
        cell = rnn_tanh_cell if nonlinearity == "tanh" else rnn_relu_cell
        return _pulled_back(g, partial(_steps_of, cell, reverse), *arrays)
    slopes = (1 - out * out) if nonlinearity == "tanh" else (out > 0).astype(out.dtype)  # h by W_ih x + ...
    dh = np.zeros_like(out[0])
    for t in reversed(_steps(len(x), reverse)):
        dh += g[t]
        slope = slopes[t]
        slope *= dh
        np.matmul(slope, weight_hh, out=dh)
    rows = _rows(slopes)
    bias = rows.sum(axis=0)
    states = _before(out, h0, reverse)
    return (rows @ weight_ih).reshape(x.shape), dh, rows.T @ _rows(x), rows.T @ _rows(states), bias, bias


ag.defvjp_joint(rnn_recurrence, _rnn_vjp)


# ---- LSTM ----


def _halved(x: Any, size: int) -> Any:
    """The rows of i, f, g, o in the order i, f, o, g; half of those of sigmoids, as σ(x) = tanh(x / 2) / 2 + 1 / 2."""
    half = np.concatenate((x[: 2 * size], x[3 * size :], x[2 * size : 3 * size]))
    half[: 3 * size] *= 0.5
    return half


@ag.primitive
def lstm_recurrence(
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
    """All h, `(T, B, H)`, all c, `(T, H, B)`, and the gates i, f, o, g, `(T, 4 H, B)`; see `lstm_cell`.

    With the batch behind, each gate is in one piece, and a step takes one product, with x, h and 1 for the bias in one
    matrix. With `weight_hr`, `(P, H)`, h is projected by it to P numbers (Sak et al., Long short-term memory based
    recurrent neural network architectures for large vocabulary speech recognition, 2014).
    """
    dtype = _common_dtype(x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh, weight_hr)
    (time, batch, inputs), size, outputs = x.shape, len(weight_hh) // 4, h0.shape[-1]
    columns = [weight_ih, weight_hh] + ([] if bias_ih is None else [(bias_ih + bias_hh)[:, None]])
    weight = _halved(np.concatenate(columns, axis=1, dtype=dtype), size)
    read = np.empty((time, weight.shape[1], batch), dtype)
    read[:, :inputs] = x.swapaxes(1, 2)
    read[:, inputs + outputs :] = 1
    gates, c = np.empty((time, 4 * size, batch), dtype), np.empty((time, size, batch), dtype)
    h, new = np.empty((time, batch, outputs), dtype), np.empty((size, batch), dtype)
    state, cell = h0.T, c0.T
    for t in _steps(time, reverse):
        read[t, inputs : inputs + outputs] = state
        gate = np.matmul(weight, read[t], out=gates[t])
        np.tanh(gate, out=gate)
        sigmoids = gate[: 3 * size]
        sigmoids *= 0.5
        sigmoids += 0.5
        i, f, o, candidate = gate.reshape(4, size, batch)
        cell = np.multiply(f, cell, out=c[t])
        cell += np.multiply(i, candidate, out=new)
        np.tanh(cell, out=new)
        new *= o
        state = new if weight_hr is None else weight_hr @ new
        h[t] = state.T
    return h, c, gates


def _lstm_vjp(
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
) -> Any:
    arrays = x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh, weight_hr
    if _recorded(arrays):
        return _pulled_back(g[:2], partial(_lstm_steps, reverse), *arrays)
    (gh, gc, _), (h, c, gates) = g, out
    time, size, batch = c.shape
    slopes = np.empty_like(gates)  # the gradients to what the gates' nonlinearities got, in the order i, f, g, o
    dc, tanh, u, v, w = np.zeros_like(c[0]), *(np.empty_like(c[0]) for _ in range(4))
    dh = np.zeros((h.shape[-1], batch), h.dtype)
    dm, weight_hr_gradient = dh, None  # m is h before it is projected
    if weight_hr is not None:
        dm, weight_hr_gradient = np.empty_like(c[0]), np.zeros_like(weight_hr)
    recurrent = np.ascontiguousarray(weight_hh.T)
    first, step = (time - 1, -1) if reverse else (0, 1)
    for t in reversed(_steps(time, reverse)):
        i, f, o, candidate = gates[t].reshape(4, size, batch)
        di, df, dg, do = slopes[t].reshape(4, size, batch)
        np.tanh(c[t], out=tanh)
        if gh is not None:
            dh += gh[t].T
        if gc is not None:
            dc += gc[t]
        if weight_hr is not None:
            weight_hr_gradient += dh @ np.multiply(o, tanh, out=u).T
            np.matmul(weight_hr.T, dh, out=dm)
        # below σ' = σ (1 - σ) and tanh' = 1 - tanh² are multiplied out, which takes the fewest passes
        np.multiply(dm, o, out=v)
        np.multiply(v, tanh, out=u)
        np.multiply(u, o, out=w)
        np.subtract(u, w, out=do)  # dm tanh(c) o (1 - o)
        dc += v
        u *= tanh
        dc -= u  # dc + dm o (1 - tanh²(c))
        np.multiply(dc, i, out=u)
        np.multiply(u, candidate, out=v)
        np.multiply(v, i, out=w)
        np.subtract(v, w, out=di)  # dc g i (1 - i)
        v *= candidate
        np.subtract(u, v, out=dg)  # dc i (1 - g²)
        dc *= f
        np.multiply(dc, c0.T if t == first else c[t - step], out=u)
        np.multiply(u, f, out=w)
        np.subtract(u, w, out=df)  # dc c f (1 - f)
        np.matmul(recurrent, slopes[t], out=dh)
    rows = slopes.swapaxes(0, 1).reshape(4 * size, time * batch)
    bias = rows.sum(axis=1)
    return (
        (rows.T @ weight_ih).reshape(x.shape),
        dh.T,
        dc.T,
        rows @ _rows(x),
        rows @ _rows(_before(h, h0, reverse)),
        bias,
        bias,
        weight_hr_gradient,
    )


def _lstm_steps(reverse: bool, x: Any, h: Any, c: Any, *weights: Any) -> tuple[Any, Any]:
    *cell_weights, weight_hr = weights
    states: list[Any] = [None] * len(x)
    cells: list[Any] = [None] * len(x)
    for t in _steps(len(x), reverse):
        h, c = lstm_cell(x[t], (h, c), *cell_weights)
        if weight_hr is not None:
            h = h @ weight_hr.T
        states[t], cells[t] = h, c
    return np.stack(states), np.stack(cells).swapaxes(1, 2)


ag.defvjp_joint(lstm_recurrence, _lstm_vjp)


# ---- GRU ----


def _candidate_first(x: Any, size: int) -> Any:
    """The rows of r, z, n in the order n, r, z."""
    return np.concatenate((x[2 * size :], x[: 2 * size]))


def _candidate_last(x: Any, size: int) -> Any:
    """The rows of n, r, z in the order r, z, n."""
    return np.concatenate((x[size:], x[:size]))


@ag.primitive
def gru_recurrence(
    x: Any, h0: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any, reverse: bool
) -> tuple[Any, Any]:
    """All h, `(T, B, H)`, and n, r, z and q = W_hn h + b_hn side by side, `(T, B, 4 H)`; see `gru_cell`.

    In this order n, r, z, whose gradients meet the input, are neighbours, and so are r, z, q, which meet h.
    """
    dtype = _common_dtype(x, h0, weight_ih, weight_hh, bias_ih, bias_hh)
    size = h0.shape[-1]
    half = np.repeat(np.array([0.5, 0.5, 1], dtype), size)  # of r, z, n, as σ(x) = tanh(x / 2) / 2 + 1 / 2
    gates = np.empty((*x.shape[:2], 4 * size), dtype)
    gates[..., : 3 * size] = _projected(x, _candidate_first(weight_ih * half[:, None], size), dtype)
    if bias_ih is not None:
        inner, outer = bias_ih * half, bias_hh * half
        gates[..., :size] += inner[2 * size :]
        gates[..., size : 3 * size] += inner[: 2 * size] + outer[: 2 * size]
    recurrent = np.ascontiguousarray((weight_hh * half[:, None]).T, dtype)
    h = np.empty((*x.shape[:2], size), dtype)
    product, share, state = np.empty((x.shape[1], 3 * size), dtype), np.empty_like(h[0]), h0
    for t in _steps(len(x), reverse):
        gate, new = gates[t], h[t]
        candidate, both, q = gate[:, :size], gate[:, size : 3 * size], gate[:, 3 * size :]
        np.matmul(state, recurrent, out=product)
        both += product[:, : 2 * size]
        np.tanh(both, out=both)
        both *= 0.5
        both += 0.5
        q[...] = product[:, 2 * size :]
        if bias_hh is not None:
            q += bias_hh[2 * size :]
        candidate += np.multiply(both[:, :size], q, out=share)
        np.tanh(candidate, out=candidate)
        np.subtract(state, candidate, out=new)
        new *= both[:, size:]
        new += candidate
        state = new
    return h, gates


def _gru_vjp(
    g: Any, out: Any, x: Any, h0: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any, reverse: bool
) -> Any:
    arrays = x, h0, weight_ih, weight_hh, bias_ih, bias_hh
    if _recorded(arrays):
        return _pulled_back(g[0], partial(_steps_of, gru_cell, reverse), *arrays)
    gh, (h, gates) = g[0], out
    size = h.shape[-1]
    slopes = np.empty_like(gates)  # the gradients to what n, r, z are applied to, and to q
    dh, carried, share = np.zeros_like(h[0]), np.empty_like(h[0]), np.empty_like(h[0])
    states = _before(h, h0, reverse)
    for t in reversed(_steps(len(x), reverse)):
        gate, slope = gates[t], slopes[t]
        candidate, both, q = gate[:, :size], gate[:, size : 3 * size], gate[:, 3 * size :]
        r, z = both[:, :size], both[:, size:]
        dn, dboth, dq = slope[:, :size], slope[:, size : 3 * size], slope[:, 3 * size :]
        dh += gh[t]
        np.multiply(dh, z, out=carried)
        np.multiply(candidate, candidate, out=share)
        np.subtract(1, share, out=share)  # tanh' = 1 - tanh²
        np.subtract(dh, carried, out=dn)
        dn *= share
        np.multiply(dn, r, out=dq)
        np.multiply(both, both, out=dboth)
        np.subtract(both, dboth, out=dboth)  # σ' = σ - σ²
        np.multiply(dn, q, out=share)
        dboth[:, :size] *= share
        np.subtract(states[t], candidate, out=share)
        share *= dh
        dboth[:, size:] *= share
        np.matmul(slope[:, size:], weight_hh, out=dh)
        dh += carried
    rows = _rows(slopes)
    bias = rows.sum(axis=0)
    towards_input, towards_state = rows[:, : 3 * size], rows[:, size:]
    return (
        (towards_input @ _candidate_first(weight_ih, size)).reshape(x.shape),
        dh,
        _candidate_last(towards_input.T @ _rows(x), size),
        towards_state.T @ _rows(states),
        _candidate_last(bias[: 3 * size], size),
        bias[size:],
    )


ag.defvjp_joint(gru_recurrence, _gru_vjp)
