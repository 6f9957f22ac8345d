"""Derivatives of `numpy.fft`.

A discrete Fourier transform is a symmetric matrix F, so the rule of `fft` is `fft` itself: dL = Re(g F dz). Where the
transform cropped its argument, or padded it with zeros, the gradient is padded or cropped in turn. Half a spectrum, of
a real signal, leaves out the conjugate of what it holds: every number in it stands for two, but those at the ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..primitive import composed, defvjp
from .elementwise import conj
from .scatter import scatter_add

# scaled one way in this direction, so the other way in the opposite one
_OTHER_WAY: dict[Any, Any] = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _resized(g: Any, x: Any, axis: int) -> Any:
    """`g` cropped, or padded with zeros, to the length of `x` along the axis."""
    have, want, before = g.shape[axis], x.shape[axis], (slice(None),) * (axis % x.ndim)
    if have > want:
        return g[(*before, slice(want))]
    return scatter_add(g, (*before, slice(have)), x.shape) if have < want else g


def _ends(spectrum: Any, n: int, axis: int) -> Any:
    """Half a spectrum of `n` frequencies with 0 between its ends: its first number, and for an even `n` its last."""
    index = (*(slice(None),) * (axis % spectrum.ndim), slice(1) if n % 2 else slice(None, None, n // 2))
    return scatter_add(spectrum[index], index, spectrum.shape)


def _rfft(g: Any, out: Any, x: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    n = x.shape[axis] if n is None else n
    half = np.conjugate(g)
    half = (half + _ends(half, n, axis)) / 2
    return _resized(np.fft.irfft(half, n, axis, _OTHER_WAY[norm]), x, axis)


def _irfft(g: Any, out: Any, x: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    half = np.conjugate(np.fft.rfft(g, None, axis, _OTHER_WAY[norm]))
    return _resized(2 * half - _ends(half, g.shape[axis], axis), x, axis)


defvjp(np.fft.fft, lambda g, out, x, n=None, axis=-1, norm=None: _resized(np.fft.fft(g, None, axis, norm), x, axis))
defvjp(np.fft.ifft, lambda g, out, x, n=None, axis=-1, norm=None: _resized(np.fft.ifft(g, None, axis, norm), x, axis))
defvjp(np.fft.rfft, _rfft)
defvjp(np.fft.irfft, _irfft)
defvjp(np.fft.fftshift, lambda g, out, x, axes=None: np.fft.ifftshift(g, axes))
defvjp(np.fft.ifftshift, lambda g, out, x, axes=None: np.fft.fftshift(g, axes))


# a signal that is the conjugate of its own mirror image has a real spectrum
@composed(np.fft.hfft)
def _hfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    return np.fft.irfft(conj(a), n, axis, _OTHER_WAY.get(norm, norm))


@composed(np.fft.ihfft)
def _ihfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
    return np.conjugate(np.fft.rfft(a, n, axis, _OTHER_WAY.get(norm, norm)))


# ---- several axes: one after the other, in NumPy's order ----


def _steps(a: Any, s: Any, axes: Any) -> list[tuple[Any, int]]:
    """The length, None for the usual one, and the axis of each transform."""
    if axes is None:
        axes = range(-(a.ndim if s is None else len(s)), 0)
    if s is None:
        return [(None, axis) for axis in axes]
    if len(s) != len(axes):
        raise ValueError(f"a Fourier transform got {len(s)} lengths s={s} for {len(axes)} axes {tuple(axes)}")
    return [(a.shape[axis] if n == -1 else n, axis) for n, axis in zip(s, axes, strict=True)]


def _real_last(steps: list[tuple[Any, int]]) -> tuple[list[tuple[Any, int]], tuple[Any, int]]:
    """All steps but the last, and the last: the one whose signal is real."""
    if not steps:
        raise ValueError("a Fourier transform of real numbers needs at least one axis, got axes=()")
    return steps[:-1], steps[-1]


def _transformed(transform: Callable[..., Any], a: Any, steps: Iterable[tuple[Any, int]], norm: Any) -> Any:
    for n, axis in steps:
        a = transform(a, n, axis, norm)
    return a


def _complex_transform(transform: Callable[..., Any], several: Callable[..., Any], two: Callable[..., Any]) -> None:
    @composed(several)
    def over_axes(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
        return _transformed(transform, a, reversed(_steps(a, s, axes)), norm)

    @composed(two)
    def over_two_axes(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
        return several(a, s, axes, norm)


_complex_transform(np.fft.fft, np.fft.fftn, np.fft.fft2)
_complex_transform(np.fft.ifft, np.fft.ifftn, np.fft.ifft2)


@composed(np.fft.rfftn)
def _rfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    others, last = _real_last(_steps(a, s, axes))
    others = [(a.shape[axis] if n is None else n, axis) for n, axis in others]  # the last axis may be among them
    return _transformed(np.fft.fft, np.fft.rfft(a, *last, norm), reversed(others), norm)


@composed(np.fft.irfftn)
def _irfftn(a: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
    others, last = _real_last(_steps(a, s, axes))
    return np.fft.irfft(_transformed(np.fft.ifft, a, others, norm), *last, norm)


@composed(np.fft.rfft2)
def _rfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    return np.fft.rfftn(a, s, axes, norm)


@composed(np.fft.irfft2)
def _irfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    return np.fft.irfftn(a, s, axes, norm)
