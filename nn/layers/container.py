"""Modules that hold modules or parameters by number: `Sequential`, `ModuleList`, `ParameterList`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Generic, Self, TypeVar, overload

import numpy as np

import autograd_lite as ag

from ..module import Module
from ..parameter import Parameter

Held = TypeVar("Held", Module, Parameter)


def as_module(held: Any) -> Module:
    """A member of a container of modules, or the exception that says what to write instead."""
    if isinstance(held, Module):
        return held
    if isinstance(held, list | tuple):
        fix = "Put a star in front of the list: nn.Sequential(*layers)."
    elif isinstance(held, type) and issubclass(held, Module):
        fix = f"Call it: {held.__name__}()."
    elif not callable(held):
        fix = "Assign arrays to attributes: self.table = nn.Parameter(array)."
    else:
        fix = "For a function such as np.tanh write its module, nn.Tanh()."
    raise TypeError(f"{held!r} is not a Module subclass. {fix}")


def as_parameter(held: Any) -> Parameter:
    """A member of a container of parameters; arrays and Values become Parameters."""
    if isinstance(held, Parameter):
        return held
    if isinstance(held, ag.Value | np.ndarray | np.generic | float | int | list):
        return Parameter(held)
    raise TypeError(f"a container of parameters holds Parameters and arrays, not {type(held).__name__}.")


def described(held: Module | Parameter) -> str:
    """A member in the text of its container."""
    if isinstance(held, Module):
        return repr(held)
    size = "x".join(map(str, held.shape))
    return f"Parameter containing: [{held.dtype} of size {size}]"


class _Numbered(Module, Generic[Held]):
    """Members under the names "0", "1", ...; `Sequential` also takes other names."""

    def _accept(self, held: Any) -> Held:
        """`held` as a member, or an exception."""
        raise NotImplementedError

    def append(self, held: Held) -> Self:
        """Add one at the end."""
        member = self._accept(held)
        number = len(self)
        while str(number) in self.__dict__:  # the names of a slice start later
            number += 1
        setattr(self, str(number), member)
        return self

    def extend(self, held: Iterable[Held]) -> Self:
        """Add several at the end."""
        for member in [self._accept(one) for one in held]:
            self.append(member)
        return self

    def insert(self, index: int, held: Held) -> Self:
        """Put one before `index`."""
        kept = list(self)
        kept.insert(index, self._accept(held))
        self._replace_all(kept)
        return self

    def pop(self, index: int = -1) -> Held:
        """Take one out, and return it."""
        kept = list(self)
        if not kept:
            raise IndexError(f"pop from an empty {type(self).__name__}")
        self._name_at(index)
        taken = kept.pop(index)
        self._replace_all(kept)
        return taken

    def _names(self) -> list[str]:
        return [name for name, held in self.__dict__.items() if isinstance(held, Module | Parameter)]

    def _name_at(self, index: int) -> str:
        names = self._names()
        if not -len(names) <= index < len(names):
            kind = "parameters" if isinstance(self, ParameterList) else "modules"
            raise IndexError(f"index {index} is out of range: there are {len(names)} {kind}")
        return names[index]

    def _replace_all(self, held: list[Held]) -> None:
        for name in self._names():
            delattr(self, name)
        self.extend(held)

    def __len__(self) -> int:
        return len(self._names())

    def __iter__(self) -> Iterator[Held]:
        held: list[Any] = [held for held in self.__dict__.values() if isinstance(held, Module | Parameter)]
        return iter(held)

    def __add__(self, other: Iterable[Held]) -> Self:
        if not isinstance(other, _Numbered):
            return NotImplemented
        return self[:].extend(other)

    def __iadd__(self, other: Iterable[Held]) -> Self:
        return self.extend(other)

    @overload
    def __getitem__(self, index: int) -> Held: ...

    @overload
    def __getitem__(self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> Held | Self:
        if isinstance(index, slice):
            return type(self)().extend(list(self)[index])
        held: Held = getattr(self, self._name_at(index))
        return held

    def __setitem__(self, index: int, held: Held) -> None:
        setattr(self, self._name_at(index), self._accept(held))

    def __delitem__(self, index: int | slice) -> None:
        kept = list(self)
        del kept[index]
        self._replace_all(kept)

    def _cannot_compute(self, *args: Any, **kwargs: Any) -> Any:
        kind = type(self).__name__
        raise NotImplementedError(
            f"a {kind} holds modules and computes nothing. "
            "Call them one by one, for layer in layers: x = layer(x), or write nn.Sequential(*layers)."
        )


class Sequential(_Numbered[Module]):
    """Modules one after the other: the output of each is the input of the next.

    Args:
        *modules: Modules, or one dict of them by name.

    Example:
        >>> import numpy as np, nn
        >>> model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
        >>> model(np.ones((5, 2), np.float32)).shape
        (5, 1)
        >>> list(model.state_dict())
        ['0.weight', '0.bias', '2.weight', '2.bias']
        >>> model[-1]
        Linear(in_features=8, out_features=1, bias=True)
    """

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        named = modules[0] if len(modules) == 1 and isinstance(modules[0], dict) else dict(enumerate(modules))
        for name, module in named.items():
            self.add_module(str(name), as_module(module))

    def _accept(self, held: Any) -> Module:
        return as_module(held)

    def forward(self, input: Any) -> Any:
        for held in list(self.__dict__.values()):  # __iter__ would make a second list
            if isinstance(held, Module):
                input = held(input)
        return input

    @overload
    def __getitem__(self, index: int) -> Module: ...

    @overload
    def __getitem__(self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> Module | Self:
        if isinstance(index, slice):  # a part keeps its names
            part = type(self)()
            for name in self._names()[index]:
                setattr(part, name, getattr(self, name))
            return part
        return super().__getitem__(index)

    def __mul__(self, times: int) -> Self:
        """The same modules several times over; they share their parameters."""
        if not isinstance(times, int) or times < 1:
            raise ValueError(f"a Sequential can be repeated a positive number of times, not {times!r}.")
        return type(self)(*list(self) * times)

    __rmul__ = __mul__


class ModuleList(_Numbered[Module]):
    """Modules in a list. A plain list as an attribute does the same; this one prints shorter.

    Args:
        modules: what to put in.

    Example:
        >>> import nn
        >>> nn.ModuleList([nn.Tanh() for _ in range(3)])
        ModuleList(
          (0-2): 3 x Tanh()
        )
    """

    forward = _Numbered._cannot_compute

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(modules or ())

    def _accept(self, held: Any) -> Module:
        return as_module(held)

    def _child_lines(self) -> list[str]:
        lines, start = [], 0
        for text, group in groupby(described(held).replace("\n", "\n  ") for held in self):
            count = len(list(group))
            lines.append(f"({start}): {text}" if count == 1 else f"({start}-{start + count - 1}): {count} x {text}")
            start += count
        return lines


class ParameterList(_Numbered[Parameter]):
    """Parameters in a list. A plain list as an attribute does the same; this one makes Parameters of arrays.

    Args:
        values: Parameters, arrays or numbers.

    Example:
        >>> import numpy as np, nn
        >>> nn.ParameterList([nn.Parameter([1.0, 2.0]), np.ones((2, 3), np.float32)])
        ParameterList(
          (0): Parameter containing: [float32 of size 2]
          (1): Parameter containing: [float32 of size 2x3]
        )
    """

    forward = _Numbered._cannot_compute

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self.extend(() if values is None else values)

    def _accept(self, held: Any) -> Parameter:
        return as_parameter(held)

    def _child_lines(self) -> list[str]:
        return [f"({name}): {described(held)}" for name, held in zip(self._names(), self, strict=True)]
