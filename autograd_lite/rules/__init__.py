"""The derivative table, one file per chapter of NumPy's reference.

Importing this package fills the tables of `primitive`. `special` (SciPy) is loaded when first used.
"""

from . import (
    accumulation,
    calculus,
    calling,
    complex_numbers,
    decompositions,
    emath,
    fft,
    histogram,
    joining,
    linalg,
    nan,
    norms,
    padding,
    plain,
    polynomial,
    products,
    reduction,
    refused,
    sorting,
    statistics,
    ufunc_methods,
    writing,
)
from .elementwise import relu
from .indexing import getitem, part, setitem
from .shape import astype, view

__all__ = [
    "accumulation", "astype", "calculus", "calling", "complex_numbers", "decompositions", "emath", "fft", "getitem",
    "histogram", "joining", "linalg", "nan", "norms", "padding", "part", "plain", "polynomial", "products", "reduction",
    "refused", "relu", "setitem", "sorting", "statistics", "ufunc_methods", "view", "writing",
]  # fmt: skip
