"""`docs/coverage.md` says what the code does."""

from __future__ import annotations

import pytest

from autograd_lite.primitive import describe
from tests.gradients.coverage import cases_by_function
from tests.make_coverage import MADE_WITH, PAGE, differentiated, known, page


def test_the_page_is_what_the_script_writes() -> None:
    if MADE_WITH not in PAGE.read_text():
        pytest.skip(f"the page was not made with {MADE_WITH}")
    assert PAGE.read_text() == page(), "run python -m tests.make_coverage"


def test_every_differentiated_function_has_a_case() -> None:
    cases = cases_by_function()
    assert [describe(f) for f in known() if differentiated(f) and f not in cases] == []
