"""`Batch`: a gradient rule on many gradients at once does what it does on each of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import derivatives

from .gradients.table import CASES, Case, results

every_case = pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)


def real_results(case: Case) -> Any:
    """The function of a case with real results, so that complex arguments are allowed too."""

    def function(*inputs: Any) -> list[Any]:
        outcome = [r for r in results(case.function(np, *inputs)) if r.dtype.kind in "fc"]
        return [part for r in outcome for part in ((r.real, r.imag) if r.dtype.kind == "c" else (r,))]

    return function


@every_case
def test_rows_together_and_columns_together_are_what_single_rows_are(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    jacobian = ag.jacobian(real_results(case), range(len(case.inputs)))
    together = jacobian(*case.inputs)
    monkeypatch.setattr(derivatives, "COLUMN_COST", 0)
    columns = jacobian(*case.inputs)
    monkeypatch.setattr(derivatives, "MOST_NUMBERS", 0)
    single = jacobian(*case.inputs)
    for found in (together, columns):
        for blocks, expected in zip(found, single, strict=True):
            for block, rows in zip(blocks, expected, strict=True):
                np.testing.assert_allclose(block, rows, rtol=1e-12, atol=1e-13)
                assert block.dtype == rows.dtype
