"""The refusal of complex numbers, where a formula for real ones would give something else than is meant."""

from __future__ import annotations

from typing import Any


def real_only(name: str, *inputs: Any) -> None:
    """Refuse complex `inputs` of the function `name`.

    Raises:
        TypeError: one of them is complex.
    """
    for x in inputs:
        dtype = getattr(x, "dtype", None)
        if dtype is not None and dtype.kind == "c":
            raise TypeError(
                f"{name} is defined for real numbers, got {dtype} of shape {x.shape}. "
                "Write z.real, z.imag or np.abs(z) for what is meant."
            )
