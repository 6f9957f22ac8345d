"""SciPy's special functions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy import special

from autograd_lite import special as ours

from .case import case, complex_sample, sample, strided

_FIVE = np.int64(5)  # beside a Python number SciPy would make it a float32, and warn

# ufunc: where to try it, and its leading arguments, constants
ONE: dict[str, tuple[Any, ...]] = {
    # error functions
    "erf": (-2, 2), "erfc": (-2, 2), "erfcx": (-2, 2), "erfi": (-1, 1), "erfinv": (-0.8, 0.8), "erfcinv": (0.2, 1.8),
    "dawsn": (-2, 2), "ndtr": (-2, 2), "log_ndtr": (-4, 2), "ndtri": (0.1, 0.9), "ndtri_exp": (-3, -0.2),
    # gamma and beta
    "gamma": (0.5, 4), "gammaln": (0.5, 4), "loggamma": (0.5, 4), "digamma": (0.5, 4), "rgamma": (0.6, 4),
    "gammainc": (0.5, 3, 1.7), "gammaincc": (0.5, 3, 1.7), "gammaincinv": (0.2, 0.8, 1.7),
    "gammainccinv": (0.2, 0.8, 1.7), "betainc": (0.2, 0.8, 1.7, 2.2), "betaincc": (0.2, 0.8, 1.7, 2.2),
    "betaincinv": (0.2, 0.8, 1.7, 2.2), "betainccinv": (0.2, 0.8, 1.7, 2.2), "zeta": (0.5, 3, 2.5),
    # Bessel and their kin
    "j0": (-4, 4), "j1": (-4, 4), "y0": (0.5, 4), "y1": (0.5, 4), "jv": (0.5, 4, 1.5), "yv": (0.5, 4, 1.5),
    "jve": (0.5, 4, 1.5), "yve": (0.5, 4, 1.5), "yn": (0.5, 4, 2), "i0": (-2, 2), "i1": (-2, 2), "i0e": (0.2, 2),
    "i1e": (-2, -0.2), "k0": (0.5, 4), "k1": (0.5, 4), "k0e": (0.5, 4), "k1e": (0.5, 4), "iv": (0.5, 4, 1.5),
    "ive": (0.5, 4, 1.5), "kv": (0.5, 4, 1.5), "kve": (0.5, 4, 1.5), "kn": (0.5, 4, 2), "hankel1": (0.5, 4, 1.5),
    "hankel2": (0.5, 4, 1.5), "hankel1e": (0.5, 4, 1.5), "hankel2e": (0.5, 4, 1.5), "airy": (-3, 2), "airye": (0.2, 2),
    "ber": (-3, 3), "bei": (-3, 3), "ker": (0.5, 3), "kei": (0.5, 3), "berp": (0.5, 3), "beip": (0.5, 3),
    "kerp": (0.5, 3), "keip": (0.5, 3), "kelvin": (0.5, 3), "struve": (0.5, 4, 1.5), "modstruve": (0.5, 4, 1.5),
    "pbdv": (-2, 2, 0.7), "pbvv": (-2, 2, 0.7), "pbwa": (-2, 2, 0.7),
    # integrals
    "expi": (0.5, 3), "exp1": (0.5, 3), "expn": (0.5, 3, 2), "sici": (0.5, 3), "shichi": (0.5, 3), "fresnel": (-1, 1),
    "modfresnelp": (-1, 1), "modfresnelm": (-1, 1), "spence": (0.2, 3), "itj0y0": (0.5, 3), "iti0k0": (0.5, 3),
    "it2j0y0": (0.5, 3), "it2i0k0": (0.5, 3), "itstruve0": (0.5, 3), "itmodstruve0": (0.5, 3), "it2struve0": (0.5, 3),
    "itairy": (-2, 2),
    # hypergeometric
    "hyp0f1": (-2, 2, 1.3), "hyp1f1": (-2, 2, 0.7, 1.3), "hyp2f1": (-2, 0.8, 0.7, 1.1, 1.3),
    "hyperu": (0.5, 3, 0.7, 1.3), "wright_bessel": (0.2, 2, 0.7, 1.3), "log_wright_bessel": (0.2, 2, 0.7, 1.3),
    # elliptic
    "ellipk": (-2, 0.8), "ellipkm1": (0.1, 1.5), "ellipe": (-2, 0.8),
    # orthogonal polynomials
    "eval_chebyt": (-0.9, 0.9, 4), "eval_chebyu": (-0.9, 0.9, 4), "eval_chebyc": (-1.8, 1.8, 4),
    "eval_chebys": (-1.8, 1.8, 4), "eval_sh_chebyt": (0.1, 0.9, 4), "eval_sh_chebyu": (0.1, 0.9, 4),
    "eval_legendre": (-0.9, 0.9, 4), "eval_sh_legendre": (0.1, 0.9, 4), "lpmv": (-0.9, 0.9, 1, 3),
    "eval_gegenbauer": (-0.9, 0.9, 4, 0.7), "eval_jacobi": (-0.9, 0.9, 4, 0.7, 1.3),
    "eval_sh_jacobi": (0.1, 0.9, 4, 2.3, 1.3), "eval_laguerre": (0.2, 3, 4), "eval_genlaguerre": (0.2, 3, 4, 0.7),
    "eval_hermite": (-1, 1, 4), "eval_hermitenorm": (-1, 1, 4),
    # elementary
    "expit": (-2, 2), "logit": (0.2, 0.8), "log_expit": (-2, 2), "cbrt": (0.5, 2), "exp2": (-2, 2), "exp10": (-1, 1),
    "expm1": (-2, 2), "log1p": (-0.5, 2), "exprel": (-2, 2), "entr": (0.2, 2), "sindg": (-90, 90), "cosdg": (-90, 90),
    "tandg": (-50, 50), "cotdg": (40, 140), "cosm1": (-2, 2), "lambertw": (0.5, 3), "wrightomega": (-1, 2),
    # distributions
    "stdtr": (-2, 2, 3.5), "stdtrit": (0.2, 0.8, 3.5), "fdtr": (0.5, 2, 3.0, 4.5), "fdtrc": (0.5, 2, 3.0, 4.5),
    "fdtri": (0.2, 0.8, 3.0, 4.5), "chdtr": (0.5, 4, 3.5), "chdtrc": (0.5, 4, 3.5), "chdtri": (0.2, 0.8, 3.5),
    "pdtr": (0.5, 4, 2), "pdtrc": (0.5, 4, 2), "pdtri": (0.2, 0.8, 2), "bdtr": (0.2, 0.8, 2, _FIVE),
    "bdtrc": (0.2, 0.8, 2, _FIVE), "bdtri": (0.2, 0.8, 2, _FIVE), "nbdtr": (0.2, 0.8, 2, 5), "nbdtrc": (0.2, 0.8, 2, 5),
    "nbdtri": (0.2, 0.8, 2, 5),
}  # fmt: skip
for _name, (_low, _high, *_constants) in ONE.items():

    def _of_one(np: Any, x: Any, name: str = _name, constants: Any = _constants) -> Any:
        return getattr(library(np), name)(*constants, x)

    case(f"special {_name}", _of_one, (3,), low=_low, high=_high)

# ufunc: where to try each of its arguments; None is a constant 2.3 in an order or a parameter without a rule
SEVERAL: dict[str, tuple[tuple[float, float] | None, ...]] = {
    "xlogy": ((-2, 2), (0.5, 2)), "xlog1py": ((-2, 2), (-0.5, 2)), "rel_entr": ((0.5, 2), (0.5, 2)),
    "kl_div": ((0.5, 2), (0.5, 2)), "huber": ((0.8, 1.2), (-3, 3)), "pseudo_huber": ((0.5, 2), (-2, 2)),
    "boxcox": ((0.5, 3), (-1, 1)), "boxcox1p": ((-0.5, 2), (-1, 1)), "inv_boxcox": ((-0.5, 1), (-0.5, 0.5)),
    "inv_boxcox1p": ((-0.5, 1), (-0.5, 0.5)), "powm1": ((0.5, 2), (-1, 1)), "beta": ((0.5, 3), (0.5, 3)),
    "betaln": ((0.5, 3), (0.5, 3)), "poch": ((0.5, 3), (0.5, 2)), "binom": ((3, 5), (0.5, 2)),
    "agm": ((0.5, 3), (0.5, 3)), "ellipkinc": ((-1, 1), (-1, 0.8)), "ellipeinc": ((-1, 1), (-1, 0.8)),
    "ellipj": ((-1, 1), (0.1, 0.8)), "owens_t": ((-2, 2), (-2, 2)), "radian": ((-90, 90), (0, 60), (0, 60)),
    "voigt_profile": ((-2, 2), (0.5, 1), (0.5, 1)), "nrdtrimn": ((0.2, 0.4), (0.5, 2), (-2, 2)),
    "nrdtrisd": ((-2, 0), (0.6, 0.8), (0.5, 2)), "gdtr": ((0.5, 2), None, (0.5, 2)),
    "gdtrc": ((0.5, 2), None, (0.5, 2)),
    "gdtrix": ((0.5, 2), None, (0.2, 0.8)), "gdtria": ((0.2, 0.8), None, (0.5, 2)),
    "chndtr": ((0.5, 3), None, (0.5, 2)), "chndtrix": ((0.2, 0.8), None, (0.5, 2)), "tklmbda": ((-1, 1), None),
}  # fmt: skip
for _name, _bounds in SEVERAL.items():

    def _of_several(np: Any, *arrays: Any, name: str = _name, bounds: Any = _bounds) -> Any:
        given = iter(arrays)
        return getattr(library(np), name)(*[2.3 if b is None else next(given) for b in bounds])

    _given = [b for b in _bounds if b is not None]
    case(f"special {_name}", _of_several, *[sample((3,), *b, i) for i, b in enumerate(_given)])


def library(np: Any) -> Any:
    """`scipy.special` and `autograd_lite.special`, or what a peer that stands in for NumPy has for them."""
    return getattr(np, "special", _BOTH)


_BOTH = SimpleNamespace(**{**vars(special), **{name: getattr(ours, name) for name in ours.__all__}})


# shapes
for _shape in ((), (2, 3), (0,), (2, 0)):
    case(f"special erf {_shape}", lambda np, x: library(np).erf(x), _shape)
    case(f"special jv {_shape}", lambda np, x: library(np).jv(2, x), _shape)
case("special gammaln strided", lambda np, x: library(np).gammaln(x), abs(strided(2, 3)) + 0.5)
for _shapes in (((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2, 3)), ((0, 3), (3,))):
    case(f"special xlogy {_shapes}", lambda np, x, y: library(np).xlogy(x, y), *_shapes, low=0.5)
    case(f"special betaln {_shapes}", lambda np, x, y: library(np).betaln(x, y), *_shapes, low=0.5)
case("special jv of orders", lambda np, x: library(np).jv(np.arange(4.0)[:, None], x), (3,))
case("special expn of orders", lambda np, x: library(np).expn(np.array([1, 2, 3]), x), (3,), low=0.5)
case("special airy, one result", lambda np, x: library(np).airy(x)[2], (3,))
case("special sici, one result", lambda np, x: library(np).sici(x)[0], (3,))

# where a formula changes, and where its plain form would be 0/0
case("special erfcx far", lambda np, x: library(np).erfcx(x), np.array([49.0, 51.0, 300.0]))
case("special dawsn far", lambda np, x: library(np).dawsn(x), np.array([-70.0, 49.0, 51.0]))
case("special log_ndtr far", lambda np, x: library(np).log_ndtr(x), np.array([-200.0, -30.0, 20.0]))
case("special rgamma at its zeros", lambda np, x: library(np).rgamma(x), np.array([-2.0, -1.0, 0.0, -1.5, 0.3]))
case("special gamma left of 0", lambda np, x: library(np).gamma(x), np.array([-1.4, -0.6]))
case("special digamma left of 0", lambda np, x: library(np).digamma(x), np.array([-1.4, -0.6]))
case("special j1 at 0", lambda np, x: library(np).j1(x), np.array([0.0]))
case("special i1 at 0", lambda np, x: library(np).i1(x), np.array([0.0]))
case("special i1e near 0", lambda np, x: library(np).i1e(x), np.array([1e-3]))
case("special bei at 0", lambda np, x: library(np).bei(x), np.array([0.0]))
case("special ber at 0", lambda np, x: library(np).ber(x), np.array([0.0]))
case("special sici at 0", lambda np, x: library(np).sici(x)[0], np.array([0.0]))
case("special shichi at 0", lambda np, x: library(np).shichi(x)[0], np.array([0.0]))
case("special exprel near 0", lambda np, x: library(np).exprel(x), np.array([-1e-3, 0.0, 1e-7]))
case("special spence near 1", lambda np, x: library(np).spence(x), np.array([0.999, 1.0, 1.0001]))
case("special ellipk near 0", lambda np, x: library(np).ellipk(x), np.array([-1e-4, 0.0]))
case("special ellipe near 0", lambda np, x: library(np).ellipe(x), np.array([-1e-4, 0.0]))
for _name in ("ellipkinc", "ellipeinc"):

    def _near_zero(np: Any, x: Any, m: Any, name: str = _name) -> Any:
        return getattr(library(np), name)(x, m)

    case(f"special {_name} near 0", _near_zero, np.array([0.3, -0.7, 1.2]), np.array([-0.019, 0.0, 0.021]))
case("special ellipj near 0", lambda np, x, m: library(np).ellipj(x, m), np.array([0.3, 1.2]), np.array([1e-3, 0.019]))
case("special agm of equals", lambda np, x, y: library(np).agm(x, y), np.array([1.5, 2.0]), np.array([1.5, 0.1]))
for _name in ("boxcox", "boxcox1p", "inv_boxcox", "inv_boxcox1p"):

    def _logarithmic(np: Any, x: Any, p: Any, name: str = _name) -> Any:
        return getattr(library(np), name)(x, p)

    case(f"special {_name} near power 0", _logarithmic, np.array([1.4, 0.6, 0.8]), np.array([0.0, 1e-4, -1e-3]))
case("special expn of order 0", lambda np, x: library(np).expn(0, x), (3,), low=0.5)
case("special Legendre of degree 0", lambda np, x: x * library(np).eval_legendre(0, x), (3,), low=-0.9, high=0.9)
case("special Hermite of degree 0", lambda np, x: x * library(np).eval_hermite(0, x), (3,))
case("special pdtr of a count that is not whole", lambda np, x: library(np).pdtr(2.7, x), (3,), low=0.5)
case("special tklmbda outside", lambda np, x: library(np).tklmbda(x, 2.0), np.array([-0.7, 0.1, 0.8]))

# ---- functions of `autograd_lite.special` ----

for _name in ("logsumexp", "softmax", "log_softmax"):
    for _shape, _axis in (
        ((3,), None),
        ((), None),
        ((2, 3), None),
        ((2, 3), 0),
        ((2, 3), -1),
        ((2, 3, 2), (0, 2)),
        ((0, 3), 1),
    ):

        def _along(np: Any, x: Any, name: str = _name, axis: Any = _axis) -> Any:
            return getattr(library(np), name)(x, axis=axis)

        case(f"{_name} of {_shape} axis {_axis}", _along, _shape)
case("logsumexp keepdims", lambda np, x: library(np).logsumexp(x, axis=0, keepdims=True), (2, 3))
case("logsumexp with weights", lambda np, x, b: library(np).logsumexp(x, axis=1, b=b), (2, 3), sample((3,), 0.2, 1, 1))
case("logsumexp with a weight 0", lambda np, x: library(np).logsumexp(x, b=np.array([0.5, 0.0, 2.0])), (3,))
case(
    "logsumexp with signs",
    lambda np, x, b: library(np).logsumexp(x, axis=1, b=b, return_sign=True)[0],
    (2, 3),
    np.array([[1.0, -2.0, 0.5], [-1.0, -0.5, 0.2]]),
)
case("logsumexp of large numbers", lambda np, x: library(np).logsumexp(x), np.array([1000.0, 1000.5, -1000.0]))
case("logsumexp of complex", lambda np, x: library(np).logsumexp(x), complex_sample((3,), -1, 1))
case("logsumexp with -inf", lambda np, x: library(np).logsumexp(np.concatenate([x, np.array([-np.inf])])), (3,))
for _n in range(3):
    case(f"polygamma {_n}", lambda np, x, n=_n: library(np).polygamma(n, x), (3,), low=0.5)
case("polygamma of orders", lambda np, x: library(np).polygamma(np.array([0, 1, 2]), x), (3,), low=0.5)
case("multigammaln", lambda np, x: library(np).multigammaln(x, 3), (3,), low=1.5, exact=False)
for _name in ("spherical_jn", "spherical_yn", "spherical_in", "spherical_kn"):
    for _n in (0, 2):

        def _spherical(np: Any, x: Any, name: str = _name, n: int = _n) -> Any:
            return getattr(library(np), name)(n, x)

        case(f"{_name} {_n}", _spherical, (3,), low=0.5)
case("spherical_jn at 0", lambda np, x: library(np).spherical_jn(1, x), np.array([0.0]))
case("spherical_jn complex", lambda np, x: library(np).spherical_jn(2, x), complex_sample((3,), 0.3, 1.2))

# ---- complex numbers ----

for _name in ("erf", "erfc", "erfcx", "erfi", "dawsn", "wofz", "ndtr", "log_ndtr", "gamma", "rgamma", "expm1", "log1p",
              "spence", "expi", "exp1", "wrightomega", "fresnel", "sici", "shichi", "airy", "lambertw"):  # fmt: skip

    def _complex(np: Any, z: Any, name: str = _name) -> Any:
        return getattr(library(np), name)(z)

    case(f"special {_name} of complex", _complex, complex_sample((3,), 0.3, 1.2))
for _name, _constants in {"jv": [1.5], "yv": [1.5], "iv": [1.5], "kv": [1.5], "kve": [1.5], "hankel1": [1.5],
                          "hankel2e": [1.5], "hyp0f1": [1.3], "hyp1f1": [0.7, 1.3], "hyp2f1": [0.7, 1.1, 1.3],
                          "eval_legendre": [3.0], "eval_jacobi": [3.0, 0.7, 1.3]}.items():  # fmt: skip

    def _complex_last(np: Any, z: Any, name: str = _name, constants: Any = _constants) -> Any:
        return getattr(library(np), name)(*constants, z)

    case(f"special {_name} of complex", _complex_last, complex_sample((3,), 0.3, 0.9))
case(
    "special xlogy of complex",
    lambda np, x, y: library(np).xlogy(x, y),
    complex_sample((3,)),
    complex_sample((3,), salt=1),
)
