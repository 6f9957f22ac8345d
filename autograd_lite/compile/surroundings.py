"""What a function can see besides its arguments, and whether that is what it was.

A trace follows Python's branches, so its program hangs on every number, object and container that the function's code
names: variables around it, globals, attributes, items. They are looked up here before a function is traced, and looked
at again at every call. Arrays are constants: that it is the same array is looked at, its numbers are not.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from operator import is_, itemgetter
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from ..primitive import Primitive, is_value

_ABSENT = object()
_SIMPLE = (bool, int, float, str, bytes, complex, type(None))
_OURS = ("autograd_lite", "nn", "numpy", "scipy")
# of a module of `nn`: names and switches that it keeps for itself
_BOOKKEEPING = {"_scope", "_stamp", "_buffers", "_switching"}
# what code may name of an optimizer or a schedule, which are told by their first name, and the attributes that it reads
_READ_BY_NAME = {
    "param_groups": {"param_groups": "param_groups"},
    "get_last_lr": {"get_last_lr": "_last_lr", "last_epoch": "last_epoch", "base_lrs": "base_lrs"},
}
# methods that Python calls without their name
_CALLED = {"__call__", "__init__", "__post_init__", "forward"}


class Entry:
    """Some items of a dict, or attributes of an object, as they were.

    Args:
        label: how messages call the holder.
        holder: a dict, or what `read` reads from.
        names: the keys.
        whole: there are no other keys.
    """

    __slots__ = ("_holder", "_label", "_length", "_names", "_read", "_values")

    def __init__(self, label: Callable[[Any], str], holder: Any, names: list[Any], whole: bool = False) -> None:
        self._label, self._holder, self._names = label, holder, names
        self._length = len(holder) if whole else None
        self._read = _reader(holder, names)
        self._values = self._read(holder)

    def same(self) -> bool:
        """Whether all is as it was; objects must be the same, numbers and texts equal."""
        if self._length is not None and len(self._holder) != self._length:
            return False
        try:
            now = self._read(self._holder)
        except KeyError:
            return False
        return all(map(is_, now, self._values)) or self._equal(now)

    def _equal(self, now: tuple[Any, ...]) -> bool:
        if all(x is y or _is_equal(x, y) for x, y in zip(now, self._values, strict=True)):
            self._values = now
            return True
        return False

    def change(self) -> str | None:
        """What is not as it was, in words."""
        for name, was in zip(self._names, self._values, strict=True):
            now = _look_up(self._holder, name)
            if now is not was and not _is_equal(now, was):
                return f"{self._label(name)} {_from_to(was, now)}"
        if self._length is not None and len(self._holder) != self._length:
            return f"{self._label(None)} has {len(self._holder)} items instead of {self._length}"
        return None

    def items(self) -> Iterator[tuple[str, Any]]:
        """What there is now, with what came to it."""
        keys = self._names
        if self._length is not None:
            keys = list(range(len(self._holder))) if isinstance(self._holder, list) else list(self._holder)
        for key in keys:
            yield self._label(key), _look_up(self._holder, key)

    def labels(self) -> list[str]:
        return [self._label(name) for name in self._names]


def _reader(holder: Any, names: list[Any]) -> Callable[[Any], tuple[Any, ...]]:
    if isinstance(holder, list):
        return tuple
    if not isinstance(holder, dict):
        return lambda x: tuple([_look_up(x, name) for name in names])
    if len(names) == 1:
        name = names[0]
        return lambda holder: (holder[name],)
    return itemgetter(*names) if names else lambda holder: ()


def _look_up(holder: Any, name: Any) -> Any:
    if isinstance(holder, dict):
        return holder.get(name, _ABSENT)
    if isinstance(holder, list):
        return holder[name] if name < len(holder) else _ABSENT
    if name is None:  # the cell of a variable
        try:
            return holder.cell_contents
        except ValueError:
            return _ABSENT
    return getattr(holder, name, _ABSENT)


def _is_equal(x: Any, y: Any) -> bool:
    return type(x) is type(y) and isinstance(x, _SIMPLE) and (x == y if type(x) is not float else x.hex() == y.hex())


def _from_to(was: Any, now: Any) -> str:
    if now is _ABSENT:
        return "is gone"
    if isinstance(was, _SIMPLE) and isinstance(now, _SIMPLE):
        return f"is {now!r} instead of {was!r}"
    return "is another object" if type(now) is type(was) else f"is a {type(now).__name__}, was a {type(was).__name__}"


class Surroundings:
    """All that can be reached from the code of a function and from the objects that it is called with.

    Args:
        roots: the function, and what its arguments hold besides arrays.
    """

    def __init__(self, *roots: Any) -> None:
        self.entries: list[Entry] = []
        self.generators: list[Any] = []
        self._names: set[str] = set(_CALLED)  # of attributes, in all code that was found
        self._seen: dict[int, Any] = {}
        self._objects: list[tuple[Any, str, set[str]]] = []  # what it is called, and the names that were looked up
        self._waiting: list[tuple[Any, str]] = [(root, "") for root in roots]
        self._walk()

    def change(self) -> str | None:
        """What is not as it was, in words; None if all is."""
        return next(filter(None, (entry.change() for entry in self.entries if not entry.same())), None)

    def first(self, condition: Callable[[Any], bool]) -> str | None:
        """The label of the first thing in what has changed for which something holds."""
        changed = [entry for entry in self.entries if not entry.same()]
        return next((label for entry in changed for label, x in entry.items() if condition(x)), None)

    def since(self, before: Surroundings) -> str | None:
        """What was not there before, in words."""
        names = {label for entry in before.entries for label in entry.labels()}
        new = [label for entry in self.entries for label in entry.labels() if label not in names]
        return f"{new[0]} is new" if new else None

    def holds(self, x: Any) -> bool:
        """Whether an object was found."""
        return id(x) in self._seen

    def add_modules(self, modules: Iterable[tuple[Any, dict[str, Any]]]) -> str | None:
        """Look at all attributes of modules that were called: the code that reads them may be a library's.

        Returns:
            Which of them is not what it was when the module was called, in words.
        """
        changed = None
        for module, attributes in modules:
            was, now = _own(attributes), _own(module.__dict__)
            label = _attributes_of(type(module).__name__)
            for name in [*was, *now]:
                a, b = was.get(name, _ABSENT), now.get(name, _ABSENT)
                if a is not b and not _is_equal(a, b):
                    changed = f"{label(name)} {_from_to(a, b)}"
            self.entries.append(Entry(label, module.__dict__, list(now), True))
            self._waiting += [(x, label(name)) for name, x in now.items() if isinstance(x, list | dict | tuple)]
            hooks = module.__dict__.get("_hooks")
            if hooks is not None:
                self._waiting += [(x, label(name)) for name, x in vars(hooks).items()]
        self._walk()
        return changed

    # ---- the walk ----

    def _walk(self) -> None:
        while self._waiting:
            while self._waiting:
                self._visit(*self._waiting.pop())
            for x, label, done in self._objects:  # more code may have brought more names
                new = self._names - done
                done |= new
                self._attributes(x, label, new)

    def _visit(self, x: Any, label: str) -> None:
        if isinstance(x, _SIMPLE) or x is _ABSENT or id(x) in self._seen:
            return
        self._seen[id(x)] = x
        if isinstance(x, np.random.Generator | np.random.RandomState):
            self.generators.append(x)
        if isinstance(x, np.ndarray | np.generic | Primitive) or is_value(x):
            return
        if isinstance(x, FunctionType):
            self._function(x)
        elif isinstance(x, MethodType):
            self._waiting += [(x.__func__, ""), (x.__self__, "self")]
        elif isinstance(x, partial):
            self._waiting += [(x.func, ""), (x.args, ""), (x.keywords, "")]
        elif isinstance(x, dict):
            self.entries.append(
                Entry(lambda name: f"{label}[{name!r}]" if name is not None else label, x, list(x), True)
            )
            self._waiting += [(item, f"{label}[{name!r}]") for name, item in x.items()]
        elif isinstance(x, list):
            self.entries.append(
                Entry(lambda i: f"{label}[{i}]" if i is not None else label, x, list(range(len(x))), True)
            )
            self._waiting += [(item, f"{label}[{i}]") for i, item in enumerate(x)]
        elif isinstance(x, tuple | set | frozenset):
            self._waiting += [(item, f"{label}[{i}]") for i, item in enumerate(x)]
        elif isinstance(x, ModuleType):
            if _is_users(x.__name__):
                self._objects.append((x, x.__name__, set()))
        elif hasattr(x, "param_groups"):  # an optimizer, which reads its options anew at every step
            for held in (x.param_groups, *[group["params"] for group in x.param_groups]):
                self.entries.append(Entry(lambda _: f"{label}.param_groups", held, list(range(len(held))), True))
            self._objects.append((x, type(x).__name__, set()))
        elif hasattr(x, "named_parameters") or hasattr(x, "get_last_lr"):  # a module, or a schedule
            self._objects.append((x, type(x).__name__, set()))
        elif hasattr(x, "function") and hasattr(x, "variants"):  # another compiled function
            self._waiting.append((x.function, ""))
        elif _is_users_class(x if isinstance(x, type) else type(x)):
            self._objects.append((x, x.__name__ if isinstance(x, type) else type(x).__name__, set()))

    def _function(self, function: FunctionType) -> None:
        code = function.__code__
        variables = zip(code.co_freevars, function.__closure__ or (), strict=True)
        for name, cell in variables:
            self.entries.append(Entry(lambda _, name=name: f"the variable {name!r}", cell, [None]))  # type: ignore[misc]
            self._waiting.append((_look_up(cell, None), name))
        self._waiting += [(x, "") for x in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())]
        if not _is_users(function.__module__ or ""):
            return
        named = set(_names_in(code))
        self._names |= named
        space = function.__globals__
        found = [name for name in sorted(named) if name in space]
        self.entries.append(Entry(lambda name: f"the global {name!r}", space, found))
        self._waiting += [(space[name], name) for name in found]

    def _attributes(self, x: Any, label: str, names: set[str]) -> None:
        held = getattr(x, "__dict__", {})
        mine: list[str]
        for name, read in _READ_BY_NAME.items():  # what the steps change is looked at only if the code names it
            if hasattr(x, name) and not isinstance(x, type):
                if names & read.keys():
                    mine = [key for key in read.values() if key in held]
                    self.entries.append(Entry(_attributes_of(label), held, mine))
                    self._waiting += [(held[key], f"{label}.{key}") for key in mine]
                return
        kind = x if isinstance(x, type) else type(x)
        if hasattr(x, "named_parameters") and not isinstance(x, type):
            mine = []  # `add_modules` looks at them, if it is called
        else:
            slots = {name for base in kind.__mro__ for name in _slots_of(base)}
            mine = sorted(name for name in names if name in held or name in slots)
        if mine:
            holder = held if isinstance(held, dict) and all(name in held for name in mine) else x
            self.entries.append(Entry(_attributes_of(label), holder, mine))
            self._waiting += [(_look_up(holder, name), f"{label}.{name}") for name in mine]
        for name in names:
            if name in held and not isinstance(x, type):
                continue
            inherited = next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), _ABSENT)
            inner = getattr(inherited, "fget", None) or getattr(inherited, "__func__", inherited)
            if isinstance(inner, FunctionType):
                self._waiting.append((inner, ""))
            elif inherited is not _ABSENT and not isinstance(x, type) and not hasattr(inherited, "__get__"):
                self.entries.append(Entry(_attributes_of(label), x, [name]))  # it may get one of its own
                self._waiting.append((inherited, f"{label}.{name}"))


def _attributes_of(owner: str) -> Callable[[Any], str]:
    """How messages call an attribute of an object, or with None the object."""
    return lambda name: owner if name is None else f"{owner}.{name}"


def _own(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a module that code may hang on: not its bookkeeping, nor its buffers, which are read anew."""
    buffers = attributes.get("_buffers", ())
    return {
        name: x
        for name, x in attributes.items()
        if name not in _BOOKKEEPING and not (name in buffers and isinstance(x, np.ndarray))
    }


def _slots_of(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def _is_users_class(kind: type) -> bool:
    """Whether code of the user's may hang on the attributes of these; a library's look after themselves."""
    if kind.__qualname__ in ("Namespace", "SimpleNamespace"):
        return True
    return _is_users(kind.__module__) and not any(base.__module__.partition(".")[0] in _OURS for base in kind.__mro__)


@cache
def _is_users(module: str) -> bool:
    """Whether a module of Python was written by the user, and not by a library."""
    top = module.partition(".")[0]
    if top in _OURS or (top in sys.stdlib_module_names and top != "__main__"):
        return False
    file = getattr(sys.modules.get(module), "__file__", None)
    libraries = {sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")}
    return file is None or not file.startswith(tuple(libraries))
