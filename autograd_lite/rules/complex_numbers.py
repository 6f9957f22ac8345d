"""Derivatives of the functions that take complex numbers apart.

In a backward pass dL = Re(g dz), see `defvjp`; hence the -i of `imag`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitive import composed, defvjp
from .elementwise import is_complex

defvjp(np.real, lambda g, out, z: g)
defvjp(np.imag, lambda g, out, z: g * -1j)


@composed(np.angle)
def _angle(z: Any, deg: Any = False) -> Any:
    angle = np.arctan2(np.imag(z), np.real(z))
    return angle * (180 / np.pi) if deg else angle


@composed(np.real_if_close)
def _real_if_close(a: Any, tol: Any = 100) -> Any:
    return a if is_complex(np.real_if_close(a.data, tol)) else np.real(a)


@composed(np.sign)
def _sign(x: Any, /) -> Any:
    """z / |z|, and 0 at 0; plain for a real argument, where it is constant between the jumps."""
    if not is_complex(x):
        return np.sign(x.data)
    zero = x.data == 0
    return np.where(zero, 0, x) / np.where(zero, 1, np.abs(x))
