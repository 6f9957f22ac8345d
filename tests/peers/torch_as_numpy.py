"""PyTorch under NumPy's names, so that one line of the table runs in both."""

from types import SimpleNamespace

import numpy as np
import torch

from .torch_calculus import CALCULUS
from .torch_linalg import LinalgAsNumPy

torch.set_default_dtype(torch.float64)


def reduced(name):
    """A reduction of PyTorch with NumPy's `axis`, which may be a tuple."""

    def reduce(x, axis=None, *, keepdims=False, ddof=0):
        if axis == ():  # for PyTorch that means all axes
            return x * 1
        axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        if name in ("var", "std"):
            return getattr(torch, name)(x, dim=axes, keepdim=keepdims, correction=ddof)
        if name == "prod":
            for a in sorted((a % x.ndim for a in axes), reverse=True):
                x = torch.prod(x, a, keepdim=keepdims)
            return x
        return getattr(torch, {"max": "amax", "min": "amin"}.get(name, name))(x, dim=axes, keepdim=keepdims)

    return reduce


def clip(x, a_min=None, a_max=None, *, min=None, max=None):
    low, high = a_min if min is None else min, a_max if max is None else max
    if not any(isinstance(bound, torch.Tensor) for bound in (low, high)):
        return torch.clamp(x, low, high)
    low, high = (b if b is None or isinstance(b, torch.Tensor) else torch.tensor(float(b)) for b in (low, high))
    return torch.clamp(x, low, high)


def tensor(x):
    return x if isinstance(x, torch.Tensor) else torch.tensor(np.array(x))


def pad(x, width, mode="constant", constant_values=0.0):
    pairs = np.broadcast_to(width, (x.ndim, 2))
    if mode == "constant":
        return torch.nn.functional.pad(x, [int(n) for pair in pairs[::-1] for n in pair], value=constant_values)
    source = np.pad(np.arange(x.numel()).reshape(x.shape), width, mode=mode)
    return x.flatten()[torch.tensor(source)]


def take(x, indices, axis=None):
    indices = torch.tensor(np.array(indices, dtype=int))  # also booleans, which NumPy takes as 0 and 1
    return x.flatten()[indices] if axis is None else x[(*(slice(None),) * (axis % x.ndim), indices)]


def along(x, indices, axis):
    return torch.take_along_dim(x, tensor(indices), axis)


def transformed(name):
    """A Fourier transform of PyTorch with NumPy's `axis` and `axes`."""

    def transform(x, n=None, axis=None, norm=None, *, axes=None):
        over = axes if axis is None else axis
        if over is None:
            return getattr(torch.fft, name)(x, n, norm=norm)
        return getattr(torch.fft, name)(x, n, over, norm)

    return transform


NUMPY_NAMES = {
    # ---- elementwise, shape, indexing ----
    **{name: reduced(name) for name in ("sum", "mean", "prod", "var", "std", "max", "min")},
    "append": lambda x, y, axis=None: (
        torch.cat([x.flatten(), y.flatten()]) if axis is None else torch.cat([x, y], axis)
    ),
    "array": tensor,
    "array_split": lambda x, n, axis: torch.tensor_split(x, n, axis),
    "clip": clip,
    "concatenate": lambda xs, axis=0: torch.cat(
        [tensor(x).flatten() if axis is None else tensor(x) for x in xs], axis or 0
    ),
    "conjugate": torch.conj_physical,
    "copy": torch.clone,
    "cumsum": lambda x, axis=None: torch.cumsum(x.flatten(), 0) if axis is None else torch.cumsum(x, axis),
    "degrees": torch.rad2deg,
    "dot": lambda x, y: torch.tensordot(x, y, ([-1], [-2])) if y.ndim > 2 else torch.matmul(x, y),
    "expand_dims": lambda x, axis: x.unsqueeze(axis),
    "fabs": torch.abs,
    "inf": np.inf,
    "flip": lambda x, axis=None: torch.flip(x, tuple(range(x.ndim)) if axis is None else axis),
    "matrix_transpose": lambda x: x.mT,
    "matvec": lambda x, y: torch.einsum("...ij,...j->...i", x, y),
    "pad": pad,
    "power": torch.pow,
    "ptp": lambda x, axis: torch.amax(x, axis) - torch.amin(x, axis),
    "radians": torch.deg2rad,
    "relu": torch.relu,
    "repeat": lambda x, n, axis=None: torch.repeat_interleave(x, torch.tensor(n), dim=axis),
    "roll": lambda x, shift, axis=None: torch.roll(x, shift, axis),
    "sort": lambda x, axis=-1: torch.sort(x.flatten() if axis is None else x, -1 if axis is None else axis)[0],
    "split": lambda x, n, axis=0: torch.tensor_split(x, n, axis),
    "take": take,
    "take_along_axis": along,
    "tile": lambda x, reps: torch.tile(x, reps if isinstance(reps, tuple) else (reps,)),
    "transpose": lambda x, axes=None: x.permute(tuple(axes or reversed(range(x.ndim)))),
    "unstack": torch.unbind,
    "vecdot": torch.linalg.vecdot,
    "vecmat": lambda x, y: torch.einsum("...i,...ij->...j", x.conj(), y),
    "where": lambda m, x, y: torch.where(tensor(m), x, y),
    # ---- reductions, accumulation, nan, statistics ----
    # ---- calculus, polynomials, emath ----
    **CALCULUS,
    # ---- linalg ----
    "linalg": LinalgAsNumPy(),
    # ---- fft, complex ----
    "angle": lambda z, deg=False: torch.rad2deg(torch.angle(z)) if deg else torch.angle(z),
    "imag": lambda z: torch.imag(z) if z.is_complex() else z * 0,
    "sign": torch.sgn,
    "fft": SimpleNamespace(
        **{name: transformed(name) for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")},
        **{name + end: transformed(name + end) for name in ("fft", "ifft", "rfft", "irfft") for end in "2n"},
        **{name: lambda x, axes=None, f=name: getattr(torch.fft, f)(x, axes) for name in ("fftshift", "ifftshift")},
    ),
    # ---- special ----
}


class TorchAsNumPy:
    """PyTorch under NumPy's names; what `NUMPY_NAMES` does not hold is called the same in both."""

    def __getattr__(self, name):
        return NUMPY_NAMES[name] if name in NUMPY_NAMES else getattr(torch, name)
