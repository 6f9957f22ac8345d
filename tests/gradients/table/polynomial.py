"""Polynomials."""

from __future__ import annotations

import numpy as np

from .case import case, complex_sample, sample

case("polyval", lambda np, p, x: np.polyval(p, x), (4,), (2, 3))
case("polyval of one number", lambda np, p, x: np.polyval(p, x), (3,), ())
case("polyval of a constant polynomial", lambda np, p, x: np.polyval(p, x), (1,), (3,))
case("polyval of no coefficients", lambda np, p, x: np.polyval(p, x), (0,), (3,))
case("polyval of nothing", lambda np, p, x: np.polyval(p, x), (3,), (0,))
case("polyval of rows", lambda np, p, x: np.polyval(p, x), (3, 2), (2,), exact=False)
case("polyval by constants", lambda np, x: np.polyval(np.array([2.0, 0.0, 1.0]), x), (3,))
case("polyval complex", lambda np, p, z: np.polyval(p, z), (3,), complex_sample((2,)))
for _shapes in (((3,), (3,)), ((2,), (4,)), ((4,), (1,)), ((), (3,))):
    case(f"polyadd {_shapes}", lambda np, a, b: np.polyadd(a, b), *_shapes)
    case(f"polysub {_shapes}", lambda np, a, b: np.polysub(a, b), *_shapes)
    case(f"polymul {_shapes}", lambda np, a, b: np.polymul(a, b), *_shapes)
_U, _V = np.array([2.0, -1.5, 0.25, 3.0, 1.0]), np.array([0.5, 1.0, -2.0])  # whose division is exact in float32 too
for _m, _n in ((5, 2), (5, 3), (3, 3), (4, 1), (2, 3), (1, 1)):
    case(f"polydiv {_m} by {_n}", lambda np, u, v: np.polydiv(u, v), _U[:_m], _V[:_n])
case("polydiv by a number", lambda np, u, v: np.polydiv(u, v), _U, np.array(2.0))
case("polydiv complex", lambda np, u, v: np.polydiv(u, v), _U + 1j * _U[::-1], 1j * _V)
case("polymul complex", lambda np, a, b: np.polymul(a, b), complex_sample((3,)), (2,))
case("polymul of zeros in front", lambda np, a: np.polymul(np.array([0.0, 0.0, 3.0, 1.0]), a), (2,))
case("polymul of zeros", lambda np, a: np.polymul(np.zeros(3), a), (2,))
for _m in (0, 1, 2, 5):
    case(f"polyder {_m}", lambda np, p, m=_m: np.polyder(p, m), (4,))
    case(f"polyint {_m}", lambda np, p, m=_m: np.polyint(p, m), (3,))
case("polyint with constants", lambda np, p, k: np.polyint(p, 2, k), (3,), (2,))
case("polyint with one constant", lambda np, p, k: np.polyint(p, 2, k), (3,), ())
case("vander", lambda np, x: np.vander(x), (4,))
case("vander increasing", lambda np, x: np.vander(x, 3, increasing=True), (4,))
case("vander complex", lambda np, z: np.vander(z, 3), complex_sample((2,)))
for _n in (0, 1, 6):
    case(f"vander {_n}", lambda np, x, n=_n: np.vander(x, n), (3,))
    case(f"vander increasing {_n}", lambda np, x, n=_n: np.vander(x, n, True), (3,))

# ---- roots ----

case("poly", lambda np, r: np.poly(r), (3,))
case("poly of complex roots", lambda np, r: np.poly(r), complex_sample((3,)))
case("poly of a matrix", lambda np, a: np.poly(a), (3, 3), exact=False)
case("poly of one element", lambda np, a: np.poly(a), (1, 1), exact=False)
case("poly of a complex matrix", lambda np, a: np.poly(a), complex_sample((3, 3)), exact=False)
case("roots real", lambda np, p: np.roots(p), np.array([1.0, -3.5, 2.5, 0.5]))
case("roots in a pair", lambda np, p: np.roots(p), np.array([1.5, 0.7, 2.0, -1.0]))
case("roots of complex coefficients", lambda np, p: np.roots(p), complex_sample((4,)))
case("roots of a line", lambda np, p: np.roots(p), (2,))
case("roots of a constant", lambda np, p: np.append(np.roots(p), np.sum(p)), (1,))

# ---- least squares ----

_AT = np.array([-1.0, -0.3, 0.4, 1.1, 2.0])
case("polyfit", lambda np, x, y: np.polyfit(x, y, 2), _AT, (5,))
case("polyfit through all points", lambda np, x, y: np.polyfit(x, y, 2), _AT[:3], (3,))
case("polyfit of columns", lambda np, y: np.polyfit(_AT, y, 1), (5, 2))
case("polyfit weighted", lambda np, y, w: np.polyfit(_AT, y, 1, w=w), (5,), sample((5,), 0.5, 2))
case("polyfit weighted columns", lambda np, y, w: np.polyfit(_AT, y, 1, w=w), (5, 2), sample((5,), 0.5, 2))
case("polyfit with its covariance", lambda np, x, y: np.polyfit(x, y, 1, cov=True), _AT, (5,))
case("polyfit of columns with covariances", lambda np, y: np.polyfit(_AT, y, 1, cov=True), (5, 2))
case(
    "polyfit with unscaled covariance", lambda np, x, w: np.polyfit(x, _AT**2, 1, w=w, cov="unscaled"),
    _AT, sample((5,), 0.5, 2),
)  # fmt: skip
