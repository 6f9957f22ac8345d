"""One table of functions with sample inputs; it drives every test that holds for all functions.

A function takes the namespace first (`numpy`, or a peer made to look like it) and then the arrays, so that the same
line runs on plain arrays, on Values and in the peer. Samples are away from kinks and ties; those are in `kinks`.
There is one file a chapter.
"""

from . import (
    calculus,
    complex_numbers,
    decompositions,
    elementwise,
    fft,
    indexing,
    linalg,
    nan,
    norms,
    polynomial,
    products,
    reduction,
    scipy_linalg,
    shape,
    special,
    statistics,
    ufunc_methods,
    wholes,
)
from .case import CASES, Case, complex_sample, results, sample, strided, weighted_sum, weights_for

BY_NAME = {c.name: c for c in CASES}

__all__ = [
    "BY_NAME", "CASES", "Case", "calculus", "complex_numbers", "complex_sample", "decompositions", "elementwise",
    "fft", "indexing", "linalg", "nan", "norms", "polynomial", "products", "reduction", "results", "sample",
    "scipy_linalg", "shape", "special", "statistics", "strided", "ufunc_methods", "weighted_sum", "weights_for",
    "wholes",
]  # fmt: skip
