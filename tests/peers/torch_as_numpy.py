"""PyTorch under NumPy's names, so that one line of the table runs in both."""

from types import SimpleNamespace

import numpy as np
import torch

from .torch_calculus import CALCULUS
from .torch_linalg import LinalgAsNumPy
from .torch_reductions import REDUCTIONS
from .torch_selection import SELECTIONS

torch.set_default_dtype(torch.float64)


def clip(x, a_min=None, a_max=None, *, min=None, max=None):
    low, high = a_min if min is None else min, a_max if max is None else max
    if not any(isinstance(bound, torch.Tensor) for bound in (low, high)):
        return torch.clamp(x, low, high)
    low, high = (b if b is None or isinstance(b, torch.Tensor) else torch.tensor(float(b)) for b in (low, high))
    return torch.clamp(x, low, high)


def tensor(x):
    return x if isinstance(x, torch.Tensor) else torch.tensor(np.array(x))


def pad(x, width, mode="constant", constant_values=0.0):
    if mode == "constant" and np.ndim(constant_values):
        raise NotImplementedError("PyTorch pads with one number")
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise NotImplementedError(f"PyTorch does not pad with a {mode}")
    pairs = np.broadcast_to(width, (x.ndim, 2))
    if mode == "constant":
        return torch.nn.functional.pad(x, [int(n) for pair in pairs[::-1] for n in pair], value=constant_values)
    source = np.pad(np.arange(x.numel()).reshape(x.shape), width, mode=mode)
    return x.flatten()[torch.tensor(source)]


def take(x, indices, axis=None, mode="raise"):
    n = x.numel() if axis is None else x.shape[axis]
    indices = np.array(indices, dtype=int)  # also booleans, which NumPy takes as 0 and 1
    indices = torch.tensor({"raise": indices, "wrap": indices % n, "clip": np.clip(indices, 0, n - 1)}[mode])
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


def axes_of(x, axis):
    return tuple(range(x.ndim)) if axis is None else axis


def of_all(function, x, axis):
    """A function along one axis, or along all of them as one."""
    if isinstance(axis, int):
        return function(x, axis)
    if not x.ndim:
        return function(x, 0)
    axes = [a % x.ndim for a in axes_of(x, axis)]
    kept = [a for a in range(x.ndim) if a not in axes]
    moved = x.permute(*kept, *axes)
    out = function(moved.reshape(*[x.shape[a] for a in kept], -1), -1).reshape(moved.shape)
    return out.permute(*np.argsort([*kept, *axes]).tolist())


def triangular(a, b, trans=0, lower=False, unit=False):
    columns = b if b.ndim > 1 else b[:, None]
    a = {0: a, 1: a.mT, 2: a.mH}[trans]
    columns = columns.expand(*a.shape[:-2], *columns.shape[-2:])
    dtype = torch.promote_types(a.dtype, b.dtype)
    x = torch.linalg.solve_triangular(a.to(dtype), columns.to(dtype), upper=lower != (trans == 0), unitriangular=unit)
    return x if b.ndim > 1 else x[..., 0]


def cho_solve(c_and_lower, b):
    """PyTorch reads one triangle, but sends gradients to the other as well; so the other is cut off first."""
    c, lower = c_and_lower
    return torch.cholesky_solve(b, torch.tril(c) if lower else torch.triu(c), upper=not lower)


NUMPY_NAMES = {
    # ---- elementwise, shape, indexing ----
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
    "degrees": torch.rad2deg,
    "dot": lambda x, y: torch.tensordot(x, y, ([-1], [-2])) if y.ndim > 2 else torch.matmul(x, y),
    "expand_dims": lambda x, axis: x.unsqueeze(axis),
    "fabs": torch.abs,
    "inf": np.inf,
    "flip": lambda x, axis=None: torch.flip(x, tuple(range(x.ndim)) if axis is None else axis),
    "matrix_transpose": lambda x: x.mT,
    "matvec": lambda x, y: torch.einsum("...ij,...j->...i", x, y),
    "pad": pad,
    "radians": torch.deg2rad,
    "relu": torch.relu,
    "repeat": lambda x, n, axis=None: torch.repeat_interleave(x, torch.tensor(n), dim=axis),
    "roll": lambda x, shift, axis=None: torch.roll(x, shift, axis),
    "sort": lambda x, axis=-1, **how: torch.sort(x.flatten() if axis is None else x, -1 if axis is None else axis)[0],
    "split": lambda x, n, axis=0: torch.tensor_split(x, n, axis),
    "take": take,
    "take_along_axis": along,
    "tile": lambda x, reps: torch.tile(x, reps if isinstance(reps, tuple) else (reps,)),
    "transpose": lambda x, axes=None: x.permute(tuple(axes or reversed(range(x.ndim)))),
    "unstack": torch.unbind,
    "vecdot": torch.linalg.vecdot,
    "vecmat": lambda x, y: torch.einsum("...i,...ij->...j", x.conj(), y),
    "where": lambda m, x, y: torch.where(tensor(m), x, y),
    # ---- choosing, joining, writing ----
    **SELECTIONS,
    # ---- reductions, accumulation, nan, statistics, methods of ufuncs ----
    **REDUCTIONS,
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
    # ---- special, scipy.linalg ----
    "special": SimpleNamespace(
        **{
            **vars(torch.special),
            "gammainc": lambda a, x: torch.special.gammainc(tensor(a), x),
            "gammaincc": lambda a, x: torch.special.gammaincc(tensor(a), x),
            "log_softmax": lambda x, axis=None: of_all(torch.log_softmax, x, axis),
            "loggamma": torch.lgamma,
            "logsumexp": lambda x, axis=None, keepdims=False: torch.logsumexp(x, axes_of(x, axis), keepdims),
            "softmax": lambda x, axis=None: of_all(torch.softmax, x, axis),
        }
    ),
    "scipy_linalg": SimpleNamespace(
        cho_solve=cho_solve,
        expm=torch.matrix_exp,
        solve_triangular=triangular,
    ),
}


class TorchAsNumPy:
    """PyTorch under NumPy's names; what `NUMPY_NAMES` does not hold is called the same in both."""

    def __getattr__(self, name):
        return NUMPY_NAMES[name] if name in NUMPY_NAMES else getattr(torch, name)
