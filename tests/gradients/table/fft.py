"""`numpy.fft`: lengths odd and even, cropped and padded, every normalization, several axes."""

from __future__ import annotations

from .case import case, complex_sample, sample

_Z, _X = complex_sample((2, 5), salt=3), sample((2, 5), salt=3)
_CUBE, _REAL_CUBE = complex_sample((3, 2, 4), salt=4), sample((3, 2, 4), salt=4)


def _fft(name, *args, **options):
    return lambda np, x: getattr(np.fft, name)(x, *args, **options)


# ---- one axis ----

for _name in ("fft", "ifft", "irfft", "hfft"):
    for _shape in ((1,), (2,), (4,), (5,), (2, 3)):
        if _name in ("fft", "ifft") or _shape[-1] > 1:
            case(f"{_name} {_shape}", _fft(_name), complex_sample(_shape))
    for _n in (3, 4, 5, 6, 8, 9):
        case(f"{_name} n={_n}", _fft(_name, _n), _Z)
    case(f"{_name} of real numbers", _fft(_name), _X)
    case(f"{_name} n=1", _fft(_name, 1), _Z)
    case(f"{_name} axis=0", _fft(_name, axis=0), complex_sample((4, 2)))
    case(f"{_name} axis=-2 n=3", _fft(_name, n=3, axis=-2), complex_sample((4, 2)))
    case(f"{_name} of a view", _fft(_name), complex_sample((6, 4))[::-2, ::2].T)
    case(f"{_name} of nothing", _fft(_name), complex_sample((0, 3)))
for _name in ("rfft", "ihfft"):
    for _shape in ((1,), (2,), (4,), (5,), (2, 3), (2, 3, 4), (0, 3)):
        case(f"{_name} {_shape}", _fft(_name), _shape)
    for _n in (1, 2, 3, 4, 6, 7):
        case(f"{_name} n={_n}", _fft(_name, _n), _X)
    case(f"{_name} axis=0", _fft(_name, axis=0), (4, 2))
    case(f"{_name} axis=-2 n=3", _fft(_name, n=3, axis=-2), (4, 2))
    case(f"{_name} of a view", _fft(_name), sample((6, 4))[::-2, ::2].T)
for _norm in ("backward", "ortho", "forward"):
    for _name in ("fft", "ifft", "irfft", "hfft"):
        case(f"{_name} norm={_norm}", _fft(_name, norm=_norm), _Z)
        case(f"{_name} norm={_norm} n=4", _fft(_name, 4, norm=_norm), _Z)
    for _name in ("rfft", "ihfft"):
        case(f"{_name} norm={_norm}", _fft(_name, norm=_norm), _X)
        case(f"{_name} norm={_norm} n=6", _fft(_name, 6, norm=_norm), _X)

# ---- several axes ----

for _name, _x in (("fft", _CUBE), ("ifft", _CUBE), ("irfft", _CUBE), ("rfft", _REAL_CUBE)):
    case(f"{_name}2", _fft(f"{_name}2"), _x)
    case(f"{_name}2 axes and s", _fft(f"{_name}2", (4, 5), (0, -1), "ortho"), _x)
    case(f"{_name}n", _fft(f"{_name}n"), _x)
    case(f"{_name}n axes", _fft(f"{_name}n", axes=(0, 2)), _x)
    case(f"{_name}n axes backwards", _fft(f"{_name}n", axes=(-1, 0), norm="forward"), _x)
    case(f"{_name}n one axis", _fft(f"{_name}n", axes=(1,)), _x)
    case(f"{_name}n s", _fft(f"{_name}n", (2, 6), axes=(0, -1), norm="ortho"), _x)
    case(f"{_name}n s with -1", _fft(f"{_name}n", [-1, 3], axes=[2, 0]), _x)
case("fftn of real numbers", _fft("fftn"), _REAL_CUBE)
case("irfft2 of real numbers", _fft("irfft2"), _REAL_CUBE)
case("fftn over an axis twice", _fft("fftn", (5, 4), axes=(2, 2)), _CUBE)
case("rfftn over an axis twice", _fft("rfftn", (3, 5), axes=(2, 2)), _REAL_CUBE)
case("irfftn over an axis twice", _fft("irfftn", (2, 5), axes=(2, 2)), _CUBE)
case("fftn over no axis", lambda np, x: np.fft.fftn(x, axes=()) * 1, _CUBE, exact=False)

# ---- shifts, and transforms together ----

for _name in ("fftshift", "ifftshift"):
    case(f"{_name}", _fft(_name), (3, 4))
    case(f"{_name} of complex numbers", _fft(_name), _Z)
    case(f"{_name} axes=-1", _fft(_name, axes=-1), (2, 5))
    case(f"{_name} axes=(0, 2)", _fft(_name, axes=(0, 2)), (3, 2, 4))
case("power spectrum", lambda np, x: abs(np.fft.rfft(x)) ** 2, (7,), exact=False)
case("there and back", lambda np, x: np.fft.irfft(np.fft.rfft(x) * np.array([1, 0.5, 0.2 + 1j]), 5), (5,), exact=False)
case(
    "circular convolution", lambda np, x, y: np.fft.ifft(np.fft.fft(x) * np.fft.fft(y)).real, (2, 6), (6,), exact=False
)
