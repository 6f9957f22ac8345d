"""Reading and writing the state of a tree of modules: what `Module.state_dict` and `load_state_dict` do."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import autograd_lite as ag

if TYPE_CHECKING:
    from .module import Module


class LoadedKeys(NamedTuple):
    """What `Module.load_state_dict` could not match.

    Attributes:
        missing_keys: the keys of the module that the state dict lacks.
        unexpected_keys: the keys of the state dict that the module lacks.
    """

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"LoadedKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class Slot(NamedTuple):
    """A place of the state: the attribute `name` of `owner`, which is a Parameter or a module with a buffer."""

    path: str
    owner: Any
    name: str

    def read(self) -> Any:
        """The array."""
        return _array(getattr(self.owner, self.name))

    def held(self) -> Any:
        """The Parameter or the buffer itself."""
        return self.owner if isinstance(self.owner, ag.Value) else self.read()

    def replace(self, new: Any) -> None:
        """Hold `new` from now on."""
        setattr(self.owner, self.name, new)

    def write(self, new: Any) -> None:
        """Copy `new` into the array, or replace it where NumPy cannot write."""
        own = self.read()
        # assigned also where it is written in place: a graph recorded before must not run backward, and unlocks it
        setattr(self.owner, self.name, own)
        if isinstance(own, np.generic) or not own.flags.writeable:
            setattr(self.owner, self.name, np.array(new, own.dtype)[()])
        else:
            own[...] = new


def slots(root: Module) -> Iterator[Slot]:
    """Every place of the state, in PyTorch's order: of each module the parameters, then the buffers."""
    for path, module in root.named_modules(remove_duplicate=False):
        dot = f"{path}." if path else ""
        for name, parameter in module.named_parameters(recurse=False, remove_duplicate=False):
            yield Slot(dot + name, parameter, "data")
        for name, _ in module.named_buffers(recurse=False, remove_duplicate=False):
            if module._buffers[name]:
                yield Slot(dot + name, module, name)


def load(root: Module, state_dict: Mapping[str, Any], strict: bool, assign: bool) -> LoadedKeys:
    """`Module.load_state_dict`."""
    if ag.is_compiling():
        raise TypeError(
            f"{type(root).__name__}.load_state_dict would happen once, and not at every call of a compiled program. "
            "Load before calling the compiled function: it reads parameters and buffers anew at every call."
        )
    if not isinstance(state_dict, Mapping):
        raise TypeError(
            f"Expected state_dict to be dict-like, got {type(state_dict).__name__}. Pass what state_dict() returned."
        )
    places = list(slots(root))
    expected = {slot.path for slot in places}
    # state dicts from before PyTorch 0.4.1 do not count the batches, and are still around
    missing = [slot.path for slot in places if slot.path not in state_dict and slot.name != "num_batches_tracked"]
    unexpected = [path for path in state_dict if path not in expected]
    problems = []
    if strict and missing:
        problems.append(f"Missing key(s) in state_dict: {_quoted(missing)}. ")
    if strict and unexpected:
        problems.append(f"Unexpected key(s) in state_dict: {_quoted(unexpected)}. ")
    writes = []
    for slot in places:
        if slot.path not in state_dict:
            continue
        own = slot.read()
        try:
            new = np.asarray(_array(state_dict[slot.path]))
        except Exception as error:  # whatever another library's array raises
            problems.append(f"no array for {slot.path}: {error}.")
            continue
        if new.shape != own.shape:
            problems.append(
                f"size mismatch for {slot.path}: copying a param with shape {new.shape} from checkpoint, "
                f"the shape in current model is {own.shape}."
            )
        elif new.dtype.kind not in "fiub" or (own.dtype.kind != "f" and not np.array_equal(new, np.trunc(new))):
            problems.append(f"dtype mismatch for {slot.path}: {new.dtype} cannot be copied into {own.dtype}.")
        writes.append((slot, new))
    if problems:
        problems += _prefix_hint(missing, unexpected) or _near_names(missing, unexpected)
        raise RuntimeError(f"Error(s) in loading state_dict for {type(root).__name__}:\n\t" + "\n\t".join(problems))
    if not writes and state_dict:
        warnings.warn(
            f"no key of the state dict is one of {type(root).__name__}'s, so nothing was loaded: the module has "
            f"{_quoted(missing[:3])}, the state dict {_quoted(unexpected[:3])}.",
            stacklevel=3,
        )
    for slot, new in writes:
        if assign:
            slot.replace(new)
        else:
            slot.write(new)
    return LoadedKeys(missing, unexpected)


def _array(value: Any) -> Any:
    return value.data if isinstance(value, ag.Value) else value


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)


def _prefix_hint(missing: list[str], unexpected: list[str]) -> list[str]:
    """What to write if all the keys are there, only with something in front."""
    for longer, shorter, change in (
        (unexpected, missing, "key.removeprefix(prefix)"),
        (missing, unexpected, "prefix + key"),
    ):
        if longer and shorter and longer[0].endswith("." + shorter[0]):
            prefix = longer[0].removesuffix(shorter[0])
            if {prefix + key for key in shorter} == set(longer):
                return [
                    f"The keys differ by a prefix alone: pass {{{change}: array for key, array in state_dict.items()}} "
                    f"with prefix = {prefix!r}."
                ]
    return []


def _near_names(missing: list[str], unexpected: list[str]) -> list[str]:
    """Which unexpected key is probably meant for which missing one."""
    pairs, left = [], list(unexpected)
    for key in missing:
        for near in get_close_matches(key, left, 1, cutoff=0.75):
            left.remove(near)
            pairs.append(f'"{near}" for "{key}"')
    return [f"Near names, in the state dict for those of the module: {', '.join(pairs)}."] if pairs else []


def converted(root: Module, dtype: Any) -> None:
    """`Module.to`."""
    try:
        wanted = np.dtype(dtype)
    except TypeError:
        raise TypeError(
            f"to({dtype!r}): only a floating dtype can be asked for, as in to(np.float64). An array stays in the "
            "library that made it: for a GPU load CuPy arrays with load_state_dict(state, assign=True)."
        ) from None
    if wanted.kind != "f":
        raise TypeError(f"to only accepts floating dtypes, got {wanted}. Write to(np.float32) or to(np.float64).")
    for parameter in root.parameters():
        gradient = parameter.grad
        parameter.data = parameter.data.astype(wanted)
        if gradient is not None:
            parameter.grad = gradient.astype(wanted)
    for module in root.modules():
        for name, _ in module.named_buffers(recurse=False):
            buffer = getattr(module, name)
            if buffer.dtype.kind == "f":
                setattr(module, name, buffer.astype(wanted))
