"""Where parameters and values have to lie: what a distribution asks of its arguments, and what it can return.

A constraint is a small constant. `check` says for each number, or for each event of the last axes, whether it is met;
its text is PyTorch's.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np


class Constraint:
    """A set of numbers, vectors or matrices.

    Attributes:
        event_dim: how many of the last axes make up one member.
    """

    event_dim: ClassVar[int] = 0

    def check(self, value: Any) -> Any:
        """For each member whether it is in the set: booleans, without the last `event_dim` axes of `value`."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join([f'{name}={x!r}' for name, x in vars(self).items()])})"


class Real(Constraint):
    """All but nan."""

    def check(self, value: Any) -> Any:
        return value == value


class GreaterThan(Constraint):
    """Above a bound."""

    def __init__(self, lower_bound: Any) -> None:
        self.lower_bound = lower_bound

    def check(self, value: Any) -> Any:
        return self.lower_bound < value


class GreaterThanEq(Constraint):
    """At a bound, or above."""

    def __init__(self, lower_bound: Any) -> None:
        self.lower_bound = lower_bound

    def check(self, value: Any) -> Any:
        return self.lower_bound <= value


class LessThan(Constraint):
    """Below a bound."""

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, value: Any) -> Any:
        return value < self.upper_bound


class Interval(Constraint):
    """Between two bounds, which are part of it."""

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        self.lower_bound, self.upper_bound = lower_bound, upper_bound

    def check(self, value: Any) -> Any:
        return (self.lower_bound <= value) & (value <= self.upper_bound)


class Boolean(Constraint):
    """0 or 1."""

    def check(self, value: Any) -> Any:
        return (value == 0) | (value == 1)


class IntegerInterval(Constraint):
    """Whole numbers between two bounds, which are part of it."""

    def __init__(self, lower_bound: int, upper_bound: int) -> None:
        self.lower_bound, self.upper_bound = lower_bound, upper_bound

    def check(self, value: Any) -> Any:
        return (value == np.floor(value)) & (self.lower_bound <= value) & (value <= self.upper_bound)


class IntegerGreaterThan(Constraint):
    """Whole numbers from a bound on."""

    def __init__(self, lower_bound: int) -> None:
        self.lower_bound = lower_bound

    def check(self, value: Any) -> Any:
        return (value == np.floor(value)) & (self.lower_bound <= value)


class Simplex(Constraint):
    """Vectors of numbers from 0 on, whose sum is 1."""

    event_dim: ClassVar[int] = 1

    def check(self, value: Any) -> Any:
        return np.all(value >= 0, axis=-1) & (abs(value.sum(axis=-1) - 1) < 1e-6)


class LowerCholesky(Constraint):
    """Lower triangular matrices with a positive diagonal."""

    event_dim: ClassVar[int] = 2

    def check(self, value: Any) -> Any:
        triangular = np.all(np.tril(value) == value, axis=(-2, -1))
        return triangular & np.all(np.diagonal(value, axis1=-2, axis2=-1) > 0, axis=-1)


class PositiveDefinite(Constraint):
    """Symmetric matrices whose eigenvalues are positive."""

    event_dim: ClassVar[int] = 2

    def check(self, value: Any) -> Any:
        if value.shape[-1] != value.shape[-2]:
            return np.zeros(value.shape[:-2], bool)
        symmetric = np.all(np.isclose(value, np.matrix_transpose(value), atol=1e-6), axis=(-2, -1))
        whole = np.where(np.isfinite(value), value, 0)  # eigenvalues of anything else are an error of LAPACK
        return symmetric & np.all(whole == value, axis=(-2, -1)) & (np.linalg.eigvalsh(whole)[..., 0] > 0)


class IndependentConstraint(Constraint):
    """All of the last axes meet another constraint."""

    def __init__(self, base_constraint: Any, reinterpreted_batch_ndims: int) -> None:
        self.base_constraint, self.reinterpreted_batch_ndims = base_constraint, reinterpreted_batch_ndims

    @property
    def event_dim(self) -> int:  # type: ignore[override]
        """The axes of the other constraint, and those that are added."""
        total: int = self.base_constraint.event_dim + self.reinterpreted_batch_ndims
        return total

    def check(self, value: Any) -> Any:
        valid = self.base_constraint.check(value)
        valid = valid if hasattr(valid, "dtype") else np.asarray(valid)
        return np.all(valid, axis=tuple(range(valid.ndim - self.reinterpreted_batch_ndims, valid.ndim)))

    def __repr__(self) -> str:
        return f"IndependentConstraint({self.base_constraint!r}, {self.reinterpreted_batch_ndims})"


# the names of PyTorch, as users write them
greater_than, greater_than_eq, less_than = GreaterThan, GreaterThanEq, LessThan
interval, integer_interval, independent = Interval, IntegerInterval, IndependentConstraint
real = Real()
real_vector = independent(real, 1)
positive = greater_than(0.0)
nonnegative = greater_than_eq(0.0)
unit_interval = interval(0.0, 1.0)
boolean = Boolean()
nonnegative_integer = IntegerGreaterThan(0)
simplex = Simplex()
lower_cholesky = LowerCholesky()
positive_definite = PositiveDefinite()
