"""NumPy's calculus, polynomials and products in PyTorch: its own function where it has one, else written in others."""

from types import SimpleNamespace

import numpy as np
import torch


def tensor(x):
    return x if isinstance(x, torch.Tensor) else torch.tensor(np.array(x))


def together(*tensors):
    """The tensors in the dtype that they have in common."""
    tensors = [tensor(x) for x in tensors]
    dtype = torch.complex128 if any(x.is_complex() for x in tensors) else torch.float64
    return [x.to(dtype) for x in tensors]


# ---- calculus ----


def diff(x, n=1, axis=-1, prepend=None, append=None):
    def end(y):
        y = y if y is None else tensor(y)
        return (
            y.expand([1 if a == axis % x.ndim else k for a, k in enumerate(x.shape)])
            if y is not None and not y.ndim
            else y
        )

    return torch.diff(tensor(x), n, axis, end(prepend), end(append)) if n else x


def ediff1d(x, to_end=None, to_begin=None):
    parts = [None if p is None else tensor(p).flatten() for p in (to_begin, torch.diff(x.flatten()), to_end)]
    return torch.cat([p for p in parts if p is not None])


def gradient(f, *spacing, axis=None, edge_order=1):
    if any(isinstance(h, torch.Tensor) for h in spacing):
        raise TypeError("PyTorch does not differentiate the spacing")
    axes = tuple(range(f.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    spacing = [tensor(h) if np.ndim(h) else h for h in spacing]
    if any(isinstance(h, torch.Tensor) for h in spacing):
        lengths = [f.shape[a] for a in axes]
        spacing = [
            h if isinstance(h, torch.Tensor) else torch.arange(n) * h for h, n in zip(spacing, lengths, strict=True)
        ]
        slopes = torch.gradient(f, spacing=spacing, dim=axes, edge_order=edge_order)
    else:
        slopes = torch.gradient(f, spacing=spacing[0] if spacing else 1, dim=axes, edge_order=edge_order)
    return slopes[0] if len(axes) == 1 else slopes


def trapezoid(y, x=None, dx=1.0, axis=-1):
    y = tensor(y)
    if x is not None:
        return torch.trapezoid(y, x, dim=axis)
    if isinstance(dx, torch.Tensor):
        return (dx * (y[..., 1:] + y[..., :-1]) / 2).sum(-1)
    return torch.trapezoid(y, dx=dx, dim=axis)


def unwrap(p, discont=None, axis=-1, period=2 * np.pi):
    turns = np.unwrap(p.detach().numpy(), discont, axis, period=period) - p.detach().numpy()
    return p + torch.tensor(turns)


def interp(x, xp, fp, left=None, right=None, period=None):
    x, xp, fp = tensor(x), tensor(xp), tensor(fp)
    if period is not None:
        period = abs(period)
        x, xp = torch.remainder(x, period), torch.remainder(xp, period)
        order = torch.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp, fp = torch.cat([xp[-1:] - period, xp, xp[:1] + period]), torch.cat([fp[-1:], fp, fp[:1]])
    if len(xp) == 1:
        return fp[0] + 0 * x
    i = (torch.searchsorted(xp.detach(), x.detach(), right=True) - 1).clamp(0, len(xp) - 2)
    y = fp[i] + (fp[i + 1] - fp[i]) * ((x - xp[i]) / (xp[i + 1] - xp[i]))
    y = torch.where(x < xp[0], fp[0] if left is None else tensor(left), y)
    return torch.where(x > xp[-1], fp[-1] if right is None else tensor(right), y)


def correlate(a, v, mode="valid"):
    a, v = together(a, v)
    if len(a) < len(v):
        return correlate(v, a, mode).flip(0).conj()
    n = len(v)
    left, right = {"valid": (0, 0), "same": (n // 2, n - n // 2 - 1), "full": (n - 1, n - 1)}[mode]
    padded = torch.nn.functional.pad(a[None, None], (left, right))
    return torch.nn.functional.conv1d(padded, v.conj()[None, None])[0, 0]


def convolve(a, v, mode="full"):
    a, v = (tensor(x).reshape(-1) for x in (a, v))
    if len(v) > len(a):
        a, v = v, a
    return correlate(a, v.conj().flip(0), mode)


def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    start, stop = together(start, stop)
    div = num - 1 if endpoint else num
    t = torch.arange(num) / max(div, 1)
    points = (start[..., None] * (1 - t) + stop[..., None] * t).moveaxis(-1, axis)
    return (points, (stop - start) / div) if retstep else points


def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    base = tensor(base)
    base = base.unsqueeze(axis) if base.ndim else base
    return base ** linspace(start, stop, num, endpoint, axis=axis)


def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    start, stop = together(start, stop)
    sign = torch.sgn(start.detach())
    return (sign * 10 ** linspace(torch.log10(start / sign), torch.log10(stop / sign), num, endpoint)).moveaxis(0, axis)


# ---- polynomials ----


def polyval(p, x):
    y = 0 * x
    for coefficient in tensor(p):
        y = y * x + coefficient
    return y


def aligned(a, b):
    a, b = tensor(a).reshape(-1), tensor(b).reshape(-1)
    n = max(len(a), len(b))
    return torch.cat([torch.zeros(n - len(a)), a]), torch.cat([torch.zeros(n - len(b)), b])


def trimmed(p):
    p = tensor(p).reshape(-1)
    while len(p) > 1 and p[0] == 0:
        p = p[1:]
    return p


def polydiv(u, v):
    u, v = (x.reshape(-1) for x in together(u, v))
    m, n = len(u) - 1, len(v) - 1
    r, q = list(u), []
    for k in range(m - n + 1):
        q.append(r[k] / v[0])
        for i in range(n + 1):
            r[k + i] = r[k + i] - q[-1] * v[i]
    while len(r) > 1 and abs(r[0]) < 1e-8:
        r = r[1:]
    return torch.stack(q or [0 * u[0]]), torch.stack(r)


def polyder(p, m=1):
    for _ in range(min(m, len(p))):
        p = p[:-1] * torch.arange(len(p) - 1, 0, -1)
    return p


def vander(x, n=None, increasing=False):
    """PyTorch's own cannot be differentiated."""
    powers = torch.arange(len(x) if n is None else n)
    return x[:, None] ** (powers if increasing else powers.flip(0))


def polyint(p, m=1, k=None):
    k = torch.zeros(max(m, 1)) if k is None else tensor(k).expand(m)
    for i in range(m):
        p = torch.cat([p / torch.arange(len(p), 0, -1), k[i : i + 1]])
    return p


def poly(zeros):
    if zeros.ndim == 2:
        zeros = torch.linalg.eigvals(zeros)
    p = torch.ones(1, dtype=zeros.dtype)
    for zero in zeros:
        p = torch.cat([p, torch.zeros(1)]) - zero * torch.cat([torch.zeros(1), p])
    return p.real if np.isrealobj(np.poly(zeros.detach().numpy())) else p


def roots(p):
    n = len(p) - 1
    companion = torch.cat([-p[None, 1:] / p[0], torch.eye(n - 1, n, dtype=p.dtype)]) if n else torch.zeros(0, 0)
    found = torch.linalg.eigvals(companion)
    return found if np.iscomplexobj(np.roots(p.detach().numpy())) else found.real


def polyfit(x, y, deg, w=None, cov=False):
    left, right = vander(tensor(x), deg + 1), tensor(y)
    if w is not None:
        left, right = left * w[:, None], right * (w if right.ndim == 1 else w[:, None])
    inverse = torch.linalg.inv(left.T @ left)
    c = inverse @ left.T @ right
    if not cov:
        return c
    factor = 1 if cov == "unscaled" else ((right - left @ c) ** 2).sum(0) / (len(left) - deg - 1)
    return c, inverse * factor if right.ndim == 1 else inverse[..., None] * factor


# ---- products ----


def cross(x, y, axisa=-1, axisb=-1, axisc=-1, axis=None):
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = together(x, y)
    x, y = x.moveaxis(axisa, -1), y.moveaxis(axisb, -1)
    plane = x.shape[-1] == y.shape[-1] == 2
    x, y = (torch.cat([v, torch.zeros_like(v[..., :1])], -1) if v.shape[-1] == 2 else v for v in (x, y))
    x, y = torch.broadcast_tensors(x, y)
    product = torch.linalg.cross(x, y)
    return product[..., 2] if plane else product.moveaxis(-1, axisc)


def vdot(x, y):
    x, y = together(x, y)
    return torch.vdot(x.reshape(-1), y.reshape(-1))


def einsum(*operands, optimize=False):
    if isinstance(operands[0], str):
        return torch.einsum(operands[0], *together(*operands[1:]))
    return torch.einsum(*operands)


def tensordot(x, y, axes=2):
    x, y = together(x, y)
    if isinstance(axes, int):
        return torch.tensordot(x, y, axes)
    return torch.tensordot(x, y, [list(np.atleast_1d(a)) for a in axes])


def extended(function, outside):
    def extend(x):
        x = tensor(x)
        return function(x.to(torch.complex128) if not x.is_complex() and bool(outside(x).any()) else x)

    return extend


def negative(x):
    return x < 0


def beyond_one(x):
    return abs(x) > 1


def within_one(x):
    if bool((abs(x) > 1).any()):
        raise TypeError("on the branch cut PyTorch differentiates the other branch than the one it computes")
    return x > 1


def emath_power(x, p):
    return extended(lambda x: torch.pow(x, tensor(p)), negative)(x)


def logn(n, x):
    return extended(torch.log, negative)(x) / extended(torch.log, negative)(n)


CALCULUS = {
    "convolve": convolve,
    "correlate": correlate,
    "cross": cross,
    "diff": diff,
    "ediff1d": ediff1d,
    "einsum": einsum,
    "emath": SimpleNamespace(
        **{name: extended(getattr(torch, name), negative) for name in ("sqrt", "log", "log2", "log10")},
        **{name: extended(getattr(torch, name), within_one) for name in ("arccos", "arcsin")},
        arctanh=extended(torch.arctanh, beyond_one),
        logn=logn,
        power=emath_power,
    ),
    "divmod": lambda x, y: (torch.floor_divide(x, y), torch.remainder(x, y)),
    "geomspace": geomspace,
    "gradient": gradient,
    "interp": interp,
    "kron": lambda x, y: torch.kron(*[z.contiguous() for z in together(x, y)]),
    "ldexp": lambda x, n: x * torch.exp2(tensor(n).double()),
    "linspace": linspace,
    "logspace": logspace,
    "modf": lambda x: (torch.frac(x), torch.trunc(x)),
    "nan_to_num": lambda x, nan=0.0, posinf=None, neginf=None: torch.nan_to_num(x, nan, posinf, neginf),
    "outer": lambda x, y: torch.outer(*[z.reshape(-1) for z in together(x, y)]),
    "poly": poly,
    "polyadd": lambda a, b: sum(aligned(a, b)),
    "polyder": polyder,
    "polydiv": polydiv,
    "polyfit": polyfit,
    "polyint": polyint,
    "polymul": lambda a, b: convolve(trimmed(a), trimmed(b)),
    "polysub": lambda a, b: -torch.sub(*aligned(b, a)),
    "polyval": polyval,
    "roots": roots,
    "tensordot": tensordot,
    "trapezoid": trapezoid,
    "unwrap": unwrap,
    "vander": vander,
    "vdot": vdot,
}
