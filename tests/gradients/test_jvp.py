"""Forward and reverse agree on every function of the table: <u, J v> = <J' u, v>."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_lite as ag

from .table import CASES, Case, complex_sample, results, sample


def direction(x: Any, salt: int) -> Any:
    return (complex_sample if x.dtype.kind == "c" else sample)(x.shape, -1, 1, salt)


def inner(xs: Any, ys: Any) -> float:
    """The inner product of real numbers, of which a complex number is two."""
    return sum(float(np.sum((np.conj(x) * y).real)) for x, y in zip(xs, ys, strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_a_tangent_is_the_transposed_gradient(case: Case) -> None:
    def function(*arrays: Any) -> Any:
        return [r for r in results(case.function(np, *arrays)) if isinstance(r, ag.Value)]

    tangents = [direction(x, i + 7) for i, x in enumerate(case.inputs)]
    value, moved = ag.jvp(function, case.inputs, tuple(tangents))
    cotangents = [direction(y, i + 19) for i, y in enumerate(value)]
    gradients = ag.vjp(function, *case.inputs)[1](cotangents)
    assert [m.shape for m in moved] == [y.shape for y in value]
    assert inner(cotangents, moved) == pytest.approx(inner(gradients, tangents), rel=1e-9, abs=1e-9)
