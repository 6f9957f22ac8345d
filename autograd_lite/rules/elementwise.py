"""Derivatives of the elementwise functions: NumPy's ufuncs, `where`, `clip`, `relu`.

Each rule is the function's line in a table of derivatives, times `g`. Where a function has a kink, the rule
gives PyTorch's choice: the derivative if there is one, else the subgradient of minimum norm for a convex
function, else the limit. Ties of `maximum` and `minimum` share the gradient equally.

Most lines hold for complex numbers as they are (see `defvjp`). The others ask `is_complex` first, so that real numbers
pay nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy._core import umath

from ..primitive import composed, defvjp, plain_array, primitive
from ..tracing import is_array


def is_complex(x: Any) -> bool:
    """Whether an array, a number or a Value is complex."""
    return isinstance(x, complex) or getattr(getattr(x, "dtype", None), "kind", None) == "c"


def conj(x: Any) -> Any:
    """The complex conjugate; a real `x` is not copied."""
    return np.conjugate(x) if is_complex(x) else x


# arithmetic
defvjp(np.add, lambda g, out, x, y: g, lambda g, out, x, y: g)
defvjp(np.subtract, lambda g, out, x, y: g, lambda g, out, x, y: -g)
defvjp(np.multiply, lambda g, out, x, y: g * y, lambda g, out, x, y: g * x)
defvjp(np.divide, lambda g, out, x, y: g / y, lambda g, out, x, y: -g * out / y)
defvjp(np.negative, lambda g, out, x: -g)
defvjp(np.positive, lambda g, out, x: g)
defvjp(np.conjugate, lambda g, out, x: conj(g))
defvjp(np.reciprocal, lambda g, out, x: -g * out * out)
defvjp(np.square, lambda g, out, x: g * (2 * x))
defvjp(np.sqrt, lambda g, out, x: g / (2 * out))
defvjp(np.cbrt, lambda g, out, x: g / (3 * out * out))


def _power_base(g: Any, out: Any, x: Any, y: Any) -> Any:
    if isinstance(y, float | int):
        return g * (y * x ** (y - 1)) if y != 0 else masked(g, False)
    one_where_constant = np.where(y == 0, 1, y)  # x**0 is constant, also at x = 0
    return g * (y * x ** (one_where_constant - 1))


def _power_exponent(g: Any, out: Any, x: Any, y: Any) -> Any:
    flat = (x == 0) & (plain_array(y).real >= 0)  # 0**y is constant for y > 0; at y = 0 PyTorch's choice
    base = np.where(flat, 1, x)
    if is_complex(out):
        base = base.astype(out.dtype)  # a negative base has a logarithm then
    return g * np.where(flat, 0, out * np.log(base))


defvjp(np.power, _power_base, _power_exponent)
defvjp(np.float_power, _power_base, _power_exponent)

# remainders: x - y * floor(x / y), and with trunc for fmod
defvjp(np.remainder, lambda g, out, x, y: g, lambda g, out, x, y: -g * np.floor_divide(x, y))
# x / y itself may round up to the next integer
defvjp(np.fmod, lambda g, out, x, y: g, lambda g, out, x, y: -g * np.rint((x - out) / y))


@primitive
def fraction(x: Any) -> Any:
    """What is behind the decimal point; of infinity 0."""
    return np.modf(x)[0]


def _fraction(g: Any, out: Any, x: Any) -> Any:
    return masked(g, ~np.isinf(x))


defvjp(fraction, _fraction)


@composed(np.modf)
def _modf(x: Any) -> Any:
    return fraction(x), np.trunc(x)


@composed(np.divmod)
def _divmod(x: Any, y: Any) -> Any:
    return np.floor_divide(x, y), np.remainder(x, y)


@composed(np.frexp)
def _frexp(x: Any) -> Any:
    exponent = np.frexp(x.data)[1]
    return np.ldexp(x, -exponent), exponent


# exponentials and logarithms
defvjp(np.exp, lambda g, out, x: g * out)
defvjp(np.exp2, lambda g, out, x: g * (np.log(2) * out))
defvjp(np.expm1, lambda g, out, x: g * (out + 1))
defvjp(np.log, lambda g, out, x: g / x)
defvjp(np.log2, lambda g, out, x: g / (np.log(2) * x))
defvjp(np.log10, lambda g, out, x: g / (np.log(10) * x))
defvjp(np.log1p, lambda g, out, x: g / (1 + x))


def _exponent(x: Any, y: Any, out: Any) -> Any:
    """x - log(exp(x) + exp(y)), of which nothing is left where x alone is infinite."""
    alone = (x > y) & np.isinf(x)
    return np.where(alone, 0, x) - np.where(alone, 0, out)


for _logarithm, _exponential in ((np.logaddexp, np.exp), (np.logaddexp2, np.exp2)):
    defvjp(
        _logarithm,
        lambda g, out, x, y, exp=_exponential: g * exp(_exponent(x, y, out)),
        lambda g, out, x, y, exp=_exponential: g * exp(_exponent(y, x, out)),
    )
defvjp(np.ldexp, lambda g, out, x, n: np.ldexp(g, n), None)


def _i0(g: Any, out: Any, x: Any) -> Any:
    from scipy import special

    return g * special.i1(x)


defvjp(np.i0, _i0)

_I, _MINUS_I = complex(0, 1), complex(0, -1)  # -1j has a real part of -0


def _leg(x: Any) -> Any:
    """sqrt(1 - x^2), on a branch cut on the side that the sign of a zero tells, as NumPy's arcsin."""
    return np.sqrt(-(x - 1)) * np.sqrt(x - -1) if is_complex(x) else np.sqrt((1 - x) * (1 + x))


def _hypotenuse(x: Any) -> Any:
    """sqrt(1 + x^2), likewise."""
    return np.sqrt((x - _I) * (x - _MINUS_I)) if is_complex(x) else np.hypot(1, x)


def _arctan(g: Any, out: Any, x: Any) -> Any:
    if is_complex(x):
        return g / (x - _I) / (x - _MINUS_I)
    return g / np.hypot(1, x) / np.hypot(1, x)


# trigonometry; written so that nothing cancels near 1 and nothing overflows for large x
defvjp(np.sin, lambda g, out, x: g * np.cos(x))
defvjp(np.cos, lambda g, out, x: -g * np.sin(x))
defvjp(np.tan, lambda g, out, x: g * (1 + out * out))
defvjp(np.arcsin, lambda g, out, x: g / _leg(x))
defvjp(np.arccos, lambda g, out, x: -g / _leg(x))
defvjp(np.arctan, _arctan)
defvjp(np.sinh, lambda g, out, x: g * np.cosh(x))
defvjp(np.cosh, lambda g, out, x: g * np.sinh(x))
defvjp(np.tanh, lambda g, out, x: g * (1 - out * out))
defvjp(np.arcsinh, lambda g, out, x: g / _hypotenuse(x))
defvjp(np.arccosh, lambda g, out, x: g / (np.sqrt(x - 1) * np.sqrt(x - -1)))  # `x + 1` would lose the sign of -0j
defvjp(np.arctanh, lambda g, out, x: g / ((1 - x) * (1 + x)))
for _to_radians in (np.deg2rad, np.radians):
    defvjp(_to_radians, lambda g, out, x: g * (np.pi / 180))
for _to_degrees in (np.rad2deg, np.degrees):
    defvjp(_to_degrees, lambda g, out, x: g * (180 / np.pi))


def _apart_from_zero(x: Any, denominator: Any) -> Any:
    """x / denominator, and 0 where the denominator is 0: the minimum-norm choice at the origin."""
    zero = denominator == 0
    return np.where(zero, 0, x) / np.where(zero, 1, denominator)


def _over_square(x: Any, denominator: Any) -> Any:
    return _apart_from_zero(_apart_from_zero(x, denominator), denominator)


defvjp(
    np.hypot,
    lambda g, out, x, y: g * _apart_from_zero(x, out),
    lambda g, out, x, y: g * _apart_from_zero(y, out),
)
defvjp(
    np.arctan2,
    lambda g, out, y, x: g * _over_square(x, np.hypot(x, y)),
    lambda g, out, y, x: -g * _over_square(y, np.hypot(x, y)),
)


def _sinc(g: Any, out: Any, x: Any) -> Any:
    # near 0 the formula cancels; there the series of sin(pi x) / (pi x) is exact to rounding
    near = np.abs(x) < 0.05
    away, p = np.where(near, 1, x), np.pi * np.where(near, x, 0)
    series = -np.pi * p * (1 / 3 - p**2 * (1 / 30 - p**2 * (1 / 840 - p**2 * (1 / 45360))))
    return g * np.where(near, series, (np.cos(np.pi * away) - np.sinc(away)) / away)


defvjp(np.sinc, _sinc)

# absolute values and signs; np.sign of a real number returns a plain array, 0 at 0
defvjp(np.absolute, lambda g, out, x: g * conj(np.sign(x)))
defvjp(np.fabs, lambda g, out, x: g * np.sign(x))


def _nothing(g: Any, out: Any, x: Any, y: Any) -> Any:
    return masked(g, False)


defvjp(np.copysign, lambda g, out, x, y: g * (np.sign(x) * np.copysign(1, plain_array(y))), _nothing)
defvjp(np.nextafter, lambda g, out, x, y: g, _nothing)


# choices
_BITS = {np.dtype(f"f{size}"): np.dtype(f"i{size}") for size in (2, 4, 8)}


@primitive(traced=True)
def masked(g: Any, keep: Any) -> Any:
    """`g` where `keep` holds, else 0: never `g * keep`, because infinity times 0 is nan.

    np.where does this too, but on a mask without a pattern a processor guesses wrong half of the time, and then it
    takes fifteen times as long. Read as an integer, a float times 1 is itself, and times 0 it is 0.
    """
    if is_array(g, keep) and g.shape == keep.shape and keep.dtype == bool:
        integer = _BITS.get(g.dtype)
        if integer is not None:
            bits = keep.astype(integer)
            bits *= g.view(integer)
            return bits.view(g.dtype)
    if isinstance(g, np.floating) and isinstance(keep, np.bool_):  # ten times as fast as np.where on scalars
        return g if keep else g.dtype.type(0)
    return np.where(keep, g, 0)


defvjp(masked, lambda g, out, x, keep: masked(g, keep), None)
defvjp(np.heaviside, _nothing, lambda g, out, x, y: masked(g, x == 0))  # y is the value at the step itself


def _larger(g: Any, x: Any, y: Any) -> Any:
    return np.where(x == y, g / 2, masked(g, ~(x < y)))


defvjp(np.maximum, lambda g, out, x, y: _larger(g, x, y), lambda g, out, x, y: _larger(g, y, x))
defvjp(np.minimum, lambda g, out, x, y: _larger(g, y, x), lambda g, out, x, y: _larger(g, x, y))


# fmax and fmin prefer a number to nan, and the first argument at a tie, as PyTorch does
defvjp(
    np.fmax,
    lambda g, out, x, y: masked(g, (x >= y) | np.isnan(y)),
    lambda g, out, x, y: masked(g, ~((x >= y) | np.isnan(y))),
)
defvjp(
    np.fmin,
    lambda g, out, x, y: masked(g, (x <= y) | np.isnan(y)),
    lambda g, out, x, y: masked(g, ~((x <= y) | np.isnan(y))),
)


@primitive
def where(condition: Any, x: Any, y: Any) -> Any:
    """`x` where the condition holds, else `y`."""
    return np.where(condition, x, y)


defvjp(
    where,
    None,
    lambda g, out, condition, x, y: masked(g, condition),
    lambda g, out, condition, x, y: masked(g, np.logical_not(condition)),
)


@composed(np.where)
def _where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if x is None and y is None:
        return np.nonzero(condition)
    if x is None or y is None:
        raise ValueError("np.where needs both x and y, or neither. Write np.where(condition, x, 0).")
    return where(condition, x, y)


@primitive
def clip(x: Any, low: Any, high: Any) -> Any:
    """`x` limited to `[low, high]`; either may be None."""
    return np.clip(x, low, high)


def _not_below(x: Any, bound: Any) -> Any:
    return True if bound is None else x >= bound


def _not_above(x: Any, bound: Any) -> Any:
    return True if bound is None else x <= bound


# the gradient passes at the bounds themselves; the upper bound wins where they cross, as in NumPy
defvjp(
    clip,
    lambda g, out, x, low, high: masked(g, _not_below(x, low) & _not_above(x, high)),
    lambda g, out, x, low, high: masked(g, (x < low) & _not_above(low, high)),
    lambda g, out, x, low, high: masked(g, (x > high) | np.logical_not(low is None or _not_above(low, high))),
)


@composed(np.clip)
def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    if (a_min is not None and min is not None) or (a_max is not None and max is not None):
        raise ValueError("np.clip got a bound twice: pass a_min or min, a_max or max")
    low, high = a_min if min is None else min, a_max if max is None else max
    return clip(a, low, high)


composed(vars(umath)["clip"])(clip)  # which is what `array.clip(v)` calls


@primitive
def nan_to_num(x: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    """Finite numbers in place of nan and the infinities, in both parts of a complex number."""
    if (nan, posinf, neginf) == (0, None, None):
        return np.nan_to_num(x)  # all that Dask knows
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


def _nan_to_num(g: Any, out: Any, x: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    if not is_complex(x):
        return masked(g, np.isfinite(x))
    return masked(np.real(g), np.isfinite(np.real(x))) + 1j * masked(np.imag(g), np.isfinite(np.imag(x)))


defvjp(nan_to_num, _nan_to_num)


@composed(np.nan_to_num)
def _nan_to_num_spelled(x: Any, copy: Any = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    if not copy:
        raise TypeError(
            "numpy.nan_to_num has no gradient rule for copy=False, which writes into its array. "
            "Write v = np.nan_to_num(v) instead."
        )
    return nan_to_num(x, nan, posinf, neginf)


@primitive(traced=True)
def relu(x: Any) -> Any:
    """The positive part, `max(x, 0)`; its derivative at 0 is 0."""
    if isinstance(x, np.floating):  # twenty times as fast as the ufunc on a scalar; nan stays nan
        return type(x)(0) if x <= 0 else x
    positive = np.maximum(x, 0)
    if positive.dtype.kind == "c":
        raise TypeError("complex numbers are neither positive nor negative. Write relu(z.real), or relu of both parts.")
    return positive


defvjp(relu, lambda g, out, x: masked(g, x > 0))
