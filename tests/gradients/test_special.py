"""`scipy.special` and `autograd_lite.special`: nothing of it is left without an answer, and what a book says holds."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from scipy import linalg, special

import autograd_lite as ag
from autograd_lite import Value, grad
from autograd_lite.primitive import COMPOSED, PLAIN, REFUSED, RULES

from .table import sample
from .table.special import ONE, SEVERAL

special.erf(Value(0.0))  # loads the rules

_ALL = {f for name, f in vars(special).items() if isinstance(f, np.ufunc) and name != "sph_harm"}  # gone in SciPy 1.17
UFUNCS = sorted(_ALL, key=lambda f: f.__name__)
IN_THE_TABLE = {getattr(special, name) for name in (*ONE, *SEVERAL, "wofz")}
COMPLEX_ALONE_REFUSED = ("airye", "ive", "jve", "yve")


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda f: f.__name__)
def test_every_ufunc_is_differentiated_plain_or_refused_with_a_reason(ufunc: Any) -> None:
    answers = [ufunc in RULES or ufunc in COMPOSED, ufunc in PLAIN, ufunc in REFUSED]
    assert sum(answers) == 1
    values = [Value([0.3, 0.4], name="v") for _ in range(ufunc.nin)]
    if ufunc in REFUSED:
        with pytest.raises(TypeError, match=rf"{ufunc.__name__} has no gradient rule: [a-zA-Z]"):
            ufunc(*values)
    elif ufunc in PLAIN:
        assert type(ufunc(*values)) is np.ndarray
    else:
        assert ufunc in IN_THE_TABLE


def _without_a_rule() -> list[tuple[str, tuple[Any, ...], int]]:
    """The functions with their arguments, and the position of an order or a parameter."""
    calls = [(name, (*constants, low)) for name, (low, _, *constants) in ONE.items()]
    calls += [(name, tuple(2.3 if b is None else b[0] for b in bounds)) for name, bounds in SEVERAL.items()]
    known = {name: [i for i, b in enumerate(bounds) if b is not None] for name, bounds in SEVERAL.items()}
    return [
        (name, args, i) for name, args in calls for i in range(len(args)) if i not in known.get(name, [len(args) - 1])
    ]


@pytest.mark.parametrize(("name", "args", "position"), _without_a_rule(), ids=str)
def test_a_value_in_an_order_or_parameter_without_a_rule_is_refused(name: str, args: Any, position: int) -> None:
    given = [Value(float(x), name="order") if i == position else x for i, x in enumerate(args)]
    with pytest.raises(
        TypeError, match=rf"{name} has no gradient rule for its argument {position + 1}, which is order"
    ):
        getattr(special, name)(*given)
    constant = [
        Value(np.asarray(x), requires_grad=False) if i == position else Value(float(x)) for i, x in enumerate(args)
    ]
    if sum(i != position for i in range(len(args))) == 1:
        getattr(special, name)(*constant)


@pytest.mark.parametrize("name", COMPLEX_ALONE_REFUSED)
def test_scaled_functions_refuse_complex_numbers(name: str) -> None:
    function = getattr(special, name)
    z = Value(np.array([1.0 + 0.5j]))
    with pytest.raises(TypeError, match=rf"scipy\.special\.{name} has no gradient rule for complex numbers: its scale"):
        function(*[1.5] * (function.nin - 1), z)


def test_zetas_argument_and_lambertws_branch_have_no_rule() -> None:
    with pytest.raises(TypeError, match=r"scipy\.special\._riemann_zeta has no gradient rule: of Riemann's zeta"):
        special.zeta(Value(2.0))
    with pytest.raises(TypeError, match=r"scipy\.special\.zeta has no gradient rule for its argument 1"):
        special.zeta(Value(2.0), 1.0)
    with pytest.raises(TypeError, match=r"polygamma has no gradient rule for its argument 1"):
        ag.special.polygamma(Value(2.0), 1.0)


PROGRAMS = {
    "nothing of SciPy is loaded before it is used": """
        import sys
        import autograd_lite as ag
        from autograd_lite import linalg, special
        ag.special.logsumexp(ag.Value([1.0, 2.0])).backward()
        ag.linalg.rref([[1.0, 2.0]])
        assert "scipy" not in sys.modules
    """,
    "a rule of the user's stays when ours are loaded": """
        import autograd_lite as ag
        from scipy import special
        ag.defvjp(special.erf, lambda g, out, x: g * 42)
        x = ag.Value(1.0)
        (special.erf(x) + special.erfc(x) * 0).backward()
        assert x.grad == 42
    """,
    "a method of a ufunc loads them too": """
        import autograd_lite as ag
        from scipy import special
        x = ag.Value([1.0, 2.0])
        special.xlogy.outer(x, [1.0, 1.0]).sum().backward()
        assert not x.grad.any()
    """,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_in_a_fresh_interpreter(program: str) -> None:
    subprocess.run([sys.executable, "-c", dedent(program)], check=True)


# ---- what a book says ----

X = sample((5,), 0.5, 4)


@pytest.mark.parametrize("order", [0, 1, 2.5])
def test_the_wronskians_of_bessel_functions(order: float) -> None:
    def slope(function: Any) -> Any:
        return grad(lambda x: np.sum(function(order, x)))(X)

    ordinary = special.jv(order, X) * slope(special.yv) - slope(special.jv) * special.yv(order, X)
    np.testing.assert_allclose(ordinary, 2 / (np.pi * X), rtol=1e-12)
    modified = special.iv(order, X) * slope(special.kv) - slope(special.iv) * special.kv(order, X)
    np.testing.assert_allclose(modified, -1 / X, rtol=1e-12)


def _second(function: Any, x: Any) -> tuple[Any, Any, Any]:
    """The function and its first two derivatives."""
    slope = grad(lambda x: np.sum(function(x)))
    return function(x), slope(x), grad(lambda x: np.sum(slope(x)))(x)


Y = sample((5,), -0.9, 0.9)
EQUATIONS: list[tuple[str, Any, Any, Any]] = [
    ("erf", special.erf, Y, lambda x, f, d, dd: dd + 2 * x * d),
    ("Airy", lambda x: special.airy(x)[0], Y, lambda x, f, d, dd: dd - x * f),
    ("Bessel", lambda x: special.jv(3, x), X, lambda x, f, d, dd: x * x * dd + x * d + (x * x - 9) * f),
    ("spherical", lambda x: ag.special.spherical_yn(2, x), X,
     lambda x, f, d, dd: x * x * dd + 2 * x * d + (x * x - 6) * f),
    ("Legendre", lambda x: special.eval_legendre(5, x), Y, lambda x, f, d, dd: (1 - x * x) * dd - 2 * x * d + 30 * f),
    ("associated", lambda x: special.lpmv(2, 5, x), Y,
     lambda x, f, d, dd: (1 - x * x) * dd - 2 * x * d + (30 - 4 / (1 - x * x)) * f),
    ("Hermite", lambda x: special.eval_hermite(4, x), Y, lambda x, f, d, dd: dd - 2 * x * d + 8 * f),
    ("Laguerre", lambda x: special.eval_genlaguerre(4, 0.5, x), X, lambda x, f, d, dd: x * dd + (1.5 - x) * d + 4 * f),
    ("Chebyshev", lambda x: special.eval_chebyt(4, x), Y, lambda x, f, d, dd: (1 - x * x) * dd - x * d + 16 * f),
    ("Kummer", lambda x: special.hyp1f1(0.7, 1.3, x), X, lambda x, f, d, dd: x * dd + (1.3 - x) * d - 0.7 * f),
    ("Gauss", lambda x: special.hyp2f1(0.7, 1.1, 1.3, x), Y,
     lambda x, f, d, dd: x * (1 - x) * dd + (1.3 - 2.8 * x) * d - 0.77 * f),
    ("ellipk", special.ellipk, Y, lambda x, f, d, dd: x * (1 - x) * dd + (1 - 2 * x) * d - f / 4),
    ("parabolic", lambda x: special.pbdv(1.5, x)[0], Y, lambda x, f, d, dd: dd - (x * x / 4 - 2) * f),
    ("expit", special.expit, Y, lambda x, f, d, dd: dd - d * (1 - 2 * f)),
    ("Lambert", special.wrightomega, Y, lambda x, f, d, dd: dd - d / (1 + f) ** 2),
]  # fmt: skip


@pytest.mark.parametrize(("function", "x", "equation"), [e[1:] for e in EQUATIONS], ids=[e[0] for e in EQUATIONS])
def test_functions_solve_their_differential_equations(function: Any, x: Any, equation: Any) -> None:
    value, first, second = _second(function, x)
    scale = np.max(np.abs([value, first, second]))
    np.testing.assert_allclose(equation(x, value, first, second), 0, atol=1e-11 * scale)


def test_nothing_cancels_far_out() -> None:
    x = np.array([1e4, 1e8])
    np.testing.assert_allclose(grad(lambda x: np.sum(special.erfcx(x)))(x), -1 / (np.sqrt(np.pi) * x**2), rtol=1e-7)
    np.testing.assert_allclose(grad(lambda x: np.sum(special.dawsn(x)))(x), -0.5 / x**2, rtol=1e-7)
    np.testing.assert_allclose(grad(lambda x: np.sum(special.log_ndtr(x)))(-x), x, rtol=1e-7)  # PyTorch: twice that
    np.testing.assert_allclose(grad(special.ellipkm1)(1e-20), -0.5e20, rtol=1e-12)


def test_inverses_have_reciprocal_derivatives() -> None:
    p = sample((4,), 0.1, 0.9)
    pairs: list[tuple[Any, Any]] = [
        (special.erf, special.erfinv), (special.erfc, special.erfcinv), (special.ndtr, special.ndtri),
        (special.expit, special.logit), (special.log_ndtr, special.ndtri_exp),
        (lambda x: special.gammainc(1.7, x), lambda p: special.gammaincinv(1.7, p)),
        (lambda x: special.betaincc(1.7, 2.2, x), lambda p: special.betainccinv(1.7, 2.2, p)),
        (lambda x: special.stdtr(3.5, x), lambda p: special.stdtrit(3.5, p)),
        (lambda x: special.chndtr(x, 2.3, 1.1), lambda p: special.chndtrix(p, 2.3, 1.1)),
    ]  # fmt: skip
    for function, inverse in pairs:
        q = np.log(p) if function is special.log_ndtr else p
        there = grad(lambda p, f=inverse: np.sum(f(p)))(q)
        back = grad(lambda x, f=function: np.sum(f(x)))(inverse(q))
        np.testing.assert_allclose(there * back, 1, rtol=1e-9)


def test_minutes_and_seconds_are_parts_of_a_degree() -> None:
    slopes = grad(special.radian, (0, 1, 2))(10.0, 20.0, 30.0)
    np.testing.assert_allclose(slopes, np.deg2rad([1, 1 / 60, 1 / 3600]), rtol=1e-14)


# ---- autograd_lite.special ----


@pytest.mark.parametrize("name", ag.special.__all__)
def test_results_are_scipys(name: str) -> None:
    ours, theirs = getattr(ag.special, name), getattr(special, name)
    x = sample((2, 3), 1.1, 3)
    if name in ("logsumexp", "softmax", "log_softmax"):
        for options in ({}, {"axis": 0}, {"axis": (0, 1)}, {"axis": -1}):
            np.testing.assert_allclose(ours(x, **options), theirs(x, **options), rtol=1e-15, atol=1e-15)
            np.testing.assert_allclose(ours(x.tolist(), **options), theirs(x, **options), rtol=1e-15, atol=1e-15)
    else:
        args = (x, 2) if name == "multigammaln" else (2, x)
        np.testing.assert_allclose(ours(*args), theirs(*args), rtol=1e-14)
        assert type(ours(*args)) is np.ndarray


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_logsumexp_at_its_edges_is_scipys() -> None:
    inf, nan = np.inf, np.nan
    for a in ([-inf, -inf], [inf, 1.0], [inf, -inf], [nan, 1.0], [1e-20, 0.0, -50.0], [-1000.0, -1000.0], [0.0]):
        np.testing.assert_allclose(ag.special.logsumexp(a), special.logsumexp(a), rtol=1e-15)
    for a, b in (
        ([1.0, 2.0], [1.0, -1.0]), ([1.0, 1.0], [1.0, -1.0]),
        ([inf, 1.0], [0.0, 2.0]), ([0.0, 0.0, -40.0], [1.0, 1.0, 2.0]),
        ([3.0, 1.0], [-1.0, 1.0]),
    ):  # fmt: skip
        np.testing.assert_allclose(ag.special.logsumexp(a, b=b), special.logsumexp(a, b=b), rtol=1e-14)
        for ours, theirs in zip(
            ag.special.logsumexp(a, b=b, return_sign=True), special.logsumexp(a, b=b, return_sign=True), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-14)
    # older versions of SciPy had nan for these
    expected = np.log(2 * np.exp(0.9) - np.exp(1.0))
    np.testing.assert_allclose(ag.special.logsumexp([1.0, 0.9], b=[-1.0, 2.0]), expected, rtol=1e-14)
    np.testing.assert_allclose(ag.special.logsumexp([1.0, 1.0, 0.0], b=[1.0, -1.0, 1.0]), 0, atol=1e-15)
    np.testing.assert_allclose(ag.special.logsumexp([nan, 1.0], b=[0.0, 2.0]), 1 + np.log(2))
    assert ag.special.logsumexp([]) == -inf
    np.testing.assert_array_equal(ag.special.logsumexp(np.ones((0, 2)), axis=0), [-inf, -inf])
    z = np.array([1 + 2j, 0.5 - 3j])
    np.testing.assert_allclose(ag.special.logsumexp(z), special.logsumexp(z), rtol=1e-14)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_gradient_of_logsumexp_where_it_has_none_is_nan_as_in_pytorch() -> None:
    for a, expected in (([-np.inf, -np.inf], [np.nan, np.nan]), ([np.inf, 1.0], [np.nan, 0.0])):
        np.testing.assert_array_equal(grad(ag.special.logsumexp)(np.array(a)), expected)


def test_joint_rules_agree_with_the_composition() -> None:
    x, b = sample((3, 4)), sample((4,), -1, 1, 1)
    forms: list[tuple[Any, Any]] = [
        (lambda x: ag.special.logsumexp(x, axis=1), lambda x: np.log(np.sum(np.exp(x), axis=1))),
        (
            lambda x: ag.special.logsumexp(x, axis=1, b=b, return_sign=True)[0],
            lambda x: np.log(np.abs(np.sum(b * np.exp(x), axis=1))),
        ),
        (lambda x: ag.special.softmax(x, axis=0), lambda x: np.exp(x) / np.sum(np.exp(x), axis=0)),
        (
            lambda x: ag.special.log_softmax(x, axis=0),
            lambda x: x - np.log(np.sum(np.exp(x), axis=0)),
        ),
    ]
    for fused, written_out in forms:
        for power in (1, 2):
            first = grad(lambda x, f=fused, power=power: np.sum(np.sin(f(x)) ** power))(x)
            second = grad(lambda x, f=written_out, power=power: np.sum(np.sin(f(x)) ** power))(x)
            np.testing.assert_allclose(first, second, rtol=1e-12, atol=1e-13)
    sign = ag.special.logsumexp(Value(x), axis=1, b=b, return_sign=True)[1]
    np.testing.assert_array_equal(sign, np.sign(np.sum(b * np.exp(x), axis=1)))


def test_wrong_arguments_of_our_functions_are_named() -> None:
    with pytest.raises(ValueError, match=r"orders 0, 1, 2, ..., not -1"):
        ag.special.polygamma(-1, Value(1.0))
    with pytest.raises(ValueError, match=r"dimension d of 1, 2, ..., not 0"):
        ag.special.multigammaln(Value(1.0), 0)
    with pytest.raises(ValueError, match=r"a > \(d - 1\) / 2 = 1\.0"):
        ag.special.multigammaln(Value(1.0), 3)
    with pytest.raises(TypeError, match="return_sign=True"):
        ag.special.logsumexp(Value(np.array([1j, 2.0])), return_sign=True)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda v: special.logsumexp(v), "Write autograd_lite.special.logsumexp"),
        (lambda v: special.softmax(v), "Write autograd_lite.special.softmax"),
        (lambda v: special.log_softmax(v), "Write autograd_lite.special.log_softmax"),
        (lambda v: special.polygamma(1, v), "Write autograd_lite.special.polygamma"),
        (lambda v: special.multigammaln(v, 1), "Write autograd_lite.special.multigammaln"),
        (lambda v: special.spherical_jn(1, v), "Write autograd_lite.special.spherical_jn"),
        (lambda v: special.comb(v, 2), "scipy.special.comb takes plain arrays alone"),
        (lambda v: linalg.expm(v), "Write autograd_lite.linalg.expm"),
        (lambda v: linalg.sqrtm(v), "Write autograd_lite.linalg.sqrtm"),
        (lambda v: linalg.solve_triangular(v, np.ones(2)), "Write autograd_lite.linalg.solve_triangular"),
        (lambda v: linalg.cho_solve((v, True), np.ones(2)), "Write autograd_lite.linalg.cho_solve"),
        (lambda v: linalg.solve_sylvester(v, v, v), "Write autograd_lite.linalg.solve_sylvester"),
        (lambda v: linalg.inv(v), "Write numpy.linalg.inv"),
        (lambda v: linalg.logm(v), "scipy.linalg.logm takes plain arrays alone"),
        (np.asarray, "Write v.data for the array, or np.stack"),
    ],
)  # fmt: skip
def test_scipys_own_python_functions_name_what_to_write(call: Any, words: str) -> None:
    with pytest.raises(TypeError, match=rf"would drop its gradient in silence\. {words.replace('.', '[.]')}"):
        call(Value(np.eye(2) + 2))


# ---- autograd_lite.linalg ----

A = sample((3, 3), -1, 1) + 2 * np.eye(3)
B = sample((3, 2), salt=1)


def test_gradients_of_matrix_functions_equal_their_closed_forms() -> None:
    root, power = linalg.sqrtm(A), linalg.expm(A)
    np.testing.assert_allclose(grad(lambda A: np.trace(ag.linalg.expm(A)))(A), power.T, rtol=1e-11)
    np.testing.assert_allclose(
        grad(lambda A: np.real(np.trace(ag.linalg.sqrtm(A))))(A), np.linalg.inv(root).T / 2, rtol=1e-12
    )
    np.testing.assert_allclose(
        grad(lambda A: np.sum(ag.linalg.expm(A) * B[:, :1]))(A),
        linalg.expm_frechet(A.T, np.broadcast_to(B[:, :1], (3, 3)), compute_expm=False),
        rtol=1e-11,
    )


def test_solvers_agree_with_numpys() -> None:
    spd = A @ A.T
    pairs: list[tuple[Any, Any]] = [
        (lambda s, b: ag.linalg.cho_solve((np.linalg.cholesky(s), True), b), np.linalg.solve),
        (
            lambda s, b: ag.linalg.solve_triangular(s, b, lower=True),
            lambda s, b: np.linalg.solve(np.tril(s), b),
        ),
        (lambda s, b: ag.linalg.solve_triangular(s, b, "T"), lambda s, b: np.linalg.solve(np.triu(s).T, b)),
    ]
    for ours, numpys in pairs:
        got = grad(lambda s, b, f=ours: np.sum(np.sin(f(s, b))), (0, 1))(spd, B)
        expected = grad(lambda s, b, f=numpys: np.sum(np.sin(f(s, b))), (0, 1))(spd, B)
        symmetric = got[0] if ours is not pairs[0][0] else (got[0] + got[0].T) / 2
        wanted = expected[0] if ours is not pairs[0][0] else (expected[0] + expected[0].T) / 2
        np.testing.assert_allclose(symmetric, wanted, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(got[1], expected[1], rtol=1e-10, atol=1e-12)


def test_only_the_triangle_that_is_read_gets_a_gradient() -> None:
    a = A.copy()
    a[np.tril_indices(3, -1)] = np.nan
    got = grad(lambda a: np.sum(ag.linalg.solve_triangular(np.where(np.isnan(a), 7.0, a), B)))(a)
    np.testing.assert_array_equal(np.tril(got, -1), 0)


def test_a_huge_cotangent_does_not_cost_the_exponential_its_accuracy() -> None:
    small = grad(lambda A: np.sum(ag.linalg.expm(A)))(A)
    large = grad(lambda A: np.sum(ag.linalg.expm(A) * 1e12))(A)
    np.testing.assert_allclose(large, small * 1e12, rtol=1e-13)


def test_lists_and_arrays_give_arrays() -> None:
    assert type(ag.linalg.expm([[0, 0], [0, 0]])) is np.ndarray
    assert type(ag.linalg.solve_triangular([[2, 0], [0, 2]], [1, 2])) is np.ndarray
    with pytest.raises(ValueError, match="trans is 0, 1 or 2"):
        ag.linalg.solve_triangular(A, B, trans=3)
    with pytest.raises(np.linalg.LinAlgError):
        ag.linalg.solve_triangular(Value(np.zeros((2, 2))), np.ones(2))
