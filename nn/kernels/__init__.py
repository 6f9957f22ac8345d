"""Whole calls of networks as kernels of numba, for `ag.compile(jit=True)`: pooling, recurrent layers, convolution.

Loaded with the first program that may use them, and nothing else imports them. What a kernel was not made for, it
passes on to the function that it replaces.
"""

from . import correlation, pooling, recurrence

__all__ = ["correlation", "pooling", "recurrence"]
