"""The functions that have no derivative, each with the reason and what to write instead."""

from __future__ import annotations

import numpy as np
from numpy._core import umath

from ..primitive import is_ufunc, refused

refused(
    "a Value is no type of array that others could be made like. Write like=v.data, and Value(...) around the result.",
    [
        np.arange, np.array, np.asanyarray, np.asarray, np.ascontiguousarray, np.asfortranarray, np.empty, np.eye,
        np.frombuffer, np.fromfile, np.fromfunction, np.fromiter, np.fromstring, np.full, np.genfromtxt, np.identity,
        np.loadtxt, np.ones, np.require, np.tri, np.zeros,
    ],
)  # fmt: skip
refused(
    "a file cannot hold a graph. Save the arrays, v.data.",
    [np.save, np.savez, np.savez_compressed, np.savetxt],
)
refused(
    "it is about dates, and a Value holds numbers.",
    [np.busday_count, np.busday_offset, np.is_busday, np.datetime_as_string, np.isnat],
)
refused("it is about the fields of structured arrays, and a Value has none.", ["numpy.lib.recfunctions"])
_ABOUT_TEXT = [ufunc for ufunc in vars(umath).values() if is_ufunc(ufunc) and not ufunc.types]
refused("it is about text, and a Value holds numbers.", ["numpy.char", "numpy.strings", *_ABOUT_TEXT])
refused(
    "it makes plain arrays of its arguments. Write "
    'np.einsum("ij,ki,kj->k", c, np.vander(x, n, increasing=True), np.vander(y, m, increasing=True)).',
    ["numpy.polynomial.polynomial"],
)
