"""Elementwise functions and choices."""

from __future__ import annotations

import numpy as np

from .case import case, named, sample, strided, weights_for

# ---- functions of one number ----

_UNARY = {
    "negative": (-2, 2), "positive": (-2, 2), "conjugate": (-2, 2), "reciprocal": (0.5, 2), "square": (-2, 2),
    "sqrt": (0.5, 2), "cbrt": (0.5, 2), "exp": (-2, 2), "exp2": (-2, 2), "expm1": (-2, 2), "log": (0.5, 2),
    "log2": (0.5, 2), "log10": (0.5, 2), "log1p": (-0.5, 2), "sin": (-2, 2), "cos": (-2, 2), "tan": (-1, 1),
    "arcsin": (-0.8, 0.8), "arccos": (-0.8, 0.8), "arctan": (-2, 2), "sinh": (-2, 2), "cosh": (-2, 2),
    "tanh": (-2, 2), "arcsinh": (-2, 2), "arccosh": (1.5, 3), "arctanh": (-0.8, 0.8), "deg2rad": (-2, 2),
    "radians": (-2, 2), "rad2deg": (-2, 2), "degrees": (-2, 2), "absolute": (0.3, 2), "fabs": (-2, -0.3),
    "sinc": (0.2, 0.9), "i0": (-9, 9),
}  # fmt: skip
for _name, (_low, _high) in _UNARY.items():
    for _shape in ((), (3,), (2, 3), (0,), (2, 0)):
        case(f"{_name} {_shape}", named(_name), _shape, low=_low, high=_high)

case("exp strided", lambda np, x: np.exp(x), strided(2, 3))
case("tanh transposed", lambda np, x: np.tanh(x), sample((2, 3)).T)
case("sinc near 0", lambda np, x: np.sinc(x), np.array([-0.04, -1e-3, 1e-4, 0.0, 0.03]))
case("absolute of both signs", lambda np, x: abs(x), np.array([-1.5, -0.2, 0.3, 2.0]))
case("modf", lambda np, x: np.modf(x), np.array([-1.3, 0.4, 2.6]), exact=False)
case("frexp mantissa", lambda np, x: np.frexp(x)[0], np.array([-1.3, 0.4, 2.6]))
case("ldexp", lambda np, x: np.ldexp(x, 3), (3,))
case("ldexp by each exponent", lambda np, x: np.ldexp(x, np.array([[3], [-1]])), (3,))
case("nan_to_num", lambda np, x: np.nan_to_num(x, nan=5.0), (2, 3))
case("cbrt of both signs", lambda np, x: np.cbrt(x), np.array([-8.0, -0.1, 0.2, 3.0]))

# ---- functions of two ----

_BINARY = {
    "add": (-2, 2), "subtract": (-2, 2), "multiply": (-2, 2), "divide": (0.5, 2), "power": (0.5, 2),
    "float_power": (0.5, 2), "maximum": (-2, 2), "minimum": (-2, 2), "fmax": (-2, 2), "fmin": (-2, 2),
    "hypot": (0.3, 2), "arctan2": (0.3, 2), "logaddexp": (-2, 2), "logaddexp2": (-2, 2),
}  # fmt: skip
for _name, (_low, _high) in _BINARY.items():
    for _shapes in (((), ()), ((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2, 3)), ((3,), ()), ((0, 3), (3,))):
        case(f"{_name} {_shapes}", named(_name), *_shapes, low=_low, high=_high)

_dividend, _divisor = np.array([5.3, -5.3, 2.9]), np.array([2.0, 2.1, -1.2])
case("remainder", lambda np, x, y: np.remainder(x, y), _dividend, _divisor)
case("fmod", lambda np, x, y: np.fmod(x, y), _dividend, _divisor)
case("divmod", lambda np, x, y: np.divmod(x, y)[1], _dividend, _divisor)
case("heaviside", lambda np, x, y: np.heaviside(x, y), np.array([-1.2, 0.7, 2.0]), (3,))
case("copysign", lambda np, x, y: np.copysign(x, y), np.array([1.5, -0.4, 2.0]), np.array([-1.0, -2.0, 0.5]))
case("nextafter", lambda np, x, y: np.nextafter(x, y), (3,), (3,))
case("power of a negative", lambda np, x: x**3, np.array([-1.5, -0.3, 0.7]))
case("power 0", lambda np, x: x**0, (3,))
case("power 1", lambda np, x: x**1, np.array([0.0, 1.0, -2.0]))
case("square by **", lambda np, x: x**2, np.array([0.0, 1.0, -2.0]))
case("power with array exponents", lambda np, x: x ** np.array([0.0, 1.0, 2.0, -1.0]), (4,), low=0.5)
case("number ** array", lambda np, x: 3.0**x, (3,))
case("operators", lambda np, x, y: (2 - x) * y / (1 + x * x) - y % 3.5 + (-x) ** 2 + 1 / (3 + y), (2, 3), (3,))
case("x * x", lambda np, x: x * x * x + x - x / 3, (3,))
case("number on the left", lambda np, x: 2.0 / x + 3 - x, (3,), low=0.5)

# ---- numpy.emath: complex where it must ----

for _name in ("sqrt", "log", "log2", "log10"):
    case(f"emath.{_name}", lambda np, x, f=_name: getattr(np.emath, f)(x), (3,), low=0.5)
    case(f"emath.{_name} of both signs", lambda np, x, f=_name: getattr(np.emath, f)(x), np.array([-1.5, 0.4, 2.0]))
for _name in ("arccos", "arcsin", "arctanh"):
    case(f"emath.{_name}", lambda np, x, f=_name: getattr(np.emath, f)(x), (3,), low=-0.8, high=0.8)
    case(f"emath.{_name} of large", lambda np, x, f=_name: getattr(np.emath, f)(x), np.array([-1.5, 0.4, 2.0]))
case("emath.sqrt complex", lambda np, z: np.emath.sqrt(z), np.array([-1.5 + 1j, 0.4 - 2j]))
case("emath.logn", lambda np, n, x: np.emath.logn(n, x), (3,), np.array([-1.5, 0.4, 2.0]), low=1.5)
case("emath.logn to a number", lambda np, x: np.emath.logn(2, x), (3,), low=0.5)
case("emath.power", lambda np, x, p: np.emath.power(x, p), np.array([-1.5, 0.4, 2.0]), (3,))
case("emath.power to a number", lambda np, x: np.emath.power(x, -2), np.array([-1.5, 0.4, 2.0]))
case("emath.power of a number", lambda np, p: np.emath.power(-2.0, p), (3,))

# ---- choices ----

_MASK = np.array([[True, False, True], [False, False, True]])
case("where", lambda np, x, y: np.where(_MASK, x, y), (2, 3), (2, 3))
case("where broadcasts", lambda np, x, y: np.where(_MASK, x, y), (1, 3), ())
case("where with a constant", lambda np, x: np.where(_MASK, x, 0.0), (2, 3))
case("where of a comparison", lambda np, x: np.where(x > 0, x, 0.1 * x), (2, 3))
case("clip", lambda np, x: np.clip(x, -1.0, 1.1), (2, 3))
case("clip below", lambda np, x: np.clip(x, -0.5, None), (2, 3))
case("clip as a ufunc", lambda np, x, lo: np._core.umath.clip(x, lo, 1.1), (2, 3), sample((3,), -1.2, -0.4))
case("clip above", lambda np, x: np.clip(x, None, 0.5), (2, 3))
case("clip, as an array's method", lambda np, x: weights_for((3,)).clip(x, 3 * x), (3,), low=0.5)
case("clip with bounds", lambda np, x, lo, hi: np.clip(x, lo, hi), (4,), sample((4,), -2, -0.1), sample((), 0.3, 0.5))
