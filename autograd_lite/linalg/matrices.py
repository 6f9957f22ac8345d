"""Functions of `scipy.linalg` with gradients: triangular and Sylvester equations, matrix exponential and square root.

Rules are written for the transposed, not the conjugate-transposed map, so that they hold for complex matrices too (see
`defvjp`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..arguments import floating
from ..primitive import defvjp, defvjp_joint, plain_array, primitive
from ..rules.products import transposed


def _conjugated(x: Any) -> Any:
    return np.conj(x) if np.iscomplexobj(x) else x


def _for_each(function: Callable[..., Any], *stacks: Any) -> Any:
    """`function` of matrices for every matrix of a stack, which SciPy before 1.17 does not do; stacks broadcast.

    The result is of the last one's shape.
    """
    batch = np.broadcast_shapes(*[x.shape[:-2] for x in stacks])
    if not batch:
        return function(*stacks)
    if 0 in batch:
        return np.zeros((*batch, *stacks[-1].shape[-2:]), np.result_type(*stacks))
    rows = [np.broadcast_to(x, (*batch, *x.shape[-2:])).reshape(-1, *x.shape[-2:]) for x in stacks]
    results = np.stack([function(*matrices) for matrices in zip(*rows, strict=True)])
    return results.reshape(*batch, *results.shape[-2:])


# ---- equations ----

_TRANSPOSED = {0: 0, 1: 1, 2: 2, "N": 0, "T": 1, "C": 2}


@primitive
def _solve_triangular(a: Any, b: Any, trans: int, lower: bool, unit_diagonal: bool) -> Any:
    from scipy import linalg

    options: Any = {"trans": trans, "lower": lower, "unit_diagonal": unit_diagonal}
    return _for_each(partial(linalg.solve_triangular, **options), a, b)


def _solve_triangular_vjp(
    g: Any, out: Any, a: Any, b: Any, trans: int, lower: bool, unit_diagonal: bool
) -> tuple[Any, Any]:
    """Of T x = b: the gradient of b solves T^T s = g, and that of T is -s x^T."""
    if trans == 2:  # T is conj(a)^T, so T^T is conj(a)
        share = _conjugated(_solve_triangular(a, _conjugated(g), 0, lower, unit_diagonal))
    else:
        share = _solve_triangular(a, g, 1 - trans, lower, unit_diagonal)
    whole = -share @ transposed(out)
    if trans:
        whole = transposed(whole) if trans == 1 else _conjugated(transposed(whole))
    triangle = np.tril(whole, -int(unit_diagonal)) if lower else np.triu(whole, int(unit_diagonal))
    return triangle, share


defvjp_joint(_solve_triangular, _solve_triangular_vjp)


def solve_triangular(a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False) -> Any:
    """The solution x of `a x = b` for a triangular matrix. SciPy's `solve_triangular`.

    Args:
        a: `(*, n, n)`; only one triangle is read, and the other gets gradient 0.
        b: `(n,)` or `(*, n, k)`.
        trans: 0 or "N" solves `a x = b`, 1 or "T" `a^T x = b`, 2 or "C" `a^H x = b`.
        lower: the lower triangle of `a` is read, not the upper.
        unit_diagonal: the diagonal is taken to be 1 and not read.

    Raises:
        ValueError: `trans` is none of these, or the shapes do not fit.
        numpy.linalg.LinAlgError: there is a 0 on the diagonal.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> L = ag.Value([[2.0, 0.0], [1.0, 4.0]])
        >>> x = ag.linalg.solve_triangular(L, np.array([2.0, 9.0]), lower=True)
        >>> x.data
        array([1., 2.])
        >>> x.sum().backward()
        >>> L.grad
        array([[-0.375,  0.   ],
               [-0.25 , -0.5  ]])
    """
    if trans not in _TRANSPOSED:
        raise ValueError(f"solve_triangular(trans={trans!r}): trans is 0, 1 or 2, or 'N', 'T' or 'C'")
    options = _TRANSPOSED[trans], bool(lower), bool(unit_diagonal)
    a, b = floating(a), floating(b)
    if np.ndim(b) == 1:
        return np.squeeze(_solve_triangular(a, np.expand_dims(b, -1), *options), -1)
    return _solve_triangular(a, b, *options)


def cho_solve(c_and_lower: tuple[Any, bool], b: Any) -> Any:
    """The solution x of `A x = b`, given the Cholesky factor of A. SciPy's `cho_solve`.

    Args:
        c_and_lower: the factor `(*, n, n)`, and whether it is the lower one: `A = c c^H`, otherwise `A = c^H c`.
        b: `(n,)` or `(*, n, k)`.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> A = ag.Value([[4.0, 2.0], [2.0, 5.0]])
        >>> x = ag.linalg.cho_solve((np.linalg.cholesky(A), True), np.array([8.0, 12.0]))
        >>> x.data
        array([1., 2.])
    """
    c, lower = c_and_lower
    first, second = (0, 2) if lower else (2, 0)
    return solve_triangular(c, solve_triangular(c, b, first, lower), second, lower)


@primitive
def _solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    from scipy.linalg import solve_sylvester

    return _for_each(solve_sylvester, a, b, q)


def _solve_sylvester_vjp(g: Any, out: Any, a: Any, b: Any, q: Any) -> tuple[Any, Any, Any]:
    share = _solve_sylvester(transposed(a), transposed(b), g)
    return -share @ transposed(out), -transposed(out) @ share, share


defvjp_joint(_solve_sylvester, _solve_sylvester_vjp)


def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """The solution x of Sylvester's equation `a x + x b = q`. SciPy's `solve_sylvester`.

    Args:
        a: `(*, m, m)`.
        b: `(*, n, n)`; no eigenvalue of it is minus one of `a`.
        q: `(*, m, n)`.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> ag.linalg.solve_sylvester(ag.Value([[2.0]]), np.array([[1.0]]), np.array([[6.0]]))
        Value([[2.]])
    """
    return _solve_sylvester(floating(a), floating(b), floating(q))


# ---- functions of a matrix ----


@primitive
def _expm(A: Any) -> Any:
    from scipy.linalg import expm

    return expm(A)


def _expm_vjp(g: Any, out: Any, A: Any) -> Any:
    """The derivative at A^T in the direction g, a block of exp([[A^T, g], [0, A^T]]).

    Higham, Functions of Matrices (2008), chapter 3.
    """
    size = np.max(np.abs(plain_array(g)), initial=0)  # a large g would cost the exponential its accuracy
    size = size + (size == 0)
    n, flipped = A.shape[-1], transposed(A)
    top = np.concatenate([flipped, g / size], -1)
    bottom = np.concatenate([np.zeros_like(A), flipped], -1)
    return _expm(np.concatenate([top, bottom], -2))[..., :n, n:] * size


defvjp(_expm, _expm_vjp)


def expm(A: Any) -> Any:
    """The matrix exponential `I + A + A^2 / 2! + ...`, of shape `(*, n, n)`. SciPy's `expm`.

    Raises:
        numpy.linalg.LinAlgError: the matrix is not square.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> A = ag.Value(np.zeros((2, 2)))
        >>> ag.linalg.expm(A)[0, 1].backward()
        >>> A.grad
        array([[0., 1.],
               [0., 0.]])
    """
    return _expm(floating(A))


@primitive
def _sqrtm(A: Any) -> Any:
    from scipy.linalg import sqrtm

    return _for_each(sqrtm, A)


# X X = A, so dX X + X dX = dA, and the gradient solves the transposed equation
defvjp(_sqrtm, lambda g, out, A: _solve_sylvester(transposed(out), transposed(out), g))


def sqrtm(A: Any) -> Any:
    """The principal square root X of a matrix, `X @ X == A`, of shape `(*, n, n)`. SciPy's `sqrtm`.

    It is complex if `A` has negative eigenvalues. At a singular `A` there is no derivative.

    Raises:
        ValueError: the matrix is not square.

    Example:
        >>> import numpy as np, autograd_lite as ag
        >>> A = ag.Value([[4.0, 0.0], [0.0, 9.0]])
        >>> ag.linalg.sqrtm(A).sum().backward()
        >>> A.grad.round(4)
        array([[0.25  , 0.2   ],
               [0.2   , 0.1667]])
    """
    return _sqrtm(floating(A))
