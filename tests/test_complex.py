"""Complex numbers: the convention of their gradients, mixing with real ones, and what is refused instead of lost."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
from autograd_lite import Value, grad, value_and_grad

from .gradients.table import complex_sample, sample

Z = complex_sample((2, 3), salt=31)
X = sample((2, 3), salt=32)

# ---- the convention: dL/dRe + i dL/dIm, as in PyTorch ----

CLOSED_FORMS: dict[str, tuple[Any, Any]] = {
    "|z|^2": (lambda z: np.abs(z) ** 2, lambda z: 2 * z),
    "|z|": (np.abs, lambda z: z / np.abs(z)),
    "Re z": (np.real, lambda z: 1 + 0 * z),
    "Im z": (np.imag, lambda z: 1j + 0 * z),
    "angle z": (np.angle, lambda z: 1j * z / np.abs(z) ** 2),
    "Re z^3": (lambda z: (z**3).real, lambda z: np.conj(3 * z**2)),
    "Im exp z": (lambda z: np.exp(z).imag, lambda z: 1j * np.conj(np.exp(z))),
    "Re conj z": (lambda z: z.conj().real, lambda z: 1 + 0 * z),
    "Re 1/z": (lambda z: (1 / z).real, lambda z: np.conj(-1 / z**2)),
    "|z^2 + 1|^2": (lambda z: np.abs(z * z + 1) ** 2, lambda z: 2 * (z * z + 1) * np.conj(2 * z)),
    "z conj z": (lambda z: (z * z.conjugate()).real, lambda z: 2 * z),
    "Re sign z": (lambda z: np.sign(z).real, lambda z: -1j * z.imag * z / np.abs(z) ** 3),
}


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_gradients_are_the_known_ones(name: str) -> None:
    function, expected = CLOSED_FORMS[name]
    gradient = grad(lambda z: np.sum(function(z)))(Z)
    assert gradient.dtype == np.complex128
    np.testing.assert_allclose(gradient, expected(Z), rtol=1e-13)
    recorded = Value(Z)
    np.sum(function(recorded)).backward(create_graph=True)
    np.testing.assert_allclose(recorded.grad.data, expected(Z), rtol=1e-13)


def test_a_step_against_the_gradient_goes_down() -> None:
    z = Value(Z)
    for _ in range(200):
        z.grad = None
        loss = (np.abs(z**2 - (1 + 2j)) ** 2).sum()
        loss.backward()
        z.data = z.data - 0.02 * z.grad
    assert loss.item() < 1e-8


def test_a_gradient_for_a_complex_result_is_pulled_back_by_the_conjugate() -> None:
    z = Value(1 + 2j)
    (z * (3 - 1j)).backward(1j)
    assert z.grad == 1j * (3 + 1j)
    np.testing.assert_allclose(vector_jacobian(np.exp, Z, X), np.conj(np.exp(Z)) * X, rtol=1e-15)


def vector_jacobian(function: Any, z: Any, weights: Any) -> Any:
    v = Value(z)
    function(v).backward(weights)
    return v.grad


def test_second_derivatives() -> None:
    def norm_of_gradient(z: Any) -> Any:
        return np.sum(np.abs(grad(lambda z: np.sum((z**3).real))(z)) ** 2)  # |3 z^2|^2 = 9 |z|^4

    np.testing.assert_allclose(grad(norm_of_gradient)(Z), 36 * np.abs(Z) ** 2 * Z, rtol=1e-12)
    ag.check_grads(lambda z: np.abs(np.fft.fft(z)) * np.exp(z.conj()), Z)


def test_the_value_comes_with_the_gradient() -> None:
    value, gradient = value_and_grad(lambda p: np.sum(np.abs(p["z"] * p["x"]) ** 2))({"z": Z, "x": X})
    assert isinstance(value, float)
    np.testing.assert_allclose(gradient["z"], 2 * Z * X**2)
    np.testing.assert_allclose(gradient["x"], 2 * np.abs(Z) ** 2 * X)
    assert (gradient["z"].dtype, gradient["x"].dtype) == (np.complex128, np.float64)


# ---- kinks, poles and branch cuts ----


@pytest.mark.parametrize("function", [np.abs, np.angle, lambda z: np.sign(z).real, lambda z: np.hypot(z.real, z.imag)])
def test_the_gradient_is_zero_at_the_origin(function: Any) -> None:
    assert grad(function)(0j) == 0
    assert grad(lambda z: np.sum(function(z)))(np.zeros(2, complex)).tolist() == [0, 0]


_REAL_CUT = [2, -2, 5.5, -1.25]
_CUTS: dict[Any, list[complex]] = {
    np.arcsin: [complex(x, s) for x in _REAL_CUT for s in (0.0, -0.0)],
    np.arccos: [complex(x, s) for x in _REAL_CUT for s in (0.0, -0.0)],
    np.arctanh: [complex(x, s) for x in _REAL_CUT for s in (0.0, -0.0)],
    np.arccosh: [complex(x, s) for x in (*_REAL_CUT, 0.5, -0.5, 0) for s in (0.0, -0.0)],
    np.arctan: [complex(s, y) for y in _REAL_CUT for s in (0.0, -0.0)],
    np.arcsinh: [complex(s, y) for y in _REAL_CUT for s in (0.0, -0.0)],
    np.sqrt: [complex(-2, 0.0), complex(-2, -0.0)],
    np.log: [complex(-2, 0.0), complex(-2, -0.0)],
    np.log1p: [complex(-2, 0.0), complex(-2, -0.0)],
}


@pytest.mark.parametrize("function", _CUTS, ids=lambda f: f.__name__)
def test_on_a_branch_cut_the_derivative_is_that_of_the_side_numpy_is_on(function: Any) -> None:
    def derivative(z: complex) -> Any:
        return np.conj(grad(lambda z: function(z).real)(z))

    for z in _CUTS[function]:
        aside = (
            complex(np.copysign(1e-9, z.real), z.imag) if z.real == 0 else complex(z.real, np.copysign(1e-9, z.imag))
        )
        if z == 0:  # arccosh(0): its cut lies along the real axis
            aside = complex(0, np.copysign(1e-9, z.imag))
        assert abs(function(np.complex128(z)) - function(np.complex128(aside))) < 1e-7  # the same side
        np.testing.assert_allclose(derivative(z), derivative(aside), rtol=1e-7, atol=1e-7)
        np.testing.assert_allclose(derivative(z), derivative(np.array(z)), rtol=1e-14)


def test_near_a_branch_point_nothing_cancels() -> None:
    near = 1 + 1e-12j
    expected = 1 / np.sqrt(-2e-12j)  # 1 - z^2 = -2e-12 i, to 12 digits
    np.testing.assert_allclose(np.conj(grad(lambda z: np.arcsin(z).real)(near)), expected, rtol=1e-11)
    beyond = 2.0**-30  # 1 + z^2 = -beyond (2 + beyond)
    pole = grad(lambda z: np.arctan(z).real)(complex(0, 1 + beyond))
    np.testing.assert_allclose(pole, -1 / (beyond * (2 + beyond)), rtol=1e-15)


# ---- mixing with real numbers ----


@pytest.mark.parametrize(
    "other", [2 - 1j, np.complex128(2 - 1j), np.complex64(2 - 1j), np.array(2 - 1j), Z, [1j, 2, 3]]
)
def test_a_real_value_meets_complex_constants_on_both_sides(other: Any) -> None:
    plain = np.asarray(other) if isinstance(other, list) else other
    for operator in (lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / b):
        for swapped in (False, True):
            for dtype in (np.float64, np.float32):
                v = Value(X.astype(dtype))
                got = operator(other, v) if swapped else operator(v, other)
                expected = operator(plain, v.data) if swapped else operator(v.data, plain)
                assert got.dtype == expected.dtype
                np.testing.assert_allclose(got.data, expected, rtol=4 * np.finfo(expected.dtype).eps)
                np.sum(got.real * 2 + got.imag).backward()
                assert v.grad.dtype == dtype
            ag.check_grads(lambda v, f=operator, s=swapped: f(other, v) if s else f(v, other), X, order=1)


def test_every_gradient_has_the_dtype_of_its_argument() -> None:
    kinds = [np.float32, np.float64, np.complex64, np.complex128]
    for left in kinds:
        for right in kinds:
            a, b = Value(X.astype(left)), Value(X.astype(right))
            product = a * b
            assert product.dtype == np.result_type(left, right)
            np.abs(product).sum().backward()
            assert (a.grad.dtype, b.grad.dtype) == (np.dtype(left), np.dtype(right))


@pytest.mark.parametrize("name", ["exp", "sqrt", "arcsin", "arcsinh", "absolute", "tanh", "sinc", "reciprocal"])
def test_complex64_stays_complex64(name: str) -> None:
    z = Value(Z.astype(np.complex64))
    out = getattr(np, name)(z)
    assert out.dtype in (np.complex64, np.float32)
    out.backward(np.ones(out.shape, out.dtype))
    assert z.grad.dtype == np.complex64


def test_a_power_of_a_real_number_by_a_complex_one() -> None:
    x, w = Value(np.array([-2.0, 0.0, 3.0])), Value(2 + 0.5j)
    out = x**w
    np.testing.assert_allclose(out.data, x.data**w.data, rtol=1e-15)
    np.sum(out.real).backward()
    np.testing.assert_allclose(x.grad, (w.data * x.data ** (w.data - 1)).real)
    np.testing.assert_allclose(w.grad, np.conj(np.sum(out.data[[0, 2]] * np.log(np.array([-2 + 0j, 3])))))


# ---- writing, hooks and what a Value holds ----


def test_complex_items_are_written_into_complex_values() -> None:
    z, x, item = Value(Z), Value(np.array(2.0)), Value(np.array([1j, 2]))
    w = z * 1
    w[0, 1:] = item
    w[1, 0] = x
    w[1, 1] = 5j
    (np.abs(w) ** 2).sum().backward()
    expected = 2 * Z
    expected[0, 1:] = expected[1, :2] = 0
    np.testing.assert_allclose(z.grad, expected)
    np.testing.assert_allclose(item.grad, 2 * item.data)
    assert x.grad == 4
    assert x.grad.dtype == np.float64


@pytest.mark.parametrize(
    "item", [2j, np.complex64(1j), np.array([1j]), [1j], Value(1j), Value(1j, requires_grad=False)]
)
def test_an_imaginary_part_is_not_lost_in_a_real_value(item: Any) -> None:
    for v in (Value(np.ones(3)) * 1, Value(np.ones(3), requires_grad=False)):
        with pytest.raises(TypeError, match=r"lose their imaginary parts.*v\.astype\(complex\)"):
            v[1:2] = item
        np.testing.assert_array_equal(v.data, 1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda z: z.astype(float), r"imaginary parts\. Write z\.real"),
        (lambda z: np.astype(z, np.float32), r"imaginary parts\. Write z\.real"),
        (lambda z: z.astype(int), "imaginary parts"),
        (lambda z: np.full_like(np.real(z), z[0, 0]), "imaginary parts"),
        (lambda z: Value(z.data, dtype=float), "complex numbers do not fit into float64"),
        (lambda z: np.real(z).backward(z.data), "complex numbers do not fit into float64"),
        (lambda z: np.real(z).backward(z), "complex numbers do not fit into float64"),
        (lambda z: np.real(z).backward(z, create_graph=True), "imaginary parts"),
        (lambda z: setattr(Value(X), "grad", z.data), "complex numbers do not fit into float64"),
        (lambda z: float(z[0, 0]), r"is complex, .*Write v\.real, v\.imag or abs\(v\)"),
        (lambda z: int(z[0, 0]), "is complex"),
        (lambda z: round(z[0, 0]), "is complex"),
        (lambda z: np.zeros(2, complex).__setitem__(0, z[0, 0]), "is complex"),
        (lambda z: z % 2, "numpy.remainder"),
        (lambda z: z.relu(), "neither positive nor negative"),
        (lambda z: ag.relu(z[0, 0]), "neither positive nor negative"),
        (lambda z: np.hypot(z, z), "hypot"),
        (lambda z: np.fft.rfft(z), "numpy.fft.rfft"),
        *[
            (f, "is defined for real numbers, got complex128")
            for f in (
                lambda z: nn.functional.softmax(z, -1), lambda z: nn.functional.log_softmax(z, -1),
                nn.functional.gelu, lambda z: nn.functional.layer_norm(z, 3), lambda z: nn.functional.mse_loss(z, z),
                lambda z: nn.functional.mse_loss(np.real(z), z.data),
                lambda z: nn.functional.scaled_dot_product_attention(z, z, z),
            )
        ],
    ],
)  # fmt: skip
def test_wrong_use_is_explained(wrong: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        wrong(Value(Z))


def test_a_complex_result_needs_to_be_made_real() -> None:
    for ask in (lambda: Value(Z).sum().backward(), lambda: grad(np.sum)(Z)):
        with pytest.raises(ValueError, match=r"complex.*real"):
            ask()


def test_hooks_see_the_gradient_that_users_see() -> None:
    seen = []
    z = Value(Z)
    y = z * (2 - 1j)
    y.register_hook(seen.append)
    y.register_hook(lambda g: g * 1j)
    (np.abs(y) ** 2).sum().backward()
    np.testing.assert_allclose(seen[0], 2 * y.data)
    np.testing.assert_allclose(y.grad, 2j * y.data)
    np.testing.assert_allclose(z.grad, 2j * y.data * (2 + 1j))
    recorded = Value(Z)
    y = recorded * (2 - 1j)
    y.register_hook(lambda g: g * 1j)
    (np.abs(y) ** 2).sum().backward(create_graph=True)
    np.testing.assert_allclose(recorded.grad.data, z.grad)


def test_a_hook_of_a_real_value_may_not_return_complex_numbers() -> None:
    x = Value(X)
    y = x * 2
    y.register_hook(lambda g: g * 1j)
    with pytest.raises(TypeError, match=r"hook returned complex numbers.*gradient\.real"):
        y.sum().backward()
    assert x.grad is None


def test_a_real_value_behind_complex_ones_gets_a_real_gradient_that_is_its_own() -> None:
    x = Value(X)
    y = x * 1j
    loss = (np.abs(np.exp(y) + x) ** 2).sum()
    loss.backward()
    first = x.grad.copy()
    loss.backward()
    assert x.grad.dtype == np.float64
    assert x.grad.flags.c_contiguous
    np.testing.assert_allclose(x.grad, 2 * first)
    assert not np.shares_memory(y.grad, x.grad)


def test_a_complex_value_is_written_read_and_copied() -> None:
    z = Value(1 + 2j, name="z")
    assert repr(z) == "Value((1+2j), dtype=complex128, name='z')"
    assert f"{z:.1f}" == "1.0+2.0j"
    assert z.item() == 1 + 2j
    assert type(z.item()) is complex
    assert bool(z)
    assert z == 1 + 2j
    assert z != 1
    assert z < 2  # NumPy's order: by real parts, then by imaginary parts
    assert abs(z).item() == np.sqrt(5)
    assert (z.real.item(), z.imag.item(), z.conj().item()) == (1, 2, 1 - 2j)
    assert repr(Value([1, 2j])) == "Value([1.+0.j, 0.+2.j], dtype=complex128)"
    abs(z).backward()
    assert "grad=(0.447" in repr(z)
    for twin in (copy.deepcopy(z), pickle.loads(pickle.dumps(z))):
        assert (twin.data, twin.grad, twin.name) == (z.data, z.grad, "z")


# ---- parts of complex numbers, of real ones too ----


def test_real_and_imaginary_parts_of_real_values() -> None:
    x = Value(X)
    np.testing.assert_array_equal(x.imag.data, 0)
    (x.real + x.imag + x.conj() + np.angle(x)).sum().backward()
    np.testing.assert_array_equal(x.grad, 2)
    assert isinstance(np.sign(x), np.ndarray)  # constant but for its jump


def test_real_if_close_follows_the_numbers() -> None:
    close = Value(np.array([1 + 1e-20j]))
    assert np.real_if_close(close).dtype == np.float64
    assert np.real_if_close(Value(Z)).dtype == np.complex128
    np.real_if_close(close).sum().backward()
    assert close.grad.tolist() == [1]


# ---- numpy.fft ----


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda v: np.fft.fft(v, 0), r"numpy\.fft\.fft of shape \(2, 3\).*data points \(0\)"),
        (lambda v: np.fft.fft(v, norm="none"), "norm"),
        (lambda v: np.fft.hfft(v, norm="none"), "norm"),
        (lambda v: np.fft.fft2(v, axes=(0, 5)), "out of range"),
        (lambda v: np.fft.fftn(v, s=(2, 2), axes=(0,)), r"2 lengths.*1 axes"),
        (lambda v: np.fft.rfftn(v.real, axes=()), "at least one axis"),
        (lambda v: np.fft.irfftn(v, axes=()), "at least one axis"),
        (lambda v: np.fft.fft(v, out=np.zeros((2, 3), complex)), "'out'"),
    ],
)
def test_a_transform_refuses_what_numpy_refuses(call: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError, IndexError), match=message):
        call(Value(Z))


def test_parsevals_theorem_makes_the_gradient_of_a_power_spectrum_simple() -> None:
    z, x = Value(Z), Value(X)
    (np.abs(np.fft.fft2(z, norm="ortho")) ** 2).sum().backward()
    np.testing.assert_allclose(z.grad, 2 * Z)
    spectrum = np.abs(np.fft.rfft(x, norm="ortho")) ** 2
    (spectrum[:, 0] + 2 * spectrum[:, 1]).sum().backward()  # three real numbers: 0, and a pair of frequencies
    np.testing.assert_allclose(x.grad, 2 * X)


def test_fftn_without_axes_takes_the_last_ones_of_s() -> None:
    z = complex_sample((2, 3, 4))
    with pytest.warns(DeprecationWarning, match="axes"):
        expected = np.fft.fftn(z, s=(3, 2))
    np.testing.assert_array_equal(np.fft.fftn(Value(z), s=(3, 2)).data, expected)
