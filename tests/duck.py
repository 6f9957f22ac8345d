"""A test double that refuses what CuPy refuses, on the CPU.

It follows CuPy 14: no implicit conversion to NumPy, no mixing with arrays on the host, fewer functions and keywords.
What runs on it runs on a GPU as far as arrays are concerned; there is no simulation of anything else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

# functions and keywords that CuPy does not have
MISSING: set[Any] = {
    np.block, np.insert, np.unstack, np.einsum_path, np.vecdot, np.matvec, np.vecmat, np.isnat, np.spacing,
    np.cumulative_sum, np.cumulative_prod, np.astype, np.matrix_transpose,
    np.linalg.vector_norm, np.linalg.matrix_norm, np.linalg.multi_dot, np.linalg.svdvals, np.linalg.trace,
    np.linalg.diagonal, np.linalg.outer, np.linalg.tensordot, np.linalg.vecdot, np.linalg.matrix_transpose,
    np.linalg.cross, np.linalg.matmul, np.linalg.eig, np.linalg.eigvals,
}  # fmt: skip
_REDUCTIONS = {np.sum, np.prod, np.mean, np.var, np.std, np.max, np.min, np.amax, np.amin, np.any, np.all}
_NO_KEYWORDS: dict[Any, set[str]] = {
    **{function: {"where", "initial", "correction", "mean"} for function in _REDUCTIONS},
    np.clip: {"min", "max"},
    np.einsum: {"out"},
}
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
        refused = _NO_KEYWORDS.get(function, set()) & kwargs.keys()
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
              "transpose", "swapaxes", "conj", "cumsum", "argsort", "repeat", "dot"):  # fmt: skip
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
