"""Linear algebra beside `numpy.linalg`: functions of `scipy.linalg` that take Values, and row operations for teaching.

NumPy's own `numpy.linalg` takes Values as it is. SciPy's functions turn their arguments into plain arrays first, which
would lose the gradient; so those that NumPy has not are here, with the same arguments.

* `solve_triangular`, `cho_solve`, `solve_sylvester`, `expm`, `sqrtm`: as in `scipy.linalg`, for matrices or stacks of
  them. SciPy is imported when one is first called.
* `row_swap`, `row_scale`, `row_add`: the elementary row operations; `ref`, `rref`: echelon forms, step by step.

Example:
    >>> import numpy as np
    >>> from autograd_lite import Value, linalg
    >>> A = Value([[2.0, 1.0], [0.0, 4.0]])
    >>> linalg.solve_triangular(A, np.array([4.0, 8.0]))
    Value([1., 2.])
    >>> linalg.row_add(A, 0, 1, -0.25)
    Value([[2., 0.],
           [0., 4.]])
"""

from .matrices import cho_solve, expm, solve_sylvester, solve_triangular, sqrtm
from .rows import Step, ref, row_add, row_scale, row_swap, rref

__all__ = [
    "Step", "cho_solve", "expm", "ref", "row_add", "row_scale", "row_swap", "rref", "solve_sylvester",
    "solve_triangular", "sqrtm",
]  # fmt: skip
