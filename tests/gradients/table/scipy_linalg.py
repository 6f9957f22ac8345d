"""The functions of `scipy.linalg` in `autograd_lite.linalg`, and the row operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite import linalg

from .case import case, complex_sample, sample


def library(np: Any) -> Any:
    """`autograd_lite.linalg`, or what a peer that stands in for NumPy has for it."""
    return getattr(np, "scipy_linalg", linalg)


def _well_conditioned(shape: tuple[int, ...], salt: int = 0) -> Any:
    return sample(shape, -1, 1, salt) + 3 * np.eye(shape[-1])


def _complex(shape: tuple[int, ...], salt: int = 0) -> Any:
    return complex_sample(shape, -1, 1, salt) + 3 * np.eye(shape[-1])


_VECTOR, _MATRIX = sample((3,), salt=5), sample((3, 2), salt=5)
for _trans in (0, 1, 2):
    for _lower in (False, True):
        for _unit in (False, True):

            def _triangular(
                np: Any, a: Any, b: Any, trans: int = _trans, lower: bool = _lower, unit: bool = _unit
            ) -> Any:
                return library(np).solve_triangular(a, b, trans, lower, unit)

            _name = f"solve_triangular trans {_trans}{' lower' * _lower}{' unit' * _unit}"
            case(_name, _triangular, _well_conditioned((3, 3)), _MATRIX)
            case(f"{_name} complex", _triangular, _complex((3, 3)), complex_sample((3, 2), salt=5))
case(
    "solve_triangular, vector", lambda np, a, b: library(np).solve_triangular(a, b), _well_conditioned((3, 3)), _VECTOR
)
case(
    "solve_triangular, stack of matrices",
    lambda np, a, b: library(np).solve_triangular(a, b, lower=True),
    _well_conditioned((2, 3, 3)),
    _MATRIX,
)
case(
    "solve_triangular, real and complex",
    lambda np, a, b: library(np).solve_triangular(a, b),
    _well_conditioned((3, 3)),
    complex_sample((3, 2)),
)
case("solve_triangular of 1 x 1", lambda np, a, b: library(np).solve_triangular(a, b), (1, 1), (1,), low=0.5)

for _lower in (False, True):

    def _cholesky(np: Any, c: Any, b: Any, lower: bool = _lower) -> Any:
        return library(np).cho_solve((c, lower), b)

    _name = f"cho_solve{' lower' * _lower}"
    case(_name, _cholesky, _well_conditioned((3, 3)), _MATRIX)
    case(f"{_name} complex", _cholesky, _complex((3, 3)), complex_sample((3,)))
    case(f"{_name} stack", _cholesky, _well_conditioned((2, 3, 3)), sample((2, 3, 1)))

case(
    "solve_sylvester",
    lambda np, a, b, q: library(np).solve_sylvester(a, b, q),
    _well_conditioned((3, 3)),
    _well_conditioned((2, 2)),
    (3, 2),
    exact=False,
)
case(
    "solve_sylvester complex",
    lambda np, a, b, q: library(np).solve_sylvester(a, b, q),
    _complex((2, 2)),
    _complex((2, 2), salt=1),
    complex_sample((2, 2)),
)

for _name in ("expm", "sqrtm"):

    def _function(np: Any, a: Any, name: str = _name) -> Any:
        return getattr(library(np), name)(a)

    case(f"{_name} of 3 x 3", _function, _well_conditioned((3, 3)))
    case(f"{_name} of a stack", _function, _well_conditioned((2, 2, 2)))
    case(f"{_name} complex", _function, _complex((2, 2)))
    case(f"{_name} of 1 x 1", _function, (1, 1), low=0.5)
    case(f"{_name} of no matrices", _function, (0, 2, 2))
    case(f"{_name} transposed", _function, _well_conditioned((3, 3)).T)
case("expm of 0", lambda np, a: library(np).expm(a), np.zeros((2, 2)))
case("expm of a nilpotent matrix", lambda np, a: library(np).expm(a), np.array([[0.0, 1.0], [0.0, 0.0]]))
case("sqrtm of a matrix with negative eigenvalues", lambda np, a: library(np).sqrtm(a), np.array([[1.0, 2], [3, -4]]))

# ---- rows ----

case("row_swap", lambda np, a: library(np).row_swap(a, 0, -1), (3, 2))
case("row_scale", lambda np, a, f: library(np).row_scale(a, 1, f), (3, 2), ())
case("row_add", lambda np, a, f: library(np).row_add(a, 2, 0, f), (3, 2), ())
for _name in ("ref", "rref"):

    def _echelon(np: Any, a: Any, name: str = _name) -> Any:
        return getattr(library(np), name)(a)

    case(f"{_name} of 3 x 3", _echelon, _well_conditioned((3, 3)))
    case(f"{_name} of 2 x 4", _echelon, np.array([[0.3, 0.9, -1.0, 2.0], [2.0, 1.0, 0.5, -0.7]]))
    case(f"{_name} of 3 x 2", _echelon, (3, 2))
    case(f"{_name} complex", _echelon, np.column_stack([_complex((2, 2)), complex_sample((2,))]))
