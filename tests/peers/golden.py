"""How gradients are written into a JSON file: nested lists, complex ones as a pair of real and imaginary parts."""

from __future__ import annotations

from typing import Any

import numpy as np


def encoded(gradients: list[Any]) -> list[Any]:
    return [{"real": rounded(g.real), "imag": rounded(g.imag)} if np.iscomplexobj(g) else rounded(g) for g in gradients]


def rounded(array: Any) -> Any:
    """Thirteen digits: more than any comparison asks for."""
    return [rounded(part) for part in array] if np.ndim(array) else float(f"{float(array):.13g}")


def decoded(gradients: list[Any]) -> list[Any]:
    return [np.array(g["real"]) + 1j * np.array(g["imag"]) if isinstance(g, dict) else np.array(g) for g in gradients]
