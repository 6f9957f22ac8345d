"""Differences, integrals, interpolation, convolution, and numbers between two ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import case, complex_sample, sample, strided

# ---- differences ----

for _shape, _options in (
    ((5,), {}), ((5,), {"n": 2}), ((5,), {"n": 4}), ((5,), {"n": 0}), ((4, 3), {"axis": 0}),
    ((4, 3), {"axis": 0, "n": 2}), ((3,), {"n": 3}), ((2,), {"n": 4}),
    ((4, 3), {}), ((2, 3, 2), {"axis": -2}), ((0, 3), {}),
):  # fmt: skip
    case(f"diff {_shape} {_options}", lambda np, x, options=_options: np.diff(x, **options), _shape)
case("diff strided", lambda np, x: np.diff(x, axis=0), strided(3, 2))
case("diff complex", lambda np, z: np.diff(z, n=2), complex_sample((4,)))
case("diff with ends", lambda np, x, y, z: np.diff(x, prepend=y, append=z), (2, 3), (2, 1), (2, 2))
case("diff with scalar ends", lambda np, x, y, z: np.diff(x, 2, 0, y, z), (2, 3), (), ())
case("diff after 0", lambda np, x: np.diff(x, prepend=0.0), (2, 3))
case("diff before 1 with a constant", lambda np, x: np.diff(x, axis=0, append=np.ones((1, 3))), (2, 3))
case("diff of a constant", lambda np, x: np.diff(np.array([1.0, 2.0]), prepend=x), ())
case("ediff1d", lambda np, x: np.ediff1d(x), (2, 3))
case("ediff1d of nothing", lambda np, x, y: np.ediff1d(x, y), (0,), (2,))
case("ediff1d with ends", lambda np, x, y, z: np.ediff1d(x, to_begin=y, to_end=z), (4,), (2, 2), ())
case("ediff1d to a number", lambda np, x: np.ediff1d(x, to_end=99.0), (4,))

_PLACES = np.array([-0.5, 0.2, 0.9, 2.2])
for _edge in (1, 2):
    for _name, _spacing in (
        ("one", ()), ("a number", (0.5,)), ("even places", (np.linspace(1, 4, 4),)), ("places", (_PLACES,)),
    ):  # fmt: skip

        def _gradient(np: Any, f: Any, spacing: Any = _spacing, edge: int = _edge) -> Any:
            return np.gradient(f, *spacing, edge_order=edge)

        case(f"gradient edge {_edge} spacing {_name}", _gradient, (4,))
    case(f"gradient edge {_edge} of a matrix", lambda np, f, edge=_edge: np.gradient(f, edge_order=edge), (3, 4))
    case(
        f"gradient edge {_edge} by places",
        lambda np, f, x, edge=_edge: np.gradient(f, x, edge_order=edge),
        (4,), sample((4,), 0, 0.3) + np.arange(4), exact=False,
    )  # fmt: skip
    case(
        f"gradient edge {_edge} by distance", lambda np, f, h, edge=_edge: np.gradient(f, h, edge_order=edge),
        (4,), np.array(0.7),
    )  # fmt: skip
case("gradient of two elements", lambda np, f: np.gradient(f), (2,))
case("gradient along one axis", lambda np, f: np.gradient(f, axis=-1), (2, 3))
case("gradient along two axes", lambda np, f: np.gradient(f, 2.0, np.array([0.0, 1.0, 3.0]), axis=(2, 1)), (2, 3, 3))
case("gradient by even places", lambda np, f, x: np.gradient(f, x), (4,), np.arange(4.0), exact=False)
case("gradient by places alone", lambda np, x: np.gradient(np.array([1, 4, 9]), x), np.array([1.0, 2.5, 3.0]))
case("gradient complex", lambda np, f: np.gradient(f, 0.5, edge_order=2), complex_sample((4,)))
case("unwrap", lambda np, p: np.unwrap(p), (2, 4), low=-9.0, high=9.0)
case("unwrap axis", lambda np, p: np.unwrap(p, axis=0, period=4.0), (4, 2), low=-9.0, high=9.0)
case("unwrap discont", lambda np, p: np.unwrap(p, 5.0), (6,), low=-9.0, high=9.0)

# ---- integrals ----

_THREE = np.array([1.0, 2.0, 4.0])

case("trapezoid", lambda np, y: np.trapezoid(y), (5,))
case("trapezoid of one point", lambda np, y: np.trapezoid(y), (1,))
case("trapezoid dx", lambda np, y: np.trapezoid(y, dx=0.3, axis=0), (3, 2))
case("trapezoid by distance", lambda np, y, h: np.trapezoid(y, dx=h), (2, 3), ())
case("trapezoid by distances", lambda np, y, h: np.trapezoid(y, dx=h), (2, 3), (2,))
case("trapezoid over places", lambda np, y, x: np.trapezoid(y, x), (2, 4), (4,))
case("trapezoid over places axis 0", lambda np, y, x: np.trapezoid(y, x, axis=0), (4, 2), (4,))
case("trapezoid over places for each row", lambda np, y, x: np.trapezoid(y, x, axis=1), (2, 4), (2, 4))
case("trapezoid of a constant", lambda np, x: np.trapezoid(_THREE, x), (3,))
case("trapezoid complex", lambda np, y, x: np.trapezoid(y, x), complex_sample((4,)), complex_sample((4,), salt=1))

# ---- interpolation ----

_KNOTS, _WITHIN = np.array([-1.0, 0.1, 0.5, 2.0]), np.array([[-0.7, 1.3, 0.3], [-2.0, 0.2, 2.5]])
case("interp", lambda np, x, xp, fp: np.interp(x, xp, fp), _WITHIN, _KNOTS, (4,))
case("interp scalar", lambda np, x, xp, fp: np.interp(x, xp, fp), np.array(0.3), _KNOTS, (4,))
case("interp nothing", lambda np, x, xp, fp: np.interp(x, xp, fp), (0,), _KNOTS, (4,))
case("interp of one point", lambda np, x, xp, fp: np.interp(x, xp, fp), (3,), np.array([0.2]), (1,))
case("interp a table", lambda np, x: np.interp(x, _THREE - 2, _THREE**2), _WITHIN)
case("interp outside", lambda np, x, fp: np.interp(x, _KNOTS, fp, -7.0, 7.0), _WITHIN, (4,))
case("interp with ends", lambda np, x, fp, a, b: np.interp(x, _KNOTS, fp, a, right=b), _WITHIN, (4,), (), ())
case(
    "interp periodic", lambda np, x, xp, fp: np.interp(x, xp, fp, period=3.0),
    np.array([-4.0, 0.3, 7.7, 2.4]), np.array([5.6, 0.1, -0.8]), (3,),
)  # fmt: skip
case(
    "interp of a period", lambda np, x, period: np.interp(x, _THREE * 0.4, _THREE, period=period),
    np.array([-4.0, 0.3, 7.7]), np.array(-3.0),
)  # fmt: skip
case("interp complex", lambda np, x, xp, fp: np.interp(x, xp, fp), _WITHIN, _KNOTS, complex_sample((4,)))

# ---- convolution ----

for _mode in ("full", "same", "valid"):
    for _left, _right in (
        ((5,), (3,)),
        ((3,), (5,)),
        ((6,), (2,)),
        ((2,), (6,)),
        ((4,), (4,)),
        ((3,), (1,)),
        ((1,), (1,)),
    ):
        case(f"convolve {_left} {_right} {_mode}", lambda np, a, v, mode=_mode: np.convolve(a, v, mode), _left, _right)
        case(
            f"correlate {_left} {_right} {_mode}", lambda np, a, v, mode=_mode: np.correlate(a, v, mode), _left, _right
        )
    for _left, _right in (((5,), (4,)), ((2,), (5,))):
        for _name in ("convolve", "correlate"):
            case(
                f"{_name} complex {_left} {_right} {_mode}",
                lambda np, a, v, name=_name, mode=_mode: getattr(np, name)(a, v, mode),
                complex_sample(_left), complex_sample(_right, salt=1),
            )  # fmt: skip
case("convolve a scalar", lambda np, a, v: np.convolve(a, v), (), (3,))
case("convolve by scalar", lambda np, a, v: np.convolve(a, v), (3,), ())
case("convolve strided", lambda np, a: np.convolve(a, _THREE, "same"), strided(5))
case("convolve with itself", lambda np, a: np.convolve(a, a), (3,))
case("correlate with a constant", lambda np, v: np.correlate(_THREE, v), (2,))
case("correlate real with complex", lambda np, a, v: np.correlate(a, v, "full"), (3,), complex_sample((2,)))
case("convolve complex with real", lambda np, a, v: np.convolve(a, v), complex_sample((3,)), (2,))

# ---- numbers between two ends ----

for _shapes, _options in (
    (((), ()), {}), (((), ()), {"endpoint": False}), (((2,), ()), {}), (((2, 1), (3,)), {"axis": 1}),
    (((3,), (3,)), {"axis": -1, "endpoint": False}),
):  # fmt: skip
    case(f"linspace {_shapes} {_options}", lambda np, a, b, o=_options: np.linspace(a, b, 5, **o), *_shapes)
    case(
        f"logspace {_shapes} {_options}", lambda np, a, b, o=_options: np.logspace(a, b, 4, **o), *_shapes,
        low=-0.5, high=0.5,
    )  # fmt: skip
    case(
        f"geomspace {_shapes} {_options}", lambda np, a, b, o=_options: np.geomspace(a, b, 4, **o), *_shapes,
        low=0.5, high=2,
    )  # fmt: skip
case("linspace with its step", lambda np, a, b: np.linspace(a, b, 4, retstep=True), (2,), ())
case("linspace step alone", lambda np, a, b: np.linspace(a, b, 4, False, True)[1], (2,), ())
case("linspace points beside the step", lambda np, a, b: np.linspace(a, b, 4, True, True)[0], (), ())
case("linspace of one", lambda np, a, b: np.linspace(a, b, 1), (), ())
case("linspace of none", lambda np, a, b: np.linspace(a, b, 0), (), ())
case("linspace from a number", lambda np, b: np.linspace(-1, b, 4), ())
case("linspace of a kind", lambda np, a, b: np.linspace(a, b, 3, dtype=np.complex128), (), ())
case("linspace complex", lambda np, a, b: np.linspace(a, b, 4), complex_sample(()), complex_sample((2,), salt=1))
case("logspace of a base", lambda np, a, b, base: np.logspace(a, b, 4, base=base), (), (2,), sample((), 1.5, 3))
case("logspace of bases", lambda np, a, b, base: np.logspace(a, b, 4, base=base), (), (2,), sample((2,), 1.5, 3))
case("logspace of a kind", lambda np, a: np.logspace(a, 2.0, 3, dtype=np.float64), ())
case("geomspace from negative to negative", lambda np, a: np.geomspace(a, -8.0, 4), np.array(-1.5))
case("geomspace of one", lambda np, a, b: np.geomspace(a, b, 1), (), (), low=0.5)
case("geomspace of a kind", lambda np, a, b: np.geomspace(a, b, 3, dtype=np.complex128), (), (), low=0.5)
case("geomspace complex", lambda np, a, b: np.geomspace(a, b, 4), complex_sample(()), complex_sample((2,), salt=1))
