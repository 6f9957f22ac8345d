"""Weights in safetensors files, which PyTorch's programs write and read: `save_safetensors`, `load_safetensors`.

The format is the business of the `safetensors` library; here are PyTorch's keys, shared weights, and the dtypes that
NumPy does not have. Whole training runs are saved in `checkpoint`.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, overload

import numpy as np

import autograd_lite as ag

from ..module import LoadedKeys, Module, slots
from .atomic import replacing
from .recognize import CheckpointError, readable, recognized

_SAVED = "bool, int8 to int64, uint8 to uint64, float16, float32, float64 and complex64"


def save_safetensors(
    state: Module | Mapping[str, Any], path: str | os.PathLike[str], metadata: Mapping[str, str] | None = None
) -> None:
    """Write a model's parameters and buffers to a safetensors file, under the keys that PyTorch gives them.

    A shared parameter is stored once, under its first name; the other names are noted in the metadata, as PyTorch's
    `safetensors.torch.save_model` does, which reads the file with `load_model`. The file is written beside `path` and
    takes its place when it is complete, so a failure leaves the old one as it was.

    Args:
        state: a module, or a dict of arrays such as `model.state_dict()`.
        path: the file; its usual ending is `.safetensors`.
        metadata: texts to store with it, by name. Hugging Face's programs ask for `{"format": "pt"}`.

    Raises:
        OSError: the file cannot be written; nothing has changed then.
        TypeError: an array of a dtype that the format does not have, or metadata that are not strings.
        ImportError: the `safetensors` library is missing.

    Example:
        >>> import nn, os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
        >>> nn.save_safetensors(nn.Linear(2, 3), path, {"made by": "me"})
        >>> {name: array.shape for name, array in nn.load_safetensors(path).items()}
        {'bias': (3,), 'weight': (3, 2)}
    """
    library = _library()
    texts = _checked_metadata(metadata)
    arrays: dict[str, Any] = {}
    first_names: dict[int, str] = {}
    held = _held(state)
    for name, (identity, array) in held.items():
        first = first_names.setdefault(identity, name)
        if first == name:
            arrays[name] = _storable(name, array)
        else:
            texts.setdefault(name, first)
    with replacing(path) as new:
        try:
            library.save_file(arrays, new, texts or None)
        except _errors() as error:
            number = re.search(r"os error (\d+)", str(error))
            raise OSError(int(number[1]) if number else errno.EIO, str(error)) from error


@overload
def load_safetensors(
    path: str | os.PathLike[str], model: None = None, *, strict: bool = True, keep_float16: bool = False
) -> dict[str, Any]: ...


@overload
def load_safetensors(
    path: str | os.PathLike[str], model: Module, *, strict: bool = True, keep_float16: bool = False
) -> LoadedKeys: ...


def load_safetensors(
    path: str | os.PathLike[str], model: Module | None = None, *, strict: bool = True, keep_float16: bool = False
) -> dict[str, Any] | LoadedKeys:
    """Read a safetensors file, also one that PyTorch wrote: as a dict of arrays, or straight into a model.

    bfloat16, float16 and float8 (E4M3 and E5M2) become float32, which holds each of their numbers exactly; all other
    dtypes stay as they are. A name that the file notes as another one of a stored array is in the dict as well, with
    the same array. The format has no checksum: a truncated file is noticed, a changed number is not.

    Args:
        path: the file.
        model: load into this module, as its `load_state_dict` does. Of a shared parameter one name is enough.
        strict: for a model, refuse missing and unexpected keys.
        keep_float16: leave float16 as it is.

    Returns:
        The arrays by name; for a model `(missing_keys, unexpected_keys)`.

    Raises:
        OSError: there is no such file, or it cannot be read.
        CheckpointError: it is damaged or no safetensors file, or has a dtype that cannot be read.
        RuntimeError: it does not fit the model, of which nothing has been changed then.
        ImportError: the `safetensors` library is missing.

    Example:
        >>> import nn, os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
        >>> nn.save_safetensors(nn.Linear(2, 3), path)
        >>> nn.load_safetensors(path, nn.Linear(2, 3))
        <All keys matched successfully>
    """
    _library()
    if model is None and not strict:
        raise ValueError("strict=False is for loading into a model. Write nn.load_safetensors(path, model, ...).")
    if model is not None and not isinstance(model, Module):
        raise TypeError(f"model must be an nn.Module, not {type(model).__name__}. Keywords: strict, keep_float16.")
    arrays, metadata = _read(readable(path), keep_float16)
    other_names = {name: first for name, first in metadata.items() if first in arrays and name not in arrays}
    arrays |= {name: arrays[first] for name, first in other_names.items()}
    if model is None:
        return arrays
    return model.load_state_dict(_fitted(model, arrays), strict)


def safetensors_metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """The texts stored with a safetensors file; an empty dict if there are none.

    Raises:
        OSError, CheckpointError, ImportError: as for `load_safetensors`.

    Example:
        >>> import nn, os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
        >>> nn.save_safetensors(nn.Linear(2, 3), path, {"epochs": "20"})
        >>> nn.safetensors_metadata(path)
        {'epochs': '20'}
    """
    _library()
    with _opened(readable(path)) as opened:
        return dict(opened.metadata() or {})


# ---- writing ----


def _held(state: Any) -> dict[str, tuple[int, Any]]:
    """By name, which array it is and the array."""
    if isinstance(state, Module):
        return {slot.path: (id(slot.held()), slot.read()) for slot in slots(state)}
    if not isinstance(state, Mapping):
        raise TypeError(f"save_safetensors needs a module or a dict of arrays, not {type(state).__name__}.")
    for name in state:
        if not isinstance(name, str):
            raise TypeError(f"the name of an array must be a string, not {name!r}.")
    return {name: (id(array), array.data if isinstance(array, ag.Value) else array) for name, array in state.items()}


def _storable(name: str, array: Any) -> Any:
    """A copy in C order if it is in another: version 0.8.0 of the library would store the numbers in a wrong one."""
    try:
        stored = np.asarray(array, order="C")
    except Exception as error:  # whatever another library's array raises
        raise TypeError(f"no array for {name!r}: {error}. Bring it into NumPy first.") from error
    known = stored.dtype.kind in "biuf" or stored.dtype == np.complex64 or stored.dtype.name in ("bfloat16",)
    if not known or stored.dtype.itemsize > 8:
        raise TypeError(f"{name!r} holds {stored.dtype}, which a safetensors file cannot: only {_SAVED}.")
    return stored


def _checked_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    texts = dict(metadata or {})
    for key, text in texts.items():
        if not (isinstance(key, str) and isinstance(text, str)):
            raise TypeError(f"metadata are strings by name, not {key!r}: {text!r}. Write str(...) or json.dumps(...).")
    return texts


# ---- reading ----


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    """A file, checked and opened by the library."""
    from safetensors import safe_open

    try:
        handle: Any = safe_open(file, framework="np")
    except _errors() as error:
        what = recognized(file)
        if what.startswith("a safetensors file"):
            what = f"cut off or damaged, so get it anew ({error})"
        raise CheckpointError(f"{str(file)!r} cannot be read as a safetensors file: it is {what}.") from error
    with handle as opened:
        yield opened


def _read(file: Path, keep_float16: bool) -> tuple[dict[str, Any], dict[str, str]]:
    """The arrays and the metadata."""
    arrays = {}
    # what the library raises for a dtype that NumPy lacks
    unknown: tuple[type[Exception], ...] = (TypeError, AttributeError, KeyError, *_errors())
    with _opened(file) as opened, file.open("rb") as raw:
        places = _places(raw)
        for name in opened.keys():  # noqa: SIM118  (the handle is no dict)
            kind = opened.get_slice(name).get_dtype()
            if kind in _WIDENED:
                shape = opened.get_slice(name).get_shape()
                start, stop = places[name]
                raw.seek(start)
                arrays[name] = _WIDENED[kind](raw.read(stop - start)).reshape(shape)
                continue
            try:
                array = opened.get_tensor(name)
            except unknown as error:
                raise CheckpointError(
                    f"{str(file)!r} holds {name!r} as {kind}, which NumPy does not have. Convert it with PyTorch: "
                    f"save the state dict with {name!r} as .float()."
                ) from error
            arrays[name] = array.astype(np.float32) if kind == "F16" and not keep_float16 else array
        return arrays, dict(opened.metadata() or {})


def _places(raw: Any) -> dict[str, tuple[int, int]]:
    """Where each array starts and stops, in a file that the library has found to be sound."""
    length = int.from_bytes(raw.read(8), "little")
    header = json.loads(raw.read(length))
    offsets = {name: about["data_offsets"] for name, about in header.items() if name != "__metadata__"}
    return {name: (8 + length + start, 8 + length + stop) for name, (start, stop) in offsets.items()}


def _from_bfloat16(stored: bytes) -> Any:
    """The upper half of a float32."""
    return (np.frombuffer(stored, "<u2").astype(np.uint32) << 16).view(np.float32)


def _from_float8_e5m2(stored: bytes) -> Any:
    """The upper half of a float16."""
    return (np.frombuffer(stored, np.uint8).astype(np.uint16) << 8).view(np.float16).astype(np.float32)


def _from_float8_e4m3(stored: bytes) -> Any:
    return _float8_e4m3()[np.frombuffer(stored, np.uint8)]


@cache
def _float8_e4m3() -> Any:
    """The number of each byte: 4 bits of exponent, 3 of mantissa, no infinity.

    Micikevicius et al., "FP8 formats for deep learning", 2022, table 1.
    """
    byte = np.arange(256)
    exponent, mantissa = byte >> 3 & 15, byte & 7
    size = np.where(exponent == 0, mantissa / 8 * 2.0**-6, (1 + mantissa / 8) * 2.0 ** (exponent - 7))
    size[byte & 127 == 127] = np.nan
    return np.where(byte & 128, -size, size).astype(np.float32)


_WIDENED = {"BF16": _from_bfloat16, "F8_E5M2": _from_float8_e5m2, "F8_E4M3": _from_float8_e4m3}


def _fitted(model: Module, arrays: dict[str, Any]) -> dict[str, Any]:
    """The arrays under all the names that the model has for them, and not under names it does not know besides."""
    names: dict[int, list[str]] = {}
    for slot in slots(model):
        names.setdefault(id(slot.held()), []).append(slot.path)
    fitted = dict(arrays)
    for shared in names.values():
        given = [name for name in shared if name in arrays]
        for name in given[1:]:
            if not _same(arrays[given[0]], arrays[name]):
                raise RuntimeError(
                    f"{given[0]!r} and {name!r} are one parameter of {type(model).__name__}, but the file has "
                    "different numbers for them: it was saved by a model that does not share them."
                )
        if given:
            fitted |= dict.fromkeys(shared, arrays[given[0]])
    known = {name for shared in names.values() for name in shared}
    loaded = {id(array) for name, array in fitted.items() if name in known}
    return {name: array for name, array in fitted.items() if name in known or id(array) not in loaded}


def _same(a: Any, b: Any) -> bool:
    return a is b or (a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")))


# ---- the library ----


def _library() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise ImportError(
            'safetensors files need the safetensors library. Write pip install "autograd-lite[safetensors]".'
        ) from None
    return safetensors.numpy


def _errors() -> tuple[type[Exception], ...]:
    from safetensors import SafetensorError

    return (SafetensorError,)
