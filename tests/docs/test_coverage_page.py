"""`docs/coverage.md` says what the code does."""

from __future__ import annotations

from autograd_lite.primitive import describe
from tests.gradients.coverage import cases_by_function
from tests.make_coverage import PAGE, differentiated, known, page


def test_the_page_is_what_the_script_writes() -> None:
    assert PAGE.read_text() == page(), "run python -m tests.make_coverage"


def test_every_differentiated_function_has_a_case() -> None:
    cases = cases_by_function()
    assert [describe(f) for f in known() if differentiated(f) and f not in cases] == []
