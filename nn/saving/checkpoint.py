"""A training run in one file, to go on from later: `save_checkpoint` and `load_checkpoint`.

The file is an `.npz`, of which `np.load` reads the arrays; everything that is no array is JSON in one entry. Nothing in
it is pickled, so a file from elsewhere can do no harm.
"""

from __future__ import annotations

import errno
import json
import math
import os
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from copy import deepcopy
from operator import index
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import autograd_lite as ag

from .. import random
from ..module import Module
from .atomic import replacing
from .encoding import Encoder, decode
from .recognize import CHECKPOINT_ENTRY, CheckpointError, readable, recognized

FORMAT = "autograd_lite checkpoint"
VERSION = 1
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_DAMAGED = "damaged; use an earlier checkpoint"
_DEFAULT = "nn.random.default_generator"


class Checkpoint(NamedTuple):
    """What `load_checkpoint` returns besides what it puts in place.

    Attributes:
        epoch: as it was passed to `save_checkpoint`.
        step: the same.
        extra: the same.
    """

    epoch: int
    step: int
    extra: Any


def save_checkpoint(
    path: str | os.PathLike[str],
    model: Module,
    optimizer: Any = None,
    scheduler: Any = None,
    *,
    epoch: int = 0,
    step: int = 0,
    generators: Mapping[str, np.random.Generator] | None = None,
    extra: Any = None,
) -> None:
    """Save everything that a training run needs to go on as if it had never stopped, bit for bit.

    That is the parameters and buffers, the optimizer's and the scheduler's state, and the state of
    `nn.random.default_generator`. The file is written beside `path` and takes its place in one step when it is
    complete, so a program that is killed meanwhile leaves the checkpoint before.

    Args:
        path: the file; its usual ending is `.npz`.
        model: the module.
        optimizer: has `state_dict` and `load_state_dict`, as what follows.
        scheduler: of the learning rate.
        epoch: the number of epochs done, by which `load_checkpoint` says where to go on.
        step: the number of steps done.
        generators: further NumPy generators by name, such as one of a `DataLoader`.
        extra: whatever else is to be kept: None, booleans, numbers, strings, arrays, and lists, tuples and dicts of
            them.

    Raises:
        OSError: the file cannot be written. What was at `path` is there still.
        TypeError: something that cannot be saved; the message says where it is.

    Example:
        >>> import nn, os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "run.npz")
        >>> model = nn.Linear(2, 3)
        >>> optimizer = nn.Adam(model.parameters())
        >>> nn.save_checkpoint(path, model, optimizer, epoch=5, extra={"best": 0.25})
        >>> nn.load_checkpoint(path, model, optimizer)
        Checkpoint(epoch=5, step=0, extra={'best': 0.25})
    """
    _require_module(model)
    generators = _checked_generators(generators)
    encoder = Encoder()
    content = {
        "format": FORMAT,
        "version": VERSION,
        "epoch": _count(epoch, "epoch"),
        "step": _count(step, "step"),
        "generators": encoder.encode({name: g.bit_generator.state for name, g in generators.items()}, "generators"),
        "extra": encoder.encode(extra, "extra"),
    }
    held = model.state_dict(keep_vars=True)  # so that a shared parameter is written once
    content["model"] = encoder.encode(
        {path: x.data if isinstance(x, ag.Value) else x for path, x in held.items()}, "model"
    )
    for name, part in (("optimizer", optimizer), ("scheduler", scheduler)):
        content[name] = encoder.encode(None if part is None else _stateful(part, name).state_dict(), name)
    text = json.dumps(content)
    with replacing(path) as new, zipfile.ZipFile(new, "w") as archive:
        archive.writestr(CHECKPOINT_ENTRY, text)
        for entry, array in encoder.arrays.items():
            with archive.open(f"{entry}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def load_checkpoint(
    path: str | os.PathLike[str],
    model: Module | None = None,
    optimizer: Any = None,
    scheduler: Any = None,
    *,
    generators: Mapping[str, np.random.Generator] | None = None,
    random_state: bool = True,
) -> Checkpoint:
    """Put what `save_checkpoint` saved in its place again.

    What is not passed is not loaded: for a trained model alone, `load_checkpoint(path, model, random_state=False)`.
    Everything is checked before anything is changed.

    Args:
        path: the file.
        model: the module, built as the saved one was.
        optimizer: built as the saved one was, of this model's parameters.
        scheduler: built as the saved one was.
        generators: the further generators by the names under which they were saved.
        random_state: whether `nn.random.default_generator` goes on from where it was.

    Returns:
        `(epoch, step, extra)`.

    Raises:
        OSError: there is no such file, or it cannot be read.
        CheckpointError: it is damaged or no checkpoint, or was saved without what is to be loaded.
        RuntimeError, ValueError: it does not fit the model, the optimizer or the scheduler.

    Example:
        Before the first epoch, for a program that may be stopped and started again:

        >>> import nn, os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "run.npz")
        >>> model = nn.Linear(2, 3)
        >>> start = nn.load_checkpoint(path, model).epoch if os.path.exists(path) else 0
        >>> for epoch in range(start, 3):
        ...     nn.save_checkpoint(path, model, epoch=epoch + 1)
    """
    if model is not None:
        _require_module(model)
    file = readable(path)
    wanted = _checked_generators(generators)
    if not random_state:
        del wanted[_DEFAULT]
    targets = {"scheduler": scheduler, "model": model, "optimizer": optimizer}
    targets = {name: _stateful(target, name) for name, target in targets.items() if target is not None}
    content = _content(file, targets)
    for name in targets:
        if content[name] is None:
            raise CheckpointError(f"{str(path)!r} was saved without the {name}. Load it without.")
    states = _generator_states(file, content["generators"], wanted)

    with ExitStack() as undo:
        for name, target in targets.items():
            if name == "scheduler":
                undo.callback(target.load_state_dict, deepcopy(target.state_dict()))
            elif name == "model" and optimizer is not None:  # both of them refuse before they write
                undo.callback(target.load_state_dict, target.state_dict())
            target.load_state_dict(content[name])
        undo.pop_all()
    for generator_name, generator in wanted.items():
        generator.bit_generator.state = states[generator_name]
    return Checkpoint(content["epoch"], content["step"], content["extra"])


# ---- the file ----


def _content(file: Path, sections: Iterable[str]) -> dict[str, Any]:
    """What is in the file, of the large parts only `sections`. Checksums of all that is read are compared."""
    try:
        with zipfile.ZipFile(file) as archive:
            infos = {info.filename: info for info in archive.infolist()}
            if CHECKPOINT_ENTRY not in infos:
                raise CheckpointError(_foreign(file, recognized(file)))
            if sum([info.file_size for info in infos.values()]) > file.stat().st_size:
                raise CheckpointError(_foreign(file, "compressed, or damaged"))
            raw = json.loads(archive.read(CHECKPOINT_ENTRY))
            _check_version(file, raw)
            arrays: dict[str, Any] = {}

            def array(entry: str) -> Any:
                if entry not in arrays:
                    arrays[entry] = _array(archive, infos[f"{entry}.npy"])
                return arrays[entry]

            names = ("epoch", "step", "extra", "generators", *sections)
            return {name: decode(raw[name], array) for name in names}
    except (CheckpointError, MemoryError):
        raise
    except Exception as error:  # damage makes zipfile, json and NumPy raise all sorts of errors
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # that one comes from an impossible offset
            raise
        raise CheckpointError(_foreign(file, recognized(file))) from error


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Any:
    with archive.open(info) as entry:
        shape, _, dtype = _HEADERS[np.lib.format.read_magic(entry)](entry)
        if math.prod(shape) * dtype.itemsize != info.file_size - entry.tell():
            raise ValueError(f"{info.filename} has another length than its array of {dtype} and shape {shape}")
        entry.seek(0)
        return np.lib.format.read_array(entry, allow_pickle=False)


def _foreign(file: Path, what: str) -> str:
    what = _DAMAGED if what.startswith("a checkpoint") else what
    return f"{str(file)!r} cannot be loaded as a checkpoint of nn.save_checkpoint: it is {what}."


def _check_version(file: Path, raw: Any) -> None:
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise CheckpointError(_foreign(file, "a zip archive of something else"))
    if raw["version"] != VERSION:
        raise CheckpointError(
            f"{str(file)!r} is a checkpoint in version {raw['version']} of the format, but this program knows version "
            f"{VERSION}. Update autograd-lite."
        )


# ---- what is saved and loaded ----


def _require_module(model: Any) -> None:
    if not isinstance(model, Module):
        raise TypeError(f"model must be an nn.Module, not {type(model).__name__}. The path comes first.")


def _stateful(target: Any, name: str) -> Any:
    for method in ("state_dict", "load_state_dict"):
        if isinstance(target, type) or not callable(getattr(target, method, None)):
            raise TypeError(f"the {name} must be an object with {method}(), not {target!r}.")
    return target


def _count(number: int, name: str) -> int:
    counted = index(number)
    if counted < 0:
        raise ValueError(f"{name} is {counted}, but must be 0 or greater.")
    return counted


def _checked_generators(generators: Mapping[str, np.random.Generator] | None) -> dict[str, np.random.Generator]:
    """All generators by name, the default one among them."""
    if generators is not None and not isinstance(generators, Mapping):
        raise TypeError(
            f"generators must be a dict by name, not {type(generators).__name__}. Write {{'shuffle': generator}}."
        )
    named = dict(generators or {})
    for name, generator in named.items():
        if not isinstance(name, str) or not isinstance(generator, np.random.Generator):
            raise TypeError(f"generators are NumPy generators by name, but there is {name!r}: {generator!r}.")
    if _DEFAULT in named:
        raise ValueError(f"{_DEFAULT!r} is saved in any case. Leave it out.")
    return {_DEFAULT: random.default_generator} | named


def _generator_states(file: Path, saved: dict[str, Any], wanted: Mapping[str, np.random.Generator]) -> dict[str, Any]:
    """The states for the wanted generators; each is tried on another generator of the kind first."""
    for name, generator in wanted.items():
        if name not in saved:
            known = ", ".join(repr(other) for other in saved if other != _DEFAULT) or "no further one"
            raise CheckpointError(f"{str(file)!r} has no generator {name!r}: it has {known}.")
        kind = type(generator.bit_generator)
        state = saved[name]
        if state.get("bit_generator") != kind.__name__:
            raise CheckpointError(
                f"{str(file)!r} has the state of a {state.get('bit_generator')} for the generator {name!r}, which is a "
                f"{kind.__name__}. Make it as it was: np.random.Generator(np.random.{state.get('bit_generator')}())."
            )
        try:
            kind().state = state
        except Exception as error:  # NumPy's own, of several types
            raise CheckpointError(_foreign(file, _DAMAGED)) from error
    return saved
