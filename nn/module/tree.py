"""The tree of modules, as their attributes hold it: who is in it, under which path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from ..parameter import Parameter

if TYPE_CHECKING:
    from .module import Module

Member: TypeAlias = "Module | Parameter"

# attributes of a module that are no members, although they are of a type that could hold some
OWN = frozenset({"_buffers"})


def is_module(value: Any) -> TypeGuard[Module]:
    """Whether it is a Module; this file is below `module`, so it asks the type."""
    return getattr(type(value), "is_module", False)


def is_member(value: Any) -> bool:
    """Whether it is a Module or a Parameter."""
    return isinstance(value, Parameter) or is_module(value)


def may_hold(value: Any) -> bool:
    """Whether it is a member, or may hold one."""
    return isinstance(value, list | tuple | dict) or is_member(value)


def inside(name: str, value: Any) -> Iterator[tuple[str, Member]]:
    """The Modules and Parameters that an attribute holds, with their names."""
    if is_member(value):
        yield name, value
    elif isinstance(value, list | tuple | dict):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            if may_hold(item):
                yield from inside(f"{name}.{key}", item)


def members(module: Any) -> Iterator[tuple[str, Member]]:
    """The Modules and Parameters that a module holds itself, with their names."""
    for name, value in module.__dict__.items():
        if name not in OWN and may_hold(value):
            yield from inside(name, value)


def walk(module: Any, path: str = "", above: tuple[Module, ...] = ()) -> Iterator[tuple[str, Module, tuple[Any, ...]]]:
    """Every module with its path and the modules around it; one that holds itself is not entered again."""
    yield path, module, above
    above = (*above, module)
    for name, member in members(module):
        if not (isinstance(member, Parameter) or any(member is outer for outer in above)):
            yield from walk(member, joined(path, name), above)


def joined(path: str, name: str) -> str:
    """The path of `name` in the module at `path`."""
    return f"{path}.{name}" if path else name
