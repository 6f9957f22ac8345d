"""Write `docs/coverage.md`: what the library does with each function of NumPy and SciPy.

Run it when a function gets a rule: `python -m tests.make_coverage`. A test compares the page with the code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import scipy

from autograd_lite.primitive import COMPOSED, PLAIN, REFUSED, RULES, describe, is_ufunc, refusal

from .gradients.coverage import OVERRIDABLE, cases_by_function, is_complex, on_duck

PAGE = Path(__file__).parents[1] / "docs" / "coverage.md"
INTRODUCTION = """\
# Coverage

What a function does with a `Value`. This page is written by `python -m tests.make_coverage`, and a test compares it
with the code.

* **Differentiated**: the function records, and has a gradient. For each there is at least one case in the table of
  `tests/gradients/`. Every case is checked in first and second order against finite differences, forward and reverse
  against each other (`jvp`), in float32 besides float64, and against PyTorch where PyTorch has the function.
* **complex**: a case with complex numbers is checked in the same way, in PyTorch's convention.
* **duck**: runs, with its gradient in both orders, on a double of CuPy's arrays, which refuses what CuPy 14.2 refuses.
  A dash means that CuPy has no such function, or that its case mixes in an array of the host, which CuPy refuses.
* **Plain**: there is nothing to differentiate; plain arrays come out.
* **Refused**: raises `TypeError` with the reason.

On **Dask arrays** values and gradients stay lazy, whole and in chunks. Dask says no, or we do for it where it would be
wrong or compute at once (`numpy.f cannot stay lazy on Dask arrays`), to:

* what it does not have: `linalg.det`, `slogdet`, `eig`, `eigh`, `pinv`, `cond` and kin, `convolve`, `correlate`,
  `cross`, `interp`, `unwrap`, `sort`, `partition`, and so gradients of `median` and quantiles;
* what depends on the numbers: lengths (boolean masks, `unique`, `extract`), `emath`, `polydiv`, ends of `linspace`;
* `where=` and `initial=` in reductions, paired indices `x[i, j]`, `bincount`, histograms, methods of ufuncs;
* in chunks alone: Fourier transforms along a chunked axis, `vecdot`, `matvec`, `vecmat`, `lstsq`, `tensorsolve`;
* `linalg.cholesky` and `put_along_axis`, which it gets wrong.
"""
NAMESPACES = [
    ("numpy.linalg.", "numpy.linalg"),
    ("numpy.fft.", "numpy.fft"),
    ("numpy.lib.", "numpy.lib"),
    ("scipy.special.", "scipy.special"),
    ("numpy.", "numpy"),
]


def namespace(name: str) -> str:
    return next(title for prefix, title in NAMESPACES if name.startswith(prefix))


# the lists of functions differ from release to release
MADE_WITH = f"NumPy {'.'.join(np.__version__.split('.')[:2])} and SciPy {'.'.join(scipy.__version__.split('.')[:2])}"


def differentiated(function: Any) -> bool:
    return function in RULES or function in COMPOSED


def known() -> list[Any]:
    """Every function that NumPy lets others take over, and SciPy's with a rule."""
    of_scipy = {f for f in (*RULES, *COMPOSED, *REFUSED, *PLAIN) if describe(f).startswith("scipy.special.")}
    listed = [f for f in OVERRIDABLE if getattr(f, "__module__", None) not in REFUSED]  # by the name of its module
    by_name = {describe(f): f for f in sorted({*listed, *of_scipy}, key=is_ufunc, reverse=True)}
    return [by_name[name] for name in sorted(by_name)]  # np.clip, not the ufunc of that name behind it


def marks(cases: list[Any]) -> str:
    """The columns behind the name of a differentiated function."""
    columns = [bool(cases)] * 4 + [any(map(is_complex, cases)), any(map(on_duck, cases))]
    return " | ".join("✓" if column else "–" for column in columns)


def refusals(functions: list[Any], title: str) -> list[str]:
    """The table of what is refused, by reason; a module may be refused as a whole."""
    by_reason: dict[str, list[str]] = {}
    for f in functions:
        reason = refusal(f)
        assert reason is not None, f"{describe(f)} has no answer"
        by_reason.setdefault(reason, []).append(f"`{describe(f)}`")
    for module, reason in REFUSED.items():
        if isinstance(module, str) and namespace(f"{module}.") == title:
            by_reason.setdefault(reason, []).append(f"all of `{module}`")
    rows = [f"| {', '.join(names)} | {reason.replace('|', chr(92) + '|')} |" for reason, names in by_reason.items()]
    return ["| refused | because |\n|---|---|", *rows, ""] if rows else []


def page() -> str:
    cases = cases_by_function()
    functions = [f for f in known() if "._" not in describe(f)]
    lines = [INTRODUCTION]
    smooth, constant = sum(map(differentiated, functions)), sum(f in PLAIN for f in functions)
    lines.append(
        f"Of the {len(functions)} functions of {MADE_WITH} {smooth} are differentiated, {constant} plain, "
        f"{len(functions) - smooth - constant} refused.\n"
    )
    for _, title in sorted(NAMESPACES, key=lambda pair: pair[1]):
        group = [f for f in functions if namespace(describe(f)) == title]
        rows = [f for f in group if differentiated(f)]
        if rows:
            lines.append(
                "| differentiated | 1st | 2nd | jvp | float32 | complex | duck |\n|---|---|---|---|---|---|---|"
            )
            lines += [f"| `{describe(f)}` | {marks(cases.get(f, []))} |" for f in rows] + [""]
        names = [f"`{describe(f)}`" for f in group if f in PLAIN]
        if names:
            lines.append(f"Plain: {', '.join(names)}.\n")
        lines += refusals([f for f in group if not differentiated(f) and f not in PLAIN], title)
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"{PAGE} written")
