"""Functions of complex numbers."""

from __future__ import annotations

from functools import partial

import numpy as np

from .case import case, complex_sample, named, sample

# NumPy's own products of complex numbers differ in the last bit from call to call, with the place in memory
_computed = partial(case, exact=False)

# ---- functions of one number: away from poles and branch cuts ----

_HOLOMORPHIC = (
    "negative", "positive", "reciprocal", "square", "sqrt", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p",
    "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "sinc",
)  # fmt: skip
_OTHERS = ("conjugate", "absolute", "real", "imag", "angle", "sign")
for _name in (*_HOLOMORPHIC, *_OTHERS):
    for _shape in ((), (4,), (2, 3), (0,)):
        _computed(f"complex {_name} {_shape}", named(_name), complex_sample(_shape, salt=7))
    _computed(f"complex {_name} of a view", named(_name), complex_sample((4, 3), salt=8).T[::-1, ::2])
for _name in ("real", "imag", "conjugate"):
    _computed(f"{_name} of real numbers", lambda np, x, f=_name: x + getattr(np, f)(x), (2, 3))
_computed("angle in degrees", lambda np, z: np.angle(z, deg=True), complex_sample((3,)))
_computed("angle of real numbers", lambda np, x: x + np.angle(x), np.array([1.5, -0.5]))
_computed("sinc near 0 in the complex plane", lambda np, z: np.sinc(z), np.array([0.01 - 0.02j, 1e-4j, 0]))
_computed("real_if_close", lambda np, z: np.real_if_close(z), complex_sample((3,)))
_computed("real_if_close of close ones", lambda np, z: np.real_if_close(z, 1e12), np.array([1 + 1e-5j, -2]))

# ---- functions of two, one of which may be real ----

_z, _w, _x = complex_sample((2, 3), salt=11), complex_sample((3,), salt=12), sample((3,), salt=13)
for _name in ("add", "subtract", "multiply", "divide", "power", "float_power"):
    _computed(f"complex {_name}", named(_name), _z, _w)
    _computed(f"complex {_name} with a real", named(_name), _z, _x)
    _computed(f"real {_name} with a complex", named(_name), _x, _z)
    _computed(f"complex {_name} of scalars", named(_name), _z[0, 0], _w[0])
    _computed(f"complex {_name} with a number", lambda np, z, f=_name: getattr(np, f)(z, 1.5 - 0.5j), _w)
    _computed(f"real {_name} with a complex number", lambda np, x, f=_name: getattr(np, f)(x, 1.5 - 0.5j), (3,))
    _computed(f"complex number {_name} real", lambda np, x, f=_name: getattr(np, f)(1.5 - 0.5j, x), (3,))
for _name in ("maximum", "minimum", "fmax", "fmin"):  # NumPy compares real parts first
    _computed(f"complex {_name}", named(_name), _z, _w)
    _computed(f"complex {_name} with a real", named(_name), _z, _x)
_computed("complex powers", lambda np, z: [z**2, z**3, z**-1, z**0.5, z**0, z**1], complex_sample((3,)))
_computed("powers of complex 0", lambda np, z: [z**2, z**3.5, z**1, z**0], np.array([0j, 1]))
_computed("power of a negative with a complex", lambda np, x, w: x**w, np.array([-1.5, 0.4]), complex_sample((2,)))
_computed("complex number ** array", lambda np, x: (0.5 + 1j) ** x, (3,))
_computed("complex operators", lambda np, z, x: (2 - z) * x / (1j + z * z) + (-z) ** 2 + 1j / (3 + x), _z, (3,))
_computed("squared magnitude", lambda np, z: (z * z.conj()).real, complex_sample((3,)))
_computed("magnitude by its parts", lambda np, z: np.sqrt(z.real**2 + z.imag**2), complex_sample((3,)))
_computed("Mobius transform", lambda np, z, a: (a * z + 1j) / (z - a), complex_sample((3,)), np.array(3 + 0.5j))

# ---- choices and reading ----

_MASK = np.array([[True, False, True], [False, False, True]])
case("where of complex numbers", lambda np, z, w: np.where(_MASK, z, w), _z, _w)
case("where of real and complex", lambda np, x, z: np.where(_MASK, x, z), (2, 3), _w)
case("clip of complex numbers", lambda np, z: np.clip(z, -1 - 1j, 1.1 + 0.5j), _z)
case("complex getitem", lambda np, z: z[[0, 1, 0], 1:], _z)
case("complex getitem by mask", lambda np, z: z[_MASK], _z)
case("complex take", lambda np, z: np.take(z, [0, 2, 2], axis=1), _z)
case("complex sort", lambda np, z: np.sort(z, axis=-1), _z)
case("complex concatenate", lambda np, z, x: np.concatenate([z, x], axis=0), _z, (2, 3))
case("complex stack", lambda np, z, w: np.stack([z, w]), _w, _x)
case("complex pad", lambda np, z: np.pad(z, 1), _z)
case("complex diag", lambda np, z: np.diag(z, 1), _w)
case("complex reshape", lambda np, z: np.reshape(z, (3, 2)), _z)
case("complex transpose", lambda np, z: np.transpose(z), _z)
case("complex broadcast_to", lambda np, z: np.broadcast_to(z, (2, 3)), _w)
case("complex roll", lambda np, z: np.roll(z, 1, 1), _z)
case("complex tril", lambda np, z: np.tril(z), _z)
_computed("real astype complex", lambda np, x: x.astype(np.complex128) * (1 - 2j), (3,))

# ---- sums and products ----

for _name in ("sum", "mean", "prod", "var", "std"):
    _computed(f"complex {_name}", named(_name), _z)
    _computed(f"complex {_name} axis keepdims", lambda np, z, f=_name: getattr(np, f)(z, axis=-1, keepdims=True), _z)
    _computed(
        f"complex {_name} two axes", lambda np, z, f=_name: getattr(np, f)(z, axis=(0, 2)), complex_sample((2, 2, 2))
    )
_computed("complex var ddof", lambda np, z: np.var(z, axis=0, ddof=1), _z)
_computed("complex max", lambda np, z: np.max(z, axis=1), _z)
_computed("complex min", lambda np, z: np.min(z), _z)
_computed("complex prod with a zero", lambda np, z: np.prod(z), np.array([1 + 2j, 0, 3j]))
_computed("complex cumsum", lambda np, z: np.cumsum(z, axis=1), _z)
_A, _B = complex_sample((2, 3), salt=21), complex_sample((3, 2), salt=22)
_computed("complex matmul", lambda np, a, b: a @ b, _A, _B)
_computed("complex matmul batched", lambda np, a, b: a @ b, complex_sample((2, 1, 2, 3)), complex_sample((3, 3, 2)))
_computed("complex matmul with a real", lambda np, a, x: a @ x, _A, (3, 2))
_computed("real matmul with a complex", lambda np, x, a: x @ a, (2, 3), _B)
_computed("complex matrix @ vector", lambda np, a, v: a @ v, _A, _w)
_computed("complex vector @ matrix", lambda np, v, a: v @ a, _w, _B)
_computed("complex vector @ vector", lambda np, v, w: v @ w, _w, _x)
_computed("complex dot", lambda np, a, b: np.dot(a, b), _A, _B)
_computed("complex inner", lambda np, a, b: np.inner(a, b), _A, _w)
_computed("complex outer", lambda np, a, b: np.outer(a, b), _w, complex_sample((2,)))
_computed("complex tensordot", lambda np, a, b: np.tensordot(a, b, 1), _A, _B)
_computed("complex vecdot", lambda np, a, b: np.vecdot(a, b), _A, _w)
_computed("complex vecdot with a real", lambda np, a, x: np.vecdot(a, x), _A, _x)
_computed("real vecdot with a complex", lambda np, x, a: np.vecdot(x, a), _x, _A)
_computed("complex matvec", lambda np, a, v: np.matvec(a, v), complex_sample((2, 2, 3)), _w)
_computed("complex vecmat", lambda np, v, a: np.vecmat(v, a), _w, complex_sample((2, 3, 2)))
_computed("real vecmat with a complex", lambda np, v, a: np.vecmat(v, a), _x, _B)
_computed("complex einsum", lambda np, a, b: np.einsum("ij,jk->ki", a, b), _A, _B)
_computed("complex einsum diagonal", lambda np, a: np.einsum("ii->i", a), complex_sample((3, 3)))
_computed("complex einsum of three", lambda np, a, x, b: np.einsum("ij,j,jk->i", a, x, b), _A, (3,), _B)
_computed("hermitian form", lambda np, z, a: (np.conjugate(z) @ a @ z).imag, _w, complex_sample((3, 3)))
_computed("magnitudes of a product", lambda np, a, b: abs(a @ b) ** 2, _A, _B)
