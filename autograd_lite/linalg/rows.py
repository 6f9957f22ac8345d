"""Row operations for teaching: the three elementary ones, and the echelon forms made of them.

They take a matrix as a nested list, an array or a Value, and return an array or a Value. Rows are counted from 0, as in
NumPy, and are called R0, R1, ... in the texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np

from ..arguments import floating
from ..primitive import plain_array
from ..tracing import expected


def _matrix(A: Any, function: str) -> Any:
    A = _numbers(A, f"{function} takes a matrix of numbers")
    if np.ndim(A) != 2:
        hint = " Write v[:, None] for one column, v[None, :] for one row." if np.ndim(A) == 1 else ""
        raise ValueError(f"{function} takes a matrix, and this has shape {np.shape(A)}.{hint}")
    return A


def _row(A: Any, i: Any, function: str) -> int:
    try:
        row = index(i)
    except TypeError:
        raise TypeError(f"{function} takes a row's number, not {i!r}. Rows are counted from 0.") from None
    rows = A.shape[0]
    if not -rows <= row < rows:
        raise IndexError(
            f"{function}: there is no row {row} in a matrix of shape {A.shape}, whose rows are 0 to {rows - 1}."
        )
    return int(row % rows)


def _numbers(x: Any, wanted: str) -> Any:
    """An array or a Value of numbers."""
    try:
        array = x if hasattr(x, "dtype") else np.asarray(x)
    except (TypeError, ValueError) as error:  # it holds Values, or its rows have not one length
        raise type(error)(f"{wanted}, an array, a Value, or a list of rows of equal lengths. {error}") from None
    if array.dtype.kind not in "fciub":
        held = {"U": "strings", "S": "strings"}.get(array.dtype.kind, "Python objects")
        raise TypeError(f"{wanted}, not {held}. Convert them first: np.array(x, dtype=float).")
    return floating(x)


def _factor(factor: Any, function: str) -> Any:
    if isinstance(factor, int | float | complex):  # as it is, so that a float32 matrix stays one
        return factor
    factor = _numbers(factor, f"{function} takes one number as its factor")
    if np.ndim(factor):
        raise ValueError(f"{function} takes one number as its factor, not an array of shape {np.shape(factor)}.")
    return factor


def _with_row(A: Any, i: int, row: Any) -> Any:
    return np.concatenate([A[:i], np.expand_dims(row, 0), A[i + 1 :]])


# ---- the elementary operations ----


def row_swap(A: Any, i: int, j: int) -> Any:
    """Exchange rows `i` and `j`: `Ri <-> Rj`.

    It is `E @ A` with E the identity whose rows i and j are exchanged; E is its own inverse, and its determinant is -1.

    Raises:
        IndexError: there is no such row.
        ValueError: `A` is not a matrix.

    Example:
        >>> import autograd_lite as ag
        >>> ag.linalg.row_swap([[1, 2], [3, 4]], 0, 1)
        array([[3., 4.],
               [1., 2.]])
    """
    A = _matrix(A, "row_swap")
    i, j = _row(A, i, "row_swap"), _row(A, j, "row_swap")
    order = list(range(A.shape[0]))
    order[i], order[j] = j, i
    return A[order]


def row_scale(A: Any, i: int, factor: Any) -> Any:
    """Multiply row `i` by a number that is not 0: `Ri <- factor Ri`.

    It is `E @ A` with E the identity whose diagonal element i is `factor`; the determinant of E is `factor`, and
    `row_scale(A, i, 1 / factor)` undoes it.

    Raises:
        IndexError: there is no such row.
        ValueError: `A` is not a matrix, or `factor` is 0 or an array.

    Example:
        >>> import autograd_lite as ag
        >>> ag.linalg.row_scale([[1, 2], [3, 4]], 1, 10)
        array([[ 1.,  2.],
               [30., 40.]])
    """
    A, factor = _matrix(A, "row_scale"), _factor(factor, "row_scale")
    i = _row(A, i, "row_scale")
    if expected(factor == 0):
        raise ValueError(
            f"row_scale by 0 is no elementary row operation: nothing could bring row {i} back. "
            f"To erase the row write A[{i}] * 0."
        )
    return _with_row(A, i, factor * A[i])


def row_add(A: Any, target: int, source: int, factor: Any) -> Any:
    """Add a multiple of one row to another: `Rtarget <- Rtarget + factor Rsource`.

    The arguments come in the order of the formula. It is `E @ A` with E the identity and `factor` in its row `target`
    and column `source`; the determinant of E is 1, and `row_add(A, target, source, -factor)` undoes it.

    Raises:
        IndexError: there is no such row.
        ValueError: `A` is not a matrix, both rows are the same, or `factor` is an array.

    Example:
        >>> import autograd_lite as ag
        >>> ag.linalg.row_add([[1, 2], [3, 4]], 1, 0, -3)
        array([[ 1.,  2.],
               [ 0., -2.]])
    """
    A, factor = _matrix(A, "row_add"), _factor(factor, "row_add")
    target, source = _row(A, target, "row_add"), _row(A, source, "row_add")
    if target == source:
        raise ValueError(
            f"row_add of row {target} to itself is no addition of another row. "
            f"To multiply it write row_scale(A, {target}, 1 + factor)."
        )
    return _with_row(A, target, A[target] + factor * A[source])


# ---- echelon forms ----


@dataclass(frozen=True, eq=False)
class Step:
    """One elementary operation on the way to an echelon form; `print(step)` shows it with the matrix after it.

    Attributes:
        text: the operation as a book writes it, such as `R2 <- R2 - 0.5 R1`.
        operation: the function's name, such as `row_add`.
        arguments: its arguments behind the matrix: `getattr(linalg, operation)(A, *arguments)` does it.
        matrix: the matrix afterwards, an array, or a Value if the first one was.
    """

    text: str
    operation: str
    arguments: tuple[Any, ...]
    matrix: Any

    def __str__(self) -> str:
        return f"{self.text}\n{np.array_str(plain_array(self.matrix), precision=4, suppress_small=True)}"


def ref(A: Any, return_steps: bool = False) -> Any:
    """The row echelon form of a matrix, by Gaussian elimination: zeros below every pivot.

    In each column the pivot is the largest of the candidates (partial pivoting), so that no factor exceeds 1 and
    rounding errors do not grow. A column without a candidate above the tolerance of `numpy.linalg.matrix_rank`,
    `s_max * max(m, n) * eps` with s_max the largest singular value, has no pivot, and its candidates become 0. Pivots
    stay what they are; `rref` makes them 1.

    It has derivatives wherever a small change of `A` does not change which pivots are taken.

    Args:
        A: `(m, n)`.
        return_steps: return the matrix and the list of its `Step`s; an operation that changes nothing is left out.

    Raises:
        ValueError: `A` is not a matrix, or not finite.

    Example:
        >>> import autograd_lite as ag
        >>> U, steps = ag.linalg.ref([[1, 2, 3], [2, 4, 4]], return_steps=True)
        >>> print(*steps, sep="\\n")
        R0 <-> R1
        [[2. 4. 4.]
         [1. 2. 3.]]
        R1 <- R1 - 0.5 R0
        [[2. 4. 4.]
         [0. 0. 1.]]
    """
    U, _, steps = _eliminated(A, "ref")
    return (U, steps) if return_steps else U


def rref(A: Any, return_steps: bool = False) -> Any:
    """The reduced row echelon form of a matrix, by Gauss-Jordan elimination: every pivot is 1 and alone in its column.

    First `ref`, with its choice of pivots and its tolerance; then, from the last pivot to the first, the row is divided
    by its pivot and subtracted from the rows above.

    Args:
        A: `(m, n)`.
        return_steps: return the matrix and the list of its `Step`s; an operation that changes nothing is left out.

    Raises:
        ValueError: `A` is not a matrix, or not finite.

    Example:
        The last column of the form of `[A b]` solves `A x = b`; its gradient is that of the solution.

        >>> import numpy as np, autograd_lite as ag
        >>> b = ag.Value([[3.0], [4.0]])
        >>> x = ag.linalg.rref(np.hstack([np.array([[1.0, 1.0], [0.0, 2.0]]), b]))[:, 2]
        >>> x
        Value([1., 2.])
        >>> x[0].backward()
        >>> b.grad
        array([[ 1. ],
               [-0.5]])
    """
    A, pivots, steps = _eliminated(A, "rref")
    for row, column in reversed(pivots):
        pivot = plain_array(A)[row, column]
        A = _with_row(A, row, A[row] / A[row, column] + 0.0)  # + 0.0 turns -0.0 into 0.0
        if pivot != 1:
            steps.append(Step(f"R{row} <- {_number(1 / pivot)} R{row}", "row_scale", (row, 1 / pivot), A))
        for i in range(row):
            A = _subtracted(A, i, row, A[i, column], steps)
    return (A, steps) if return_steps else A


def _eliminated(A: Any, function: str) -> tuple[Any, list[tuple[int, int]], list[Step]]:
    """The echelon form, where its pivots are, and the steps."""
    A = _matrix(A, function)
    if A.dtype.kind not in "fc":
        A = A.astype(float)
    if not np.all(np.isfinite(plain_array(A))):
        raise ValueError(f"{function} takes finite numbers; this matrix has inf or nan in it.")
    rows, columns = A.shape
    tolerance = 0.0
    if rows and columns:
        tolerance = np.linalg.svd(plain_array(A), compute_uv=False)[0] * max(rows, columns) * np.finfo(A.dtype).eps
    pivots: list[tuple[int, int]] = []
    steps: list[Step] = []
    for column in range(columns):
        row = len(pivots)
        if row == rows:
            break
        candidates = np.abs(plain_array(A)[row:, column])
        if not np.any(candidates > tolerance):
            A = _cleared(A, row, column)
            continue
        best = row + int(np.argmax(candidates))
        if best != row:
            A = row_swap(A, row, best)
            steps.append(Step(f"R{row} <-> R{best}", "row_swap", (row, best), A))
        for i in range(row + 1, rows):
            A = _subtracted(A, i, row, A[i, column] / A[row, column], steps, column + 1)
        pivots.append((row, column))
    return A, pivots, steps


def _subtracted(A: Any, target: int, source: int, factor: Any, steps: list[Step], zeros: int = 0) -> Any:
    """Row `target` less `factor` times row `source`; its first elements are 0 then, without rounding."""
    changed = A[target] - factor * A[source]
    if zeros:
        changed = np.concatenate([np.zeros_like(plain_array(changed)[:zeros]), changed[zeros:]])
    A = _with_row(A, target, changed)
    number = plain_array(factor)
    if number != 0:  # a factor of 0 changes nothing, but has a derivative
        sign, size = ("-", number) if number.dtype.kind == "c" or number > 0 else ("+", -number)
        times = "" if size == 1 else f"{_number(size)} "
        text = f"R{target} <- R{target} {sign} {times}R{source}"
        steps.append(Step(text, "row_add", (target, source, -number), A))
    return A


def _cleared(A: Any, row: int, column: int) -> Any:
    """The candidates of a column without a pivot, all within rounding of 0, as 0."""
    lower = A[row:]
    zero = np.zeros_like(plain_array(lower)[:, : column + 1])
    return np.concatenate([A[:row], np.concatenate([zero, lower[:, column + 1 :]], 1)])


def _number(x: Any) -> str:
    return f"({x:.4g})" if np.iscomplexobj(x) else f"{x:.4g}"
