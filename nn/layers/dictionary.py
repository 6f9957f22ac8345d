"""Modules that hold modules or parameters by name: `ModuleDict`, `ParameterDict`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic

from ..module import Module
from ..parameter import Parameter
from .container import Held, as_module, as_parameter, described


class _Named(Module, Generic[Held]):
    """Members under names, in the order in which they came."""

    def _put(self, key: str, held: Any) -> None:
        raise NotImplementedError

    def update(self, held: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Add or replace members: from a mapping, or from pairs of name and member."""
        for key, member in list(held.items() if isinstance(held, Mapping | _Named) else held):
            self[key] = member

    def keys(self) -> list[str]:
        """The names."""
        return [name for name, held in self.__dict__.items() if isinstance(held, Module | Parameter)]

    def values(self) -> list[Held]:
        """The members."""
        return [self[key] for key in self.keys()]

    def items(self) -> list[tuple[str, Held]]:
        """The members with their names."""
        return [(key, self[key]) for key in self.keys()]

    def pop(self, key: str) -> Held:
        """Take one out, and return it."""
        held = self[key]
        del self[key]
        return held

    def clear(self) -> None:
        """Take all out."""
        for key in self.keys():
            del self[key]

    def __getitem__(self, key: str) -> Held:
        held = self.__dict__.get(key)
        if not isinstance(held, Module | Parameter):
            there = ", ".join(self.keys()) or "nothing"
            raise KeyError(f"{key!r} is not in this {type(self).__name__}, which has {there}")
        return held  # type: ignore[return-value,unused-ignore]

    def __setitem__(self, key: str, held: Any) -> None:
        self._put(key, held)

    def __delitem__(self, key: str) -> None:
        self[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self.keys())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, key: object) -> bool:
        return key in self.keys()

    def _child_lines(self) -> list[str]:
        return [f"({key}): {described(held)}".replace("\n", "\n  ") for key, held in self.items()]

    def _cannot_compute(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            f"a {type(self).__name__} holds its members and computes nothing. Use one of them: "
            f"held[{next(iter(self.keys()), 'name')!r}]."
        )


class ModuleDict(_Named[Module]):
    """Modules by name. A plain dict as an attribute does the same.

    Args:
        modules: a mapping from names to Modules, or pairs. Attributes of the ModuleDict itself, such as "keys", and
            names with a dot cannot be names.

    Example:
        >>> import numpy as np, nn
        >>> choices = nn.ModuleDict({"tanh": nn.Tanh(), "linear": nn.Linear(2, 3)})
        >>> choices["linear"](np.ones((5, 2), np.float32)).shape
        (5, 3)
        >>> list(choices.state_dict())
        ['linear.weight', 'linear.bias']
    """

    forward = _Named._cannot_compute

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        self.update(modules or {})

    def _put(self, key: str, held: Any) -> None:
        self.add_module(key, as_module(held))


class ParameterDict(_Named[Parameter]):
    """Parameters by name. A plain dict as an attribute does the same; this one makes Parameters of arrays.

    Args:
        parameters: a mapping from names to Parameters, arrays or numbers, or pairs.

    Example:
        >>> import nn
        >>> nn.ParameterDict({"scale": 1.0, "shift": [0.0, 0.0]})
        ParameterDict(
          (scale): Parameter containing: [float32 of size ]
          (shift): Parameter containing: [float32 of size 2]
        )
    """

    forward = _Named._cannot_compute

    def __init__(self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None) -> None:
        super().__init__()
        self.update(parameters or {})

    def _put(self, key: str, held: Any) -> None:
        self.register_parameter(key, as_parameter(held))
