"""From the text of a kernel to a function: compiled once for all programs, kept on disk, and run by several threads."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any

import numba
import numpy as np
from numba.core import types

from ..layout import is_contiguous
from . import access, elementary
from .source import Array, KernelText
from .threads import in_parts

_KINDS = {"f": types.float32, "d": types.float64, "?": types.boolean, "i": types.int32, "l": types.int64}
_made: dict[Any, Callable[..., Any]] = {}
_lock = RLock()


def signature_of(text: KernelText) -> Any:
    """What Numba is told about the arguments."""
    given = [_type_of(x, x.number not in text.written) for x in text.arguments]
    return types.intp(types.intp, types.intp, *given)


def _type_of(array: Array, given: bool) -> Any:
    like = array.like
    kind = _KINDS[like.dtype.char]
    if isinstance(like, np.generic):
        return kind
    return types.Array(kind, like.ndim, "C" if is_contiguous(like) else "A", readonly=given)


def function_of(text: KernelText) -> Callable[..., Any]:
    """The compiled function `kernel(start, stop, *arguments)`."""
    signature = signature_of(text)
    key = text.text, str(signature)
    with _lock:
        if key not in _made:
            _made[key] = _compiled(text.text, signature)
        return _made[key]


def _compiled(text: str, signature: Any) -> Any:
    path = _file_of(text)
    space: dict[str, Any] = {"__name__": f"autograd_lite_kernel_{path.stem if path else ''}"}
    if path is None:
        exec(compile(text, "<a kernel of autograd_lite>", "exec"), space)
        function = space["kernel"]
    else:
        spec = importlib.util.spec_from_file_location(f"autograd_lite_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # where Numba looks for it
        spec.loader.exec_module(module)
        function = module.kernel
    # each product is rounded, so that what a later pass computes once more is the same: x c - max(x c) is 0 somewhere
    options = {"nogil": True, "error_model": "numpy"}
    return numba.njit([signature], cache=path is not None, **options)(function)


def _file_of(text: str) -> Path | None:
    """Where Numba finds the text again in another process; None where nothing can be written."""
    library = b"".join([Path(str(file)).read_bytes() for file in (access.__file__, elementary.__file__, __file__)])
    content = b"\0".join([text.encode(), library, numba.__version__.encode(), sys.version.encode()])
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = root / "autograd_lite" / "kernels" / f"k{hashlib.sha256(content).hexdigest()[:24]}.py"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{os.getpid()}.tmp")
            part.write_text(text)
            part.replace(path)
    except OSError:
        return None
    return path


def kernel(text: KernelText) -> Callable[..., None]:
    """A function of the arguments of a kernel, its inputs and results in order; the same for equal kernels."""
    shapes = [(x.like.shape, x.like.strides) for x in text.arguments]  # one text does for arrays of all lengths
    key = text.text, str(signature_of(text)), str(shapes)
    with _lock:
        if key not in _made:
            _made[key] = _called(text)
        return _made[key]


def _called(text: KernelText) -> Callable[..., None]:
    function = function_of(text)
    extent = text.rows * text.width if text.flat else text.rows
    parts = in_parts(text.cost, extent)
    run = partial(function, 0, extent) if len(parts) == 1 else parts.runner(function, text.partial)
    given = [x.like for x in text.arguments if x.number not in text.written]
    strided = [(i, x.strides) for i, x in enumerate(given) if isinstance(x, np.ndarray) and not is_contiguous(x)]
    layouts = [getattr(x, "strides", None) for x in given]

    def call(*arrays: Any) -> None:
        for i, strides in strided:
            if arrays[i].strides != strides:
                return call(*_laid_out(arrays, layouts))
        try:
            run(*arrays)
        except TypeError:  # of another layout than in the trace, or not aligned
            run(*_laid_out(arrays, layouts))

    return call


def _laid_out(arrays: Sequence[Any], layouts: list[Any]) -> list[Any]:
    """The arguments with copies of the inputs, which lie in memory as those of the trace."""
    copies = [x if strides is None else _copy(x, strides) for x, strides in zip(arrays, layouts, strict=False)]
    return [*copies, *arrays[len(layouts) :]]


def _copy(x: Any, strides: tuple[int, ...]) -> Any:
    reach = [(n - 1) * stride // x.itemsize for n, stride in zip(x.shape, strides, strict=True)]
    start = -sum([r for r in reach if r < 0])
    memory = np.empty(start + sum([r for r in reach if r > 0]) + 1, x.dtype)
    copy = np.lib.stride_tricks.as_strided(memory[start:], x.shape, strides)
    copy[...] = x
    return copy
