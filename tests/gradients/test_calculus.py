"""Calculus, polynomials and products where the table does not reach: closed forms, corner cases, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, grad

from .table import complex_sample, results, sample

V, M = sample((3,)), sample((2, 3))


# ---- calculus ----


def test_the_slope_of_a_parabola_is_exact() -> None:
    places = np.array([0.0, 0.5, 2.0, 2.5])
    slope = np.gradient(Value(places**2), Value(places), edge_order=2)
    np.testing.assert_allclose(slope.data, 2 * places, rtol=1e-13, atol=1e-13)


def test_even_places_have_the_gradient_of_uneven_ones() -> None:
    f = sample((5,))

    def central(x: Any) -> Any:  # Fornberg's weights for three points
        h, k = x[2] - x[1], x[3] - x[2]
        return -k / (h * (h + k)) * f[1] + (k - h) / (h * k) * f[2] + h / (k * (h + k)) * f[3]

    x = np.arange(5.0)
    np.testing.assert_allclose(grad(lambda x: np.gradient(f, x)[2])(x), grad(central)(x), atol=1e-14)


def test_an_integral_of_differences_is_the_difference_of_the_ends() -> None:
    f = grad(lambda x: np.trapezoid(np.gradient(x, edge_order=2)[1:-1]) + np.sum(np.diff(x)))
    assert f(sample((6,))).sum() == pytest.approx(0)


def test_unwrapping_adds_constants() -> None:
    p = Value([0.0, 3.0, 6.5, 0.2, 3.0])
    np.unwrap(p)[-1].backward()
    np.testing.assert_array_equal(p.grad, [0, 0, 0, 0, 1])


def test_convolution_multiplies_in_the_frequency_domain() -> None:
    a, v, n = V, sample((4,), salt=1), 6

    def through_fft(a: Any, v: Any) -> Any:
        return np.fft.irfft(np.fft.rfft(a, n) * np.fft.rfft(v, n), n) @ np.arange(6.0)

    expected = grad(through_fft, (0, 1))(a, v)
    got = grad(lambda a, v: np.convolve(a, v) @ np.arange(6.0), (0, 1))(a, v)
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_the_gradient_of_an_interpolation_falls_on_two_knots() -> None:
    fp = Value([1.0, 5.0, 2.0])
    np.interp(1.25, [0.0, 1.0, 2.0], fp).backward()
    np.testing.assert_array_equal(fp.grad, [0, 0.75, 0.25])


def test_interpolation_reads_a_jump_from_the_right() -> None:
    x, fp = Value([1.0, 2.0]), Value([0.0, 1.0, 5.0, 6.0, 9.0])
    y = np.interp(x, [0.0, 1.0, 1.0, 2.0, 2.0], fp)
    np.testing.assert_array_equal(y.data, np.interp(x.data, [0.0, 1.0, 1.0, 2.0, 2.0], fp.data))
    y.backward(np.ones(2))
    np.testing.assert_array_equal(fp.grad, [0, 0, 1, 0, 1])
    np.testing.assert_array_equal(x.grad, [1, 0])


def test_a_geometric_sequence_has_the_gradient_of_its_formula() -> None:
    for start, stop in ((2.0, 64.0), (complex(1, 2), complex(-3, 1))):
        t = np.arange(6) / 5
        got = grad(lambda a, b: np.sum(np.real(np.geomspace(a, b, 6))), (0, 1))(start, stop)
        form = grad(lambda a, b, t=t: np.sum(np.real(np.exp(np.log(a) * (1 - t) + np.log(b) * t))), (0, 1))(start, stop)
        np.testing.assert_allclose(got, form, rtol=1e-12)


# ---- polynomials ----


def test_a_fit_through_all_points_undoes_evaluation() -> None:
    x = np.array([-1.0, 0.0, 2.0])
    jacobian = [grad(lambda p, i=i: np.polyfit(x, np.polyval(p, x), 2)[i])(V) for i in range(3)]
    np.testing.assert_allclose(jacobian, np.eye(3), atol=1e-12)


def test_roots_undo_poly() -> None:
    r = np.array([3.0, 1.0, -2.0])
    jacobian = [grad(lambda r, i=i: np.sort(np.roots(np.poly(r)))[::-1][i])(r) for i in range(3)]
    np.testing.assert_allclose(jacobian, np.eye(3), atol=1e-12)


def test_the_roots_of_a_parabola_have_the_gradient_of_their_formula() -> None:
    for p in (np.array([1.0, -3.0, 2.0]), np.array([2.0, 1.0, 3.0])):  # real, and a pair

        def formula(p: Any) -> Any:
            return (-p[1] + np.emath.sqrt(p[1] ** 2 - 4 * p[0] * p[2])) / (2 * p[0])

        got = [grad(lambda p, f=f: f(np.roots(p)[0]))(p) for f in (np.real, np.imag)]
        expected = [grad(lambda p, f=f: f(formula(p)))(p) for f in (np.real, np.imag)]
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-14)


def test_zeros_at_both_ends_of_a_polynomial() -> None:
    p = np.array([0.0, 1.0, -3.0, 2.0, 0.0])  # x (x - 1) (x - 2); a root at infinity comes with p[0]
    got = [grad(lambda p, i=i: np.roots(p)[i])(p) for i in range(3)]
    slopes = {2.0: 2.0, 1.0: -1.0, 0.0: 2.0}  # P'(r)
    expected = [-np.vander([r], 5)[0] / slope for r, slope in slopes.items()]
    np.testing.assert_allclose(got, expected, atol=1e-13)


def test_a_polynomial_of_conjugate_roots_is_real() -> None:
    z = Value([1 + 2j, 1 - 2j, 3 + 0j])
    p = np.poly(z)
    np.testing.assert_array_equal(p.data, np.poly(z.data))
    assert p.dtype == float
    p[-1].backward()  # -Re(z0 z1 z2)
    np.testing.assert_allclose(z.grad, -np.conj([3 * (1 - 2j), 3 * (1 + 2j), 5]))


def test_a_characteristic_polynomial_needs_no_distinct_eigenvalues() -> None:
    c = np.array([1.0, 2.0, -1.0, 0.5])
    for a in (np.eye(3), np.zeros((3, 3)), np.triu(np.ones((3, 3)))):
        got = grad(lambda a: np.poly(a) @ c)(a)
        # det(t I - a): -tr a, the sum of the principal minors of order 2, -det a
        adjugate = np.array(
            [[(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(a, i, 1), j, 0)) for j in range(3)] for i in range(3)]
        )
        expected = -c[1] * np.eye(3) + c[2] * (np.trace(a) * np.eye(3) - a.T) - c[3] * adjugate.T
        np.testing.assert_allclose(got, expected, atol=1e-12)


def test_division_gives_back_its_factors() -> None:
    u, v = Value([1.0, 5.0, 6.0]), Value([1.0, 2.0])
    q, r = np.polydiv(u, v)
    np.testing.assert_array_equal(q.data, [1, 3])
    np.testing.assert_array_equal(r.data, [0])
    r.backward(np.ones(1))  # u(-v1 / v0): the value at the root of v
    np.testing.assert_array_equal(u.grad, [4, -2, 1])


def test_a_full_fit_returns_what_numpy_returns() -> None:
    x, y = sample((5,)), sample((5,), salt=1)
    got, expected = np.polyfit(x, Value(y), 1, full=True), np.polyfit(x, y, 1, full=True)
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(one.data if isinstance(one, Value) else one, other, rtol=1e-12)
    ag.check_grads(lambda x, y: [np.polyfit(x, y, 1, full=True)[i] for i in (0, 1, 3)], x, y)


def test_a_fit_of_too_few_points_warns() -> None:
    with pytest.warns(np.exceptions.RankWarning, match="poorly conditioned"):
        np.polyfit([1.0, 1.0, 1.0], Value(V), 1)


def test_poly1d_may_hold_a_value() -> None:
    p = np.poly1d(Value(V))
    assert isinstance(p(2.0), Value)
    for function in (
        lambda v: np.poly1d(v)(1.5),
        lambda v: (np.poly1d(v) * np.poly1d([1.0, 2.0]) + 1.0).deriv()(0.3),
        lambda v: np.polyval(np.poly1d([1.0, 2.0, 3.0]), v),
        lambda v: np.poly1d(v, True).integ(2)(0.7),
    ):
        ag.check_grads(function, V)


SERIES = {
    "polynomial": "poly", "chebyshev": "cheb", "legendre": "leg", "laguerre": "lag", "hermite": "herm",
    "hermite_e": "herme",
}  # fmt: skip


@pytest.mark.parametrize("kind", SERIES)
def test_numpy_polynomial_is_differentiable_in_the_place_and_refuses_coefficients(kind: str) -> None:
    module, short = getattr(np.polynomial, kind), SERIES[kind]
    evaluate, add, roots, fit = (getattr(module, short + name) for name in ("val", "add", "roots", "fit"))
    ag.check_grads(lambda x: evaluate(x, [1.0, 2.0, 0.5]), V)
    series = getattr(np.polynomial, {"hermite_e": "HermiteE"}.get(kind, kind.capitalize()))
    for call in (
        lambda v: evaluate(0.5, v), lambda v: add(V, v), roots, lambda v: fit(V, v, 1), series, series([1.0, 2.0]),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=r"would drop its gradient in silence\. Write v\.data"):
            call(Value(V))


# ---- numpy.emath ----


def _to_small_integers(x: Any) -> Any:
    return np.emath.power(x, np.array([2, -1], np.int8))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64])
def test_emath_has_numpys_dtypes(dtype: Any) -> None:
    for x in (np.array([2.0, 0.5], dtype), np.array([-2.0, 0.5], dtype)):
        for function in (np.emath.sqrt, np.emath.log2, np.emath.arcsin, _to_small_integers):
            got, expected = function(Value(x)), function(x)
            assert got.dtype == expected.dtype
            np.testing.assert_array_equal(got.data, expected)


def test_a_root_of_a_negative_number_has_a_real_gradient() -> None:
    x = Value([-4.0, 9.0])
    np.sum(np.imag(np.emath.sqrt(x))).backward()
    np.testing.assert_allclose(x.grad, [-0.25, 0])
    assert x.grad.dtype == float


# ---- lists beside Values ----

LISTS: dict[str, tuple[Callable[..., Any], Any]] = {
    "trapezoid": (lambda x: np.trapezoid([1.0, 3.0, 2.0], x), V),
    "gradient": (lambda x: np.gradient([1.0, 3.0, 2.0], x), np.array([0.0, 1.0, 3.0])),
    "gradient at a list": (lambda x: np.gradient(x, [0.0, 1.0, 3.0]), V),
    "diff": (lambda x: np.diff(x, append=[1.0, 2.0]), V),
    "interp": (lambda x: np.interp(x, [-2.0, 0.0, 2.0], [3.0, 1.0, 2.0]), V),
    "convolve": (lambda x: np.convolve([1.0, 2.0], x, "same"), V),
    "correlate": (lambda x: np.correlate(x, [1.0, 2.0], "full"), V),
    "linspace": (lambda x: np.linspace([0, 1, 2], x, 3), V),
    "geomspace": (lambda x: np.geomspace([1, 2, 3], x, 3), V + 3),
    "logspace": (lambda x: np.logspace(0, 1, 3, base=x), V + 3),
    "polyval": (lambda x: np.polyval([1, 2, 3], x), V),
    "polyadd": (lambda x: np.polyadd(x, [1, 2]), V),
    "polydiv": (lambda x: np.polydiv(x, [1.0, 2.0]), V),
    "polyfit": (lambda x: np.polyfit([0, 1, 3], x, 1, w=[1, 2, 1]), V),
    "kron": (lambda x: np.kron([1, 2], x), V),
    "cross": (lambda x: np.cross([[1, 2, 3]], x), V),
    "vdot": (lambda x: np.vdot(x, [1, 2, 3]), V),
    "emath.power": (lambda x: np.emath.power([-2, 3, 1], x), V),
    "emath.logn": (lambda x: np.emath.logn([2, 3, 4], x), V),
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_arrays(name: str) -> None:
    function, x = LISTS[name]
    ag.check_grads(function, x)
    for got, expected in zip(results(function(Value(x))), results(function(x)), strict=True):
        np.testing.assert_allclose(got.data, expected, rtol=1e-14)


# ---- products ----


def test_a_path_made_by_einsum_path_serves_the_forward_pass() -> None:
    arrays = sample((2, 3)), sample((3, 2), salt=1), sample((2, 2), salt=2)
    values = [Value(x) for x in arrays]
    path, text = np.einsum_path("ij,jk,kl->il", *values, optimize="optimal")
    assert path[0] == "einsum_path"
    assert "Complete contraction" in text
    ag.check_grads(lambda *v: np.einsum("ij,jk,kl->il", *v, optimize=path), *arrays)


def test_the_cross_product_of_vectors_in_the_plane_warns_as_numpy_does() -> None:
    with pytest.warns(DeprecationWarning, match="2-dimensional vectors"):
        np.cross(Value([1.0, 2.0]), [3.0, 4.0])


def test_vdot_conjugates_its_first_argument() -> None:
    x, y = complex_sample((3,)), complex_sample((3,), salt=1)
    for part in (np.real, np.imag):
        got = grad(lambda x, y, part=part: part(np.vdot(x, y)), (0, 1))(x, y)
        form = grad(lambda x, y, part=part: part(np.sum(np.conj(x) * y)), (0, 1))(x, y)
        for one, other in zip(got, form, strict=True):
            np.testing.assert_allclose(one, other)


# ---- what is refused ----

REFUSALS: list[tuple[str, Callable[[Value], Any], type[Exception], str]] = [
    ("nan_to_num in place", lambda v: np.nan_to_num(v, copy=False), TypeError, r"copy=False.*Write v = np\.nan_to_num"),
    ("nan_to_num by a Value", lambda v: np.nan_to_num(v, nan=v[0]), TypeError, "nan_to_num has no gradient rule for"),
    ("unwrap of a period", lambda v: np.unwrap(v, period=v[0]), TypeError, "'period'"),
    ("diff of a scalar", lambda v: np.diff(v[0]), ValueError, "it got a scalar"),
    ("diff backwards", lambda v: np.diff(v, -1), ValueError, "not -1"),
    ("diff of unlike ends", lambda v: np.diff(v, append=np.ones((2, 2))), ValueError, "concatenate"),
    ("ediff1d to a complex", lambda v: np.ediff1d(v, 1j), TypeError, "to_end is complex128"),
    ("gradient of too little", lambda v: np.gradient(v[:2], edge_order=2), ValueError, r"at least 3 .* shape \(2,\)"),
    ("gradient of order 3", lambda v: np.gradient(v, edge_order=3), ValueError, "edge_order 1 and 2, not 3"),
    ("gradient with spacings", lambda v: np.gradient(v, 1.0, 2.0), TypeError, "it got 2"),
    ("gradient at few places", lambda v: np.gradient(v, [1.0, 2.0]), ValueError, r"shape \(2,\).*needs \(3,\)"),
    ("interp of unlike knots", lambda v: np.interp(0.5, [1.0, 2.0], v), ValueError, r"\(2,\) and \(3,\)"),
    ("interp of no period", lambda v: np.interp(v, [1.0], [2.0], period=0), ValueError, "must not be 0"),
    ("convolve nothing", lambda v: np.convolve(v[:0], v), ValueError, "cannot be empty"),
    ("convolve in a mode", lambda v: np.convolve(v, v, "near"), ValueError, "near"),
    ("linspace of integers", lambda v: np.linspace(v[0], 9, 3, dtype=int), TypeError, "carry no gradient"),
    ("linspace on a device", lambda v: np.linspace(v[0], 9, 3, device="cpu"), TypeError, "'device'"),
    ("geomspace from 0", lambda v: np.geomspace(0.0, v[0]), ValueError, "start or stop at 0"),
    ("polyval at a poly1d", lambda v: np.polyval(v, np.poly1d([1.0, 2.0])), TypeError, "p.coeffs"),
    ("polyadd with a poly1d", lambda v: np.polyadd(v, np.poly1d([1.0, 2.0])), TypeError, "p.coeffs"),
    ("polymul of a matrix", lambda v: np.polymul(np.reshape(v, (1, 3)), v), ValueError, r"\(1, 3\)"),
    ("polyder backwards", lambda v: np.polyder(v, -1), ValueError, "np.polyint"),
    ("polyint backwards", lambda v: np.polyint(v, -1), ValueError, "np.polyder"),
    ("polyint with few constants", lambda v: np.polyint(v, 3, [1.0, 2.0]), ValueError, "1 or 3 constants, not 2"),
    ("poly of a matrix", lambda v: np.poly(np.reshape(v, (1, 3))), ValueError, r"\(1, 3\)"),
    ("polyfit of unlike points", lambda v: np.polyfit([1.0, 2.0], v, 1), TypeError, r"\(2,\) and \(3,\)"),
    ("polyfit with few weights", lambda v: np.polyfit([1, 2, 3], v, 1, w=v[:2]), TypeError, r"3 points.*\(2,\)"),
    ("polyfit of few points", lambda v: np.polyfit([1, 2, 3], v, 2, cov=True), ValueError, "cov='unscaled'"),
    ("a list of Values", lambda v: np.poly([v[0], v[1]]), TypeError, r"np\.stack"),
    ("cross of unlike vectors", lambda v: np.cross(v, [1.0] * 4), ValueError, r"\(3,\) and \(4,\)"),
    ("cross of scalars", lambda v: np.cross(v[0], v), ValueError, "needs an axis"),
    ("vdot of unlike vectors", lambda v: np.vdot(v, v[:2]), ValueError, r"\(3,\) and \(2,\)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "words"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS])
def test_what_cannot_be_done_is_said(call: Callable[[Value], Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        call(Value(V))
