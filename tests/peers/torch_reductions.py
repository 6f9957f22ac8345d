"""PyTorch under NumPy's names: reductions, accumulations, statistics, and the methods of ufuncs.

What PyTorch lacks, such as `where` or `accumulate`, is written out in its elementary functions.
"""

import math

import numpy as np
import torch


def tensor(x):
    return x if isinstance(x, torch.Tensor) else torch.tensor(np.array(x))


def rows(x, axis):
    """The reduced axes joined into one, the last; and the shape of the result with and without them."""
    axes = [a % x.ndim for a in (range(x.ndim) if axis is None else np.atleast_1d(np.array(axis, int)))]
    kept = [a for a in range(x.ndim) if a not in axes]
    joined = x.permute(kept + axes).reshape([*[x.shape[a] for a in kept], math.prod(x.shape[a] for a in axes)])
    return joined, [x.shape[a] for a in kept], [1 if a in axes else n for a, n in enumerate(x.shape)]


def reduced(name):
    """A reduction with NumPy's arguments."""

    def reduce(
        x, axis=None, *, keepdims=False, ddof=0, correction=None, where=None, initial=None, mean=None, dtype=None
    ):
        lost = ddof if correction is None else correction
        kept = torch.ones_like(x, dtype=bool) if where is None else tensor(where).expand(x.shape)
        axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        if axes == ():  # for PyTorch that means all axes
            return x * 1
        count = kept.sum(axes, keepdim=keepdims)
        if name in ("sum", "mean"):
            total = torch.where(kept, x, 0).sum(axes, keepdim=keepdims) + (0 if initial is None else initial)
            return total if name == "sum" else total / count
        if name in ("var", "std"):
            if where is None and mean is None:
                return getattr(torch, name)(x, dim=axes, keepdim=keepdims, correction=lost)
            if mean is None:
                mean = torch.where(kept, x, 0).sum(axes, keepdim=True) / kept.sum(axes, keepdim=True)
            off = torch.where(kept, x - tensor(mean), 0)
            var = (off * off.conj()).real.sum(axes, keepdim=keepdims) / (count - lost) if x.is_complex() else None
            var = (off**2).sum(axes, keepdim=keepdims) / (count - lost) if var is None else var
            return var if name == "var" else torch.sqrt(var)
        if name == "prod":
            x = torch.where(kept, x, 1)
            for a in sorted((a % x.ndim for a in axes), reverse=True):
                x = torch.prod(x, a, keepdim=keepdims)
            return x if initial is None else x * initial
        x = torch.where(kept, x, -torch.inf if name == "max" else torch.inf)
        if initial is not None:
            x = torch.cat(
                [x, torch.full([1 if a == axes[0] % x.ndim else n for a, n in enumerate(x.shape)], initial)], axes[0]
            )
        return getattr(torch, f"a{name}")(x, dim=axes, keepdim=keepdims)

    return reduce


def skipping_nan(name):
    def reduce(x, axis=None, *, where=True, **options):
        numbers = ~torch.isnan(x) & tensor(where)
        return reduced(name)(torch.where(torch.isnan(x), 0, x), axis, where=numbers, **options)

    return reduce


def accumulated(name, neutral=None):
    def accumulate(x, axis=None, dtype=None):
        x = x if neutral is None else torch.where(torch.isnan(x), neutral, x)
        return getattr(torch, name)(x.flatten() if axis is None else x, 0 if axis is None else axis)

    return accumulate


def cumulative(name, neutral):
    def accumulate(x, *, axis=None, dtype=None, include_initial=False):
        x = torch.atleast_1d(x)
        axis = 0 if axis is None else axis
        if include_initial:
            x = torch.cat([torch.full_like(x.select(axis, 0), neutral).unsqueeze(axis), x], axis)
        return getattr(torch, name)(x, axis)

    return accumulate


def quantiles(name, unit):
    """PyTorch has five of the methods; the weights and the other methods have no counterpart."""

    def quantile(x, q, axis=None, *, method="linear", keepdims=False, overwrite_input=False):
        joined, kept, ones = rows(x, axis) if x.ndim else (x[None], [], [])
        q = tensor(q).to(torch.float64) / unit
        outcome = getattr(torch, name)(joined, q.flatten(), -1, interpolation=method)
        return outcome.reshape([*q.shape, *(ones if keepdims else kept)])

    return quantile


def median(name):
    return lambda x, axis=None, **options: quantiles(name, 1)(x, 0.5, axis, **options)


def average(x, axis=None, weights=None, returned=False, keepdims=False):
    x = tensor(x).to(weights.dtype) if isinstance(weights, torch.Tensor) and not isinstance(x, torch.Tensor) else x
    w = torch.ones_like(x) if weights is None else tensor(weights)
    if w.shape != x.shape:
        axes = [a % x.ndim for a in np.atleast_1d(axis)]
        w = w.permute(*np.argsort(axes).tolist())
        w = w.reshape([n if a in axes else 1 for a, n in enumerate(x.shape)])
    axes = tuple(range(x.ndim)) if axis is None else axis
    total = w.sum(axes, keepdim=keepdims)
    mean = (x * w).sum(axes, keepdim=keepdims) / total
    return (mean, total.expand(mean.shape)) if returned else mean


def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None, dtype=None):
    parts = [torch.atleast_2d(part) for part in (m, y) if part is not None]
    table = torch.cat([part if rowvar or len(part) == 1 else part.T for part in parts], 0)
    ddof = (0 if bias else 1) if ddof is None else ddof
    fweights = None if fweights is None else tensor(fweights)
    return torch.cov(table, correction=ddof, fweights=fweights, aweights=aweights).squeeze()


def corrcoef(m, y=None, rowvar=True):
    parts = [torch.atleast_2d(part) for part in (m, y) if part is not None]
    return torch.corrcoef(torch.cat([part if rowvar or len(part) == 1 else part.T for part in parts], 0))


def bincount(x, weights, minlength=0):
    places = tensor(x)
    return torch.zeros(max(int(places.max()) + 1, minlength)).index_add(0, places, weights)


class Ufunc:
    """A function of two arguments, with the methods that NumPy gives it, as chains of single steps."""

    def __init__(self, name, function):
        self.name, self.function = name, function

    def __call__(self, *args):
        return self.function(*args)

    def reduce(self, x, axis=0, *, keepdims=False, initial=None, where=None, dtype=None):
        if not x.ndim:
            return x * 1
        joined, kept, ones = rows(x, axis)
        mask = torch.ones_like(joined, dtype=bool) if where is None else rows(tensor(where).expand(x.shape), axis)[0]
        steps = list(zip(joined.unbind(-1), mask.unbind(-1), strict=True))
        total = steps.pop(0)[0] if initial is None else torch.full(joined.shape[:-1], initial, dtype=x.dtype)
        for element, there in steps:
            total = torch.where(there, self.function(total, element), total)
        return total.reshape(ones if keepdims else kept)

    def accumulate(self, x, axis=0, dtype=None):
        if self.name in ("maximum", "minimum"):
            return getattr(torch, f"cum{self.name[:3]}")(x, axis)[0]
        totals = []
        for element in x.unbind(axis):
            totals.append(self.function(totals[-1], element) if totals else element)
        return torch.stack(totals, axis) if totals else x * 1

    def outer(self, x, y):
        return self.function(x.reshape(*x.shape, *[1] * y.ndim), y)

    def reduceat(self, x, indices, axis=0):
        n = x.shape[axis]
        indices = [int(i) for i in indices]
        ends = [*indices[1:], n]
        segments = [x.narrow(axis, i, max(end - i, 1)) for i, end in zip(indices, ends, strict=False)]
        return (
            torch.cat([self.reduce(s, axis, keepdims=True) for s in segments], axis)
            if segments
            else x.narrow(axis, 0, 0)
        )


_SAME_NAME = (
    "add", "arctan2", "copysign", "divide", "float_power", "fmax", "fmin", "fmod", "hypot", "logaddexp", "logaddexp2",
    "maximum", "minimum", "multiply", "remainder", "subtract",
)  # fmt: skip

REDUCTIONS = {
    **{name: reduced(name) for name in ("sum", "mean", "prod", "var", "std", "max", "min")},
    **{f"nan{name}": skipping_nan(name) for name in ("sum", "mean", "prod", "var", "std", "max", "min")},
    **{name: Ufunc(name, getattr(torch, name)) for name in _SAME_NAME},
    "average": average,
    "bincount": bincount,
    "corrcoef": corrcoef,
    "cov": cov,
    "cumprod": accumulated("cumprod"),
    "cumsum": accumulated("cumsum"),
    "cumulative_prod": cumulative("cumprod", 1),
    "cumulative_sum": cumulative("cumsum", 0),
    "float64": torch.float64,
    "median": median("quantile"),
    "nancumprod": accumulated("cumprod", 1),
    "nancumsum": accumulated("cumsum", 0),
    "nanmedian": median("nanquantile"),
    "nanpercentile": quantiles("nanquantile", 100),
    "nanquantile": quantiles("nanquantile", 1),
    "percentile": quantiles("quantile", 100),
    "power": Ufunc("power", torch.pow),
    "ptp": lambda x, axis=None, keepdims=False: torch.amax(x, axis, keepdims) - torch.amin(x, axis, keepdims),
    "quantile": quantiles("quantile", 1),
}
