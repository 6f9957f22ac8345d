"""The normal distribution of a vector."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd_lite as ag

from ..random import default_generator
from . import constraints
from .distribution import Distribution, Shape, expanded, floating, parameter, raw
from .draws import standard_normal


class MultivariateNormal(Distribution):
    """The normal distribution of a vector: density exp(-½ (x - loc)ᵀ Σ⁻¹ (x - loc)) / sqrt(det 2πΣ) on ℝⁿ.

    The covariance Σ is given by one of three matrices. All computation is with the Cholesky factor L of Σ = L Lᵀ and
    triangular solves, so `scale_tril` is the cheapest and most exact.

    Args:
        loc: the mean, `(*, n)`.
        covariance_matrix: Σ, `(*, n, n)`, symmetric and positive definite.
        precision_matrix: Σ⁻¹, `(*, n, n)`.
        scale_tril: L, `(*, n, n)`, lower triangular with a positive diagonal.
        validate_args: see `Distribution`.

    Raises:
        ValueError: not exactly one of the matrices is given, it is none of its kind, or shapes do not fit.

    Example:
        >>> import numpy as np, nn
        >>> p = nn.distributions.MultivariateNormal(np.zeros(2), covariance_matrix=np.array([[4.0, 2.0], [2.0, 5.0]]))
        >>> p
        MultivariateNormal(loc: (2,), covariance_matrix: (2, 2))
        >>> p.scale_tril
        array([[2., 0.],
               [1., 2.]])
        >>> float(p.log_prob(np.array([2.0, 1.0])).round(4))
        -3.7242
    """

    arg_constraints = {  # noqa: RUF012
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True
    loc = parameter(event_dim=1)

    def __init__(
        self,
        loc: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        choice = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        matrices = {name: x for name, x in choice.items() if x is not None}
        if len(matrices) != 1:
            raise ValueError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified, "
                f"got {', '.join(matrices) or 'none'}."
            )
        (name,) = matrices
        given = floating(loc=loc, **matrices)
        n, matrix = np.shape(raw(given["loc"]))[-1:], np.shape(raw(given[name]))
        if not n:
            raise ValueError("loc must be at least one-dimensional.")
        if len(matrix) < 2:
            raise ValueError(f"{name} must be at least two-dimensional, with optional leading batch dimensions")
        if matrix[-2:] != n + n:
            raise ValueError(f"{name} of shape {matrix} does not go with loc of {n[0]} elements: it must be (*, n, n)")
        batch_shape = self._give({"loc": 1, name: 2}, **given)
        super().__init__(batch_shape, n, validate_args)

    @property
    def _factor(self) -> Any:
        """L, as few as there are."""
        name, matrix = next((k, x) for k, x in self._given.items() if k != "loc")
        if name == "scale_tril":
            return matrix
        if name == "covariance_matrix":
            return np.linalg.cholesky(matrix)
        # with rows and columns in reverse Σ⁻¹ is R Rᵀ; R reversed is the upper triangular U of Σ⁻¹ = U Uᵀ, and L is U⁻ᵀ
        reversed_factor = np.linalg.cholesky(matrix[..., ::-1, ::-1])
        return self._inverse(np.matrix_transpose(reversed_factor[..., ::-1, ::-1]))

    def _inverse(self, factor: Any) -> Any:
        return ag.linalg.solve_triangular(factor, np.eye(self.event_shape[0], dtype=self._dtype), lower=True)

    def _matrix(self, name: str) -> Any:
        if name in self._given:
            matrix = self._given[name]
        else:
            factor = self._factor
            if name == "covariance_matrix":
                matrix = factor @ np.matrix_transpose(factor)
            elif name == "scale_tril":
                matrix = factor
            else:
                inverse = self._inverse(factor)
                matrix = np.matrix_transpose(inverse) @ inverse
        return expanded(matrix, self.batch_shape + self.event_shape * 2)

    @property
    def covariance_matrix(self) -> Any:
        """Σ, `batch_shape + (n, n)`."""
        return self._matrix("covariance_matrix")

    @property
    def precision_matrix(self) -> Any:
        """Σ⁻¹, `batch_shape + (n, n)`."""
        return self._matrix("precision_matrix")

    @property
    def scale_tril(self) -> Any:
        """L, `batch_shape + (n, n)`."""
        return self._matrix("scale_tril")

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return expanded(np.sum(self._factor**2, axis=-1), self.batch_shape + self.event_shape)

    def rsample(self, sample_shape: Shape = (), *, generator: np.random.Generator | None = None) -> Any:
        shape = self._extended_shape(sample_shape)
        noise = standard_normal(shape, self._dtype, default_generator if generator is None else generator)
        return self.loc + np.squeeze(self._factor @ noise[..., None], -1)

    def log_prob(self, value: Any) -> Any:
        difference, factor = self._value(value) - self.loc, self._factor
        n = self.event_shape[0]
        return -0.5 * (n * math.log(2 * math.pi) + mahalanobis(factor, difference)) - half_log_determinant(factor)

    def entropy(self) -> Any:
        constant = 0.5 * self.event_shape[0] * (1 + math.log(2 * math.pi))
        return expanded(constant + half_log_determinant(self._factor), self.batch_shape)


def half_log_determinant(factor: Any) -> Any:
    """log det L, half of log det Σ."""
    return np.sum(np.log(np.diagonal(factor, axis1=-2, axis2=-1)), axis=-1)


def mahalanobis(factor: Any, difference: Any) -> Any:
    """|L⁻¹ d|² of factors `(*batch, n, n)` and vectors `(*samples, *batch, n)`.

    The samples become the columns of the right-hand side, so that each matrix is solved with once.
    """
    batch_dims = np.ndim(raw(factor)) - 2
    shape = np.shape(raw(difference))
    samples, rest = shape[: len(shape) - 1 - batch_dims], shape[len(shape) - 1 - batch_dims :]
    columns = np.moveaxis(difference.reshape((math.prod(samples), *rest)), 0, -1)
    squares = np.sum(ag.linalg.solve_triangular(factor, columns, lower=True) ** 2, axis=-2)
    return np.moveaxis(squares, -1, 0).reshape(samples + rest[:-1])[()]
