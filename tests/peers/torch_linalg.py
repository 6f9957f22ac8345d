"""`torch.linalg` under the names and with the arguments of `numpy.linalg`."""

import torch


def qr(x, mode="reduced"):
    q, r = torch.linalg.qr(x, "complete" if mode == "complete" else "reduced")
    return r if mode == "r" else (q, r)


def svd(x, full_matrices=True, compute_uv=True, hermitian=False):
    return torch.linalg.svd(x, full_matrices) if compute_uv else torch.linalg.svdvals(x)


def cond(x, p=None):
    if p in (None, 2, -2, "nuc"):
        return torch.linalg.cond(x, p)
    # torch.linalg.cond writes into what its own backward needs
    return torch.linalg.norm(x, p, (-2, -1)) * torch.linalg.norm(torch.linalg.inv(x), p, (-2, -1))


def pinv(x, rcond=None, hermitian=False, *, rtol=None):
    return torch.linalg.pinv(x, rtol=rcond if rtol is None else rtol, hermitian=hermitian)


def lstsq(a, b, rcond=None):
    columns = b if b.ndim > 1 else b[:, None]
    solution = torch.linalg.lstsq(a, columns, rcond, driver="gelsd").solution
    squares = (abs(columns - a @ solution) ** 2).sum(0) if a.shape[0] > a.shape[1] else torch.zeros(0)
    return solution if b.ndim > 1 else solution[:, 0], squares, None, torch.linalg.svdvals(a)


def trace(x, offset=0):
    return torch.diagonal(x, offset, -2, -1).sum(-1)


class LinalgAsNumPy:
    """What is not here is called the same, with the same arguments."""

    cond = staticmethod(cond)
    cross = staticmethod(lambda x, y, axis=-1: torch.linalg.cross(x, y, dim=axis))
    diagonal = staticmethod(lambda x, offset=0: torch.diagonal(x, offset, -2, -1))
    lstsq = staticmethod(lstsq)
    matrix_norm = staticmethod(lambda x, keepdims=False, ord="fro": torch.linalg.matrix_norm(x, ord, keepdim=keepdims))
    matrix_transpose = staticmethod(lambda x: x.mT)
    multi_dot = staticmethod(lambda arrays: torch.linalg.multi_dot(list(arrays)))
    norm = staticmethod(lambda x, ord=None, axis=None, keep=False: torch.linalg.norm(x, ord, axis, keep))
    outer = staticmethod(torch.outer)
    pinv = staticmethod(pinv)
    qr = staticmethod(qr)
    solve = staticmethod(lambda a, b: torch.linalg.solve(a, b))
    svd = staticmethod(svd)
    tensordot = staticmethod(lambda x, y, axes=2: torch.tensordot(x, y, axes))
    tensorsolve = staticmethod(lambda a, b, axes=None: torch.linalg.tensorsolve(a, b, axes))
    trace = staticmethod(trace)
    vecdot = staticmethod(lambda x, y, axis=-1: torch.linalg.vecdot(x, y, dim=axis))
    vector_norm = staticmethod(
        lambda x, axis=None, keepdims=False, ord=2: torch.linalg.vector_norm(x, ord, axis, keepdims)
    )

    def __getattr__(self, name):
        return getattr(torch.linalg, name)
