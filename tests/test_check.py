"""`check_grads` accepts what is right and names what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
import nn
from autograd_lite import GradientError, Value, check_grads


def with_rule(rule: Any) -> Any:
    @ag.primitive
    def square(x: Any) -> Any:
        return x * x

    ag.defvjp(square, rule)
    return square


def wrong_in_one_place(g: Any, out: Any, x: Any) -> Any:
    return 2 * g * x + np.where(np.arange(3) == 2, 1e-3, 0)


def test_right_gradients_pass() -> None:
    check_grads(lambda x, y: x.sum() * np.exp(y), np.ones((2, 2)), 0.5)
    check_grads(lambda p: [p["w"] @ p["x"], p["w"].T], {"w": np.eye(2), "x": [1.0, 2.0]} | {"x": np.array([1.0, 2.0])})
    check_grads(lambda x: x.relu(), np.array([-1.0, 2.0], np.float32))
    check_grads(lambda x: x * x, Value([1.0, 2.0]))
    check_grads(np.sin, 2)
    check_grads(lambda x: np.sign(x) * 1.0, np.array([1.0, -2.0]))
    check_grads(with_rule(lambda g, out, x: 2 * g * x), np.ones(3))


def test_a_wrong_first_derivative_is_named() -> None:
    wrong = with_rule(wrong_in_one_place)
    with pytest.raises(
        GradientError, match=r"first-order gradient of argument 1\['w'\] at index \(2,\): the rules give"
    ):
        check_grads(lambda x, p: wrong(p["w"]) * x, 1.0, {"w": np.ones(3)})


def test_a_wrong_second_derivative_is_named() -> None:
    wrong = with_rule(lambda g, out, x: 2 * g * (x.data if isinstance(x, Value) else x))  # cut off its argument
    check_grads(wrong, np.ones(2), order=1)
    with pytest.raises(GradientError, match=r"second-order gradient of argument 0 at index \(0,\)"):
        check_grads(wrong, np.ones(2))


def test_a_gradient_that_was_lost_is_found() -> None:
    with pytest.raises(GradientError, match=r"argument 0 at index \(\): the rules give 0, finite differences"):
        check_grads(lambda x: x.detach() ** 2, 2.0, order=1)


def test_parameters_of_a_module_are_not_moved() -> None:
    with pytest.raises(TypeError, match=r"argument 0\['weight'\] belongs to a module"):
        check_grads(lambda m: m(np.ones(2)), nn.Linear(2, 1))


def test_nan_is_a_disagreement() -> None:
    with pytest.raises(GradientError, match="nan"):
        check_grads(with_rule(lambda g, out, x: g * np.nan), np.ones(1), order=1)


def test_right_complex_gradients_pass() -> None:
    z, x = np.array([1 + 2j, -0.5j]), np.array([0.3, 2.0])
    check_grads(lambda z, x: [z * x, np.abs(z) * x, z.conj() ** 2], z, x)
    check_grads(lambda p: p["z"].real @ p["x"] * np.exp(p["z"]), {"z": z, "x": x})
    check_grads(np.exp, 1j)
    check_grads(with_rule(lambda g, out, x: 2 * g * x), z.astype(np.complex64))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda g, out, x: 2 * g * np.conjugate(x), "argument 0 at index"),  # PyTorch's rule, in the wrong place
        (lambda g, out, x: 2 * np.conjugate(g) * x, "argument 0 at index"),
        (lambda g, out, x: 2 * g * x + 1e-3, r"at index \(0,\): the rules"),
        (lambda g, out, x: 2 * g * x + 1e-3j, r"at index \(0,\), imaginary part: the rules"),
        (lambda g, out, x: 2 * g * x + np.imag(out) * 1e-3, "first-order"),
    ],
)
def test_a_wrong_complex_derivative_is_named(rule: Any, message: str) -> None:
    with pytest.raises(GradientError, match=message):
        check_grads(with_rule(rule), np.array([1 + 2j, -0.5 + 1j]))


def test_a_wrong_second_derivative_of_complex_numbers_is_named() -> None:
    wrong = with_rule(lambda g, out, x: 2 * g * (x if not isinstance(x, Value) else x.real + 1j * x.imag.data))
    check_grads(wrong, 1 + 2j, order=1)
    with pytest.raises(GradientError, match=r"second-order gradient of argument 0 at index \(\), imaginary part"):
        check_grads(wrong, 1 + 2j)


def test_the_arguments_are_not_changed() -> None:
    x = np.ones(3, np.float32)
    x.flags.writeable = False
    v = Value(np.ones(2))
    check_grads(lambda x, v: x.sum() * v, x, v)
    assert v.grad is None
    assert v.data.tolist() == [1, 1]


def test_wrong_use_is_explained() -> None:
    with pytest.raises(ValueError, match="order=3"):
        check_grads(np.sin, 1.0, order=3)
    with pytest.raises(TypeError, match=r"argument 0\[1\]: .*integers"):
        check_grads(lambda p: p[0], [1.0, np.array([1, 2])])
