"""Plain formulas of functions that choose their way by the numbers, for `ag.compile(jit=True)`."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_lite as ag

from .attention import _exponentials


@ag.jit_form(_exponentials)
def exponentials(scores: Any, may_attend: Any, out: Any) -> Any:
    """Each row e^(scores - its largest), and 0 for what is masked."""
    if may_attend is not None:
        scores = np.where(may_attend, scores, np.array(-np.inf, scores.dtype))
    highest = scores.max(axis=-1, keepdims=True)
    return np.exp(scores - np.where(highest == -np.inf, np.array(0, scores.dtype), highest))
