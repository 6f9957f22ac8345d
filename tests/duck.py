"""A test double that refuses what CuPy refuses, on the CPU.

It follows CuPy 14: no implicit conversion to NumPy, no mixing with arrays on the host, fewer functions and keywords.
What runs on it runs on a GPU as far as arrays are concerned; there is no simulation of anything else.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from scipy import special

# What CuPy 14.2 does not have, read off its package: functions and keywords by looking up each of NumPy's in it
MISSING: set[Any] = {
    np.block, np.insert, np.unstack, np.einsum_path, np.vecdot, np.matvec, np.vecmat, np.isnat, np.spacing,
    np.geomspace, np.histogram_bin_edges, np.nanpercentile, np.nanquantile, np.polyder, np.polydiv, np.polyint,
    np.linalg.vector_norm, np.linalg.matrix_norm, np.linalg.multi_dot, np.linalg.svdvals, np.linalg.trace,
    np.linalg.diagonal, np.linalg.outer, np.linalg.tensordot, np.linalg.vecdot,
    *[getattr(np.emath, name) for name in ("sqrt", "log", "log2", "log10", "logn", "power")],
    *[getattr(np.emath, name) for name in ("arccos", "arcsin", "arctanh")],
}  # fmt: skip
_MASKED = {"where", "initial"}
_SPREAD = {"where", "correction", "mean"}
_NO_KEYWORDS: dict[Any, set[str]] = {
    np.sum: _MASKED, np.prod: _MASKED, np.max: _MASKED, np.min: _MASKED, np.amax: _MASKED, np.amin: _MASKED,
    np.nansum: _MASKED, np.nanprod: _MASKED, np.nanmax: _MASKED, np.nanmin: _MASKED,
    np.mean: {"where"}, np.nanmean: {"where"}, np.any: {"where"}, np.all: {"where"},
    np.var: _SPREAD, np.std: _SPREAD, np.nanvar: _SPREAD, np.nanstd: _SPREAD,
    np.argpartition: {"kind", "order"}, np.partition: {"kind", "order"},
    np.argsort: {"order", "stable"}, np.sort: {"order", "stable"}, np.unique: {"sorted"}, np.isin: {"kind"},
    np.broadcast_to: {"subok"}, np.broadcast_arrays: {"subok"}, np.copy: {"subok"},
    np.clip: {"min", "max"}, np.take: {"mode"}, np.trim_zeros: {"axis"}, np.count_nonzero: {"keepdims"},
    np.quantile: {"weights"}, np.percentile: {"weights"}, np.einsum: {"out"},
    np.linalg.cholesky: {"upper"}, np.linalg.svd: {"hermitian"}, np.linalg.pinv: {"hermitian", "rtol"},
    np.linalg.matrix_rank: {"hermitian", "rtol"},
}  # fmt: skip
# the ufuncs of scipy.special that cupyx.scipy.special has
_SPECIAL = {
    "_lambertw", "_zeta", "bdtr", "bdtrc", "bdtri", "beta", "betainc", "betaincinv", "betaln", "binom", "boxcox",
    "boxcox1p", "cbrt", "chdtr", "chdtrc", "chdtri", "cosdg", "cosm1", "cotdg", "ellipeinc", "ellipj", "ellipk",
    "ellipkinc", "ellipkm1", "entr", "erf", "erfc", "erfcinv", "erfcx", "erfinv", "exp1", "exp10", "exp2", "expi",
    "expit", "expm1", "expn", "exprel", "fdtr", "fdtrc", "fdtri", "gamma", "gammainc", "gammaincc", "gammainccinv",
    "gammaincinv", "gammaln", "gammasgn", "gdtr", "gdtrc", "huber", "i0", "i0e", "i1", "i1e", "inv_boxcox",
    "inv_boxcox1p", "j0", "j1", "k0", "k0e", "k1", "k1e", "kl_div", "log1p", "log_expit", "log_ndtr", "loggamma",
    "logit", "lpmv", "nbdtr", "nbdtrc", "nbdtri", "ndtr", "ndtri", "pdtr", "pdtrc", "pdtri", "poch", "pseudo_huber",
    "psi", "radian", "rel_entr", "rgamma", "round", "shichi", "sici", "sindg", "tandg", "wright_bessel", "xlog1py",
    "xlogy", "y0", "y1", "yn",
}  # fmt: skip
_MAKERS = {np.asarray, np.array, np.arange, np.eye, np.identity, np.full, np.ones, np.zeros, np.empty}
_TAKES_HOST_INDICES = {np.take: 1, np.take_along_axis: 1}


class Duck(NDArrayOperatorsMixin):
    """An array on a device that is not there."""

    __slots__ = ("_array",)

    def __init__(self, array: Any) -> None:
        self._array = np.asarray(array)

    def get(self) -> np.ndarray[Any, Any]:
        """A copy on the host."""
        return self._array.copy()

    # ---- NumPy's protocols ----

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`.")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if any(hasattr(x, "__array_ufunc__") and not isinstance(x, _KNOWN) for x in inputs):
            return NotImplemented
        of_scipy = getattr(np, ufunc.__name__, None) is not ufunc and hasattr(special, ufunc.__name__.lstrip("_"))
        if of_scipy and ufunc.__name__ not in _SPECIAL:
            raise TypeError(f"cupyx.scipy.special has no {ufunc.__name__}")
        if ufunc in MISSING or method not in ("__call__", "reduce", "at", "outer"):
            raise TypeError(f"{ufunc.__name__}.{method} is not there")
        if method == "reduce" and ufunc not in (np.add, np.multiply):
            raise TypeError("only add and multiply reduce")
        if method == "at":
            if not isinstance(inputs[1], Duck) or inputs[1].ndim != 1:
                raise TypeError("`at` takes one 1-D index array of the device")
            ufunc.at(*[_on_device(x) for x in inputs])
            return None
        return _wrapped(getattr(ufunc, method)(*[_on_device(x) for x in inputs], **_on_device(kwargs)))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if any(not issubclass(kind, _KNOWN) for kind in types):
            return NotImplemented
        if function in MISSING:
            raise TypeError(f"{function.__name__} is not there")
        if function in _NO_KEYWORDS:
            given = inspect.signature(function).bind(*args, **kwargs).arguments
            refused = _NO_KEYWORDS[function] & {*given, *given.get("kwargs", ())}
            if refused:
                raise TypeError(f"{function.__name__} does not know {refused}")
        if function in _MAKERS:  # np.asarray(host, like=duck) is how arrays get here; NumPy takes `like` off
            return Duck(function(*[x._array if isinstance(x, Duck) else x for x in args], **kwargs))
        host = _TAKES_HOST_INDICES.get(function)
        arrays = [x if i == host and type(x) is np.ndarray else _on_device(x) for i, x in enumerate(args)]
        return _wrapped(function(*arrays, **_on_device(kwargs)))

    # ---- an array's own ----

    shape = property(lambda self: self._array.shape)
    ndim = property(lambda self: self._array.ndim)
    size = property(lambda self: self._array.size)
    dtype = property(lambda self: self._array.dtype)
    nbytes = property(lambda self: self._array.nbytes)
    flags = property(lambda self: self._array.flags)
    base = property(lambda self: self._array.base)
    T = property(lambda self: _view(self._array.T))
    real = property(lambda self: _view(self._array.real))
    imag = property(lambda self: _view(self._array.imag))

    def __getitem__(self, index: Any) -> Duck:
        return _view(self._array[_on_host(index)])

    def __setitem__(self, index: Any, item: Any) -> None:
        self._array[_on_host(index)] = _on_device(item)

    def __len__(self) -> int:
        return len(self._array)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __float__(self) -> float:
        return float(self._array)

    def __int__(self) -> int:
        return int(self._array)

    def __bool__(self) -> bool:
        return bool(self._array)

    def item(self) -> Any:
        return self._array.item()

    def __repr__(self) -> str:
        return f"Duck({self._array!r})"


_KNOWN = (Duck, np.ndarray, np.generic)


def _method(name: str) -> Any:
    def method(self: Duck, *args: Any, **kwargs: Any) -> Any:
        if _NO_KEYWORDS.get(getattr(np, name, None), set()) & kwargs.keys():
            raise TypeError(f"{name} does not know {set(kwargs)}")
        return _wrapped(getattr(self._array, name)(*_on_device(args), **_on_device(kwargs)))

    return method


for _name in ("sum", "prod", "mean", "max", "min", "any", "all", "reshape", "astype", "copy", "ravel", "squeeze",
              "transpose", "swapaxes", "conj", "cumsum", "argsort", "repeat", "dot", "view"):  # fmt: skip
    setattr(Duck, _name, _method(_name))


def _view(array: Any) -> Duck:
    duck = object.__new__(Duck)
    duck._array = np.asarray(array)
    return duck


def _on_device(x: Any) -> Any:
    """What the device works on; arrays of the host are refused."""
    if isinstance(x, Duck):
        return x._array
    if type(x) is np.ndarray:
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    if isinstance(x, dict):
        return {key: _on_device(item) for key, item in x.items()}
    if type(x) in (list, tuple):
        return type(x)(_on_device(item) for item in x)
    return x


def _on_host(index: Any) -> Any:
    """An index; arrays of the host are copied to the device."""
    if isinstance(index, tuple):
        return tuple(_on_host(part) for part in index)
    return index._array if isinstance(index, Duck) else index


def _wrapped(outcome: Any) -> Any:
    """Every array that comes out, scalars too, lives on the device."""
    if isinstance(outcome, np.ndarray | np.generic):
        return _view(outcome)
    if isinstance(outcome, tuple) and hasattr(outcome, "_fields"):
        return type(outcome)(*[_wrapped(x) for x in outcome])
    if isinstance(outcome, list | tuple):
        return type(outcome)([_wrapped(x) for x in outcome])
    return outcome
