"""Kernels: regions compiled by Numba, for `ag.compile(f, jit=True)`.

`formulas` says which calls a kernel can compute, `source` writes its text, `access` and `elementary` are what the text
calls, `compiling` makes a function of it, `threads` shares out its rows. Numba is an optional extra, so only what is in
this file is imported without it.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib.util import find_spec


@cache
def usable() -> bool:
    """Whether there is Numba; says once what to install if not."""
    if find_spec("numba") is not None:
        return True
    warnings.warn(
        "ag.compile(jit=True) needs Numba, which is not installed, so programs run as NumPy alone. Install it with "
        'pip install "autograd-lite[jit]", or leave out jit=True.',
        RuntimeWarning,
        stacklevel=2,
    )
    return False
