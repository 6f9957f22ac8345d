"""Modules that hold modules by number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Self, overload

from ..module import Module


class _Numbered(Module):
    """Modules under the names "0", "1", ...; `Sequential` also takes other names."""

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        _require_module(module)
        number = len(self)
        while str(number) in self.__dict__:  # the names of a slice start later
            number += 1
        setattr(self, str(number), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end."""
        for module in list(modules):
            self.append(module)
        return self

    def _names(self) -> list[str]:
        return [name for name, held in self.__dict__.items() if isinstance(held, Module)]

    def _name_at(self, index: int) -> str:
        names = self._names()
        if not -len(names) <= index < len(names):
            raise IndexError(f"index {index} is out of range: there are {len(names)} modules")
        return names[index]

    def _replace_all(self, modules: list[Module]) -> None:
        for name in self._names():
            delattr(self, name)
        self.extend(modules)

    def __len__(self) -> int:
        return len(self._names())

    def __iter__(self) -> Iterator[Module]:
        return iter([held for held in self.__dict__.values() if isinstance(held, Module)])

    @overload
    def __getitem__(self, index: int) -> Module: ...

    @overload
    def __getitem__(self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> Module | Self:
        if isinstance(index, slice):
            part = type(self)()
            for name in self._names()[index]:
                setattr(part, name, getattr(self, name))
            return part
        held: Module = getattr(self, self._name_at(index))
        return held

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._name_at(index), module)

    def __delitem__(self, index: int) -> None:
        kept = list(self)
        del kept[index]
        self._replace_all(kept)


def _require_module(module: Any) -> None:
    if isinstance(module, Module):
        return
    if isinstance(module, list | tuple):
        fix = "Put a star in front of the list: nn.Sequential(*layers)."
    elif isinstance(module, type) and issubclass(module, Module):
        fix = f"Call it: {module.__name__}()."
    else:
        fix = "For a function such as np.tanh write its module, nn.Tanh()."
    raise TypeError(f"{module!r} is not a Module subclass. {fix}")


class Sequential(_Numbered):
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
            _require_module(module)
            setattr(self, str(name), module)

    def forward(self, input: Any) -> Any:
        for held in list(self.__dict__.values()):  # __iter__ would make a second list
            if isinstance(held, Module):
                input = held(input)
        return input


class ModuleList(_Numbered):
    """Modules in a list. A plain list as an attribute does the same; this one prints shorter.

    Example:
        >>> import nn
        >>> nn.ModuleList([nn.Tanh() for _ in range(3)])
        ModuleList(
          (0-2): 3 x Tanh()
        )
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(modules or ())

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            "a ModuleList holds modules and computes nothing. "
            "Call them one by one, for layer in layers: x = layer(x), or write nn.Sequential(*layers)."
        )

    def insert(self, index: int, module: Module) -> None:
        """Put a module before `index`."""
        _require_module(module)
        modules = list(self)
        modules.insert(index, module)
        self._replace_all(modules)

    @overload
    def __getitem__(self, index: int) -> Module: ...

    @overload
    def __getitem__(self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> Module | Self:
        return type(self)(list(self)[index]) if isinstance(index, slice) else super().__getitem__(index)

    def _child_lines(self) -> list[str]:
        lines, start = [], 0
        for text, group in groupby(repr(module).replace("\n", "\n  ") for module in self):
            count = len(list(group))
            lines.append(f"({start}): {text}" if count == 1 else f"({start}-{start + count - 1}): {count} x {text}")
            start += count
        return lines
