"""One recurrent layer in one direction, a whole sequence at once: what RNN, LSTM and GRU are made of.

Each is a primitive with backpropagation through time written by hand (Werbos, Backpropagation through time, 1990): the
product with the input is one for all steps, and so are those for the weights' gradients. A step of a gated layer can be
read off its gates, so these are results of the primitive beside the outputs. A second derivative takes none of them: it
is that of the recorded steps of `recurrent_cells`.

Shapes: T steps, a batch of B, I inputs, H hidden units; an input is `(T, B, I)`, the states `(B, H)`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
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

        def recurrence(x: Any, h: Any, *weights: Any) -> Any:
            states: list[Any] = [None] * len(x)
            for t in _steps(len(x), reverse):
                states[t] = h = cell(x[t], h, *weights)
            return np.stack(states)

        return _pulled_back(g, recurrence, *arrays)
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


@lru_cache(maxsize=64)
def _halves(gates: int, size: int, dtype: Any) -> tuple[Any, Any]:
    """The factors and summands that turn tanh into sigmoid(x) = tanh(x / 2) / 2 + 1 / 2, except in the third gate."""
    factors = np.full(gates * size, 0.5, dtype)
    factors[2 * size : 3 * size] = 1
    summands = 1 - factors
    factors.flags.writeable = summands.flags.writeable = False  # they are shared
    return factors, summands


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
    """All h and all c, `(T, B, H)`, and the gates i, f, g, o side by side, `(T, B, 4 H)`; see `lstm_cell`.

    With `weight_hr`, `(P, H)`, h is projected by it to P numbers (Sak et al., Long short-term memory based recurrent
    neural network architectures for large vocabulary speech recognition, 2014).
    """
    dtype = _common_dtype(x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh, weight_hr)
    size = len(weight_hh) // 4
    factors, summands = _halves(4, size, dtype)
    gates = _projected(x, weight_ih * factors[:, None], dtype)
    if bias_ih is not None:
        gates += (bias_ih + bias_hh) * factors
    recurrent = np.ascontiguousarray((weight_hh * factors[:, None]).T, dtype)
    h = np.empty((*gates.shape[:2], h0.shape[-1]), dtype)
    c = np.empty((*gates.shape[:2], size), dtype)
    product, share = np.empty_like(gates[0]), np.empty_like(c[0])
    state, cell = h0, c0
    for t in _steps(len(x), reverse):
        gate, new = gates[t], c[t]
        gate += np.matmul(state, recurrent, out=product)
        np.tanh(gate, out=gate)
        gate *= factors
        gate += summands
        np.multiply(gate[:, size : 2 * size], cell, out=new)
        new += np.multiply(gate[:, :size], gate[:, 2 * size : 3 * size], out=share)
        state, cell = h[t], new
        if weight_hr is None:
            np.tanh(new, out=state)
            state *= gate[:, 3 * size :]
        else:
            np.tanh(new, out=share)
            share *= gate[:, 3 * size :]
            np.matmul(share, weight_hr.T, out=state)
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

        def recurrence(x: Any, h: Any, c: Any, *weights: Any) -> Any:
            states: list[Any] = [None] * len(x)
            cells: list[Any] = [None] * len(x)
            for t in _steps(len(x), reverse):
                h, c = lstm_cell(x[t], (h, c), *weights[:-1])
                if weights[-1] is not None:
                    h = h @ weights[-1].T
                states[t], cells[t] = h, c
            return np.stack(states), np.stack(cells)

        return _pulled_back(g[:2], recurrence, *arrays)
    (gh, gc, _), (h, c, gates) = g, out
    size = c.shape[-1]
    slopes = np.empty_like(gates)  # the gradients to what the gates' nonlinearities are applied to
    dc, tanh, share, rest = np.zeros_like(c[0]), np.empty_like(c[0]), np.empty_like(c[0]), np.empty_like(c[0])
    dh = np.zeros_like(h[0])
    dm, weight_hr_gradient = dh, None  # m is h before it is projected
    if weight_hr is not None:
        dm, weight_hr_gradient = np.empty_like(c[0]), np.zeros_like(weight_hr)
    cells = _before(c, c0, reverse)
    for t in reversed(_steps(len(x), reverse)):
        gate, slope = gates[t], slopes[t]
        i, f, o = gate[:, :size], gate[:, size : 2 * size], gate[:, 3 * size :]
        candidate = gate[:, 2 * size : 3 * size]
        np.multiply(gate, gate, out=slope)
        np.subtract(gate, slope, out=slope)  # σ' = σ - σ²
        candidate_slope = slope[:, 2 * size : 3 * size]
        candidate_slope += 1 - candidate  # tanh' = 1 - tanh²
        np.tanh(c[t], out=tanh)
        if gh is not None:
            dh += gh[t]
        if gc is not None:
            dc += gc[t]
        if weight_hr is not None:
            weight_hr_gradient += dh.T @ np.multiply(o, tanh, out=share)
            np.matmul(dh, weight_hr, out=dm)
        np.multiply(dm, tanh, out=share)
        slope[:, 3 * size :] *= share
        share *= o
        share *= tanh
        dc += np.multiply(dm, o, out=rest)
        dc -= share
        slope[:, :size] *= np.multiply(dc, candidate, out=share)
        slope[:, size : 2 * size] *= np.multiply(dc, cells[t], out=share)
        candidate_slope *= np.multiply(dc, i, out=share)
        dc *= f
        np.matmul(slope, weight_hh, out=dh)
    rows = _rows(slopes)
    bias = rows.sum(axis=0)
    return (
        (rows @ weight_ih).reshape(x.shape),
        dh,
        dc,
        rows.T @ _rows(x),
        rows.T @ _rows(_before(h, h0, reverse)),
        bias,
        bias,
        weight_hr_gradient,
    )


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
    factors, _ = _halves(3, size, dtype)  # of r, z, n
    gates = np.empty((*x.shape[:2], 4 * size), dtype)
    gates[..., : 3 * size] = _projected(x, _candidate_first(weight_ih * factors[:, None], size), dtype)
    if bias_ih is not None:
        inner, outer = bias_ih * factors, bias_hh * factors
        gates[..., :size] += inner[2 * size :]
        gates[..., size : 3 * size] += inner[: 2 * size] + outer[: 2 * size]
    recurrent = np.ascontiguousarray((weight_hh * factors[:, None]).T, dtype)
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

        def recurrence(x: Any, h: Any, *weights: Any) -> Any:
            states: list[Any] = [None] * len(x)
            for t in _steps(len(x), reverse):
                states[t] = h = gru_cell(x[t], h, *weights)
            return np.stack(states)

        return _pulled_back(g[0], recurrence, *arrays)
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
