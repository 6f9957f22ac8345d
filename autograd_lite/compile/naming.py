"""What the text of a program calls things: results, constants, functions and the arguments of calls."""

from __future__ import annotations

import builtins
import keyword
import math
import re
import textwrap
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from ..primitive import Primitive, describe, is_value
from .traced import Step

WIDTH = 110  # of the lines of the text
_TAKEN = {*keyword.kwlist, *dir(builtins), "np", "memory", "isfinite"}


class Names:
    """The names in the text of one program.

    Args:
        prefix: what the names begin with that are not inside of a function.
        instead: what is called in place of a function; by default that itself.

    Attributes:
        constants: what the text needs besides what it imports, by name.
    """

    def __init__(self, prefix: str = "", instead: Callable[[Any], Any] | None = None) -> None:
        self._prefix, self._instead = prefix, instead
        self.constants: dict[str, Any] = {}
        self._used = set(_TAKEN)
        self._numbers: dict[str, int] = {}
        self._by_identity: dict[int, str] = {}
        self._functions: dict[Any, str] = {}
        self._imports: dict[str, set[str]] = {}
        self._bound: list[str] = []

    def fixed(self, wanted: str, always_numbered: bool = False) -> str:
        """A name for what is there before the program runs."""
        return self.new(f"{self._prefix}{wanted}", always_numbered)

    def new(self, wanted: str, always_numbered: bool = False) -> str:
        """A name that is not taken, as near to the one wanted as can be."""
        stem = re.sub(r"\W+", "_", wanted).strip("_") or "x"
        stem = f"x{stem}" if stem[0].isdigit() else stem
        if not always_numbered and stem != "v" and stem not in self._used:
            self._used.add(stem)
            return stem
        while True:
            number = self._numbers[stem] = self._numbers.get(stem, 0) + 1
            name = f"{stem}{number}" if not stem[-1].isdigit() else f"{stem}_{number}"
            if name not in self._used:
                self._used.add(name)
                return name

    def constant(self, x: Any, wanted: str = "c") -> str:
        """The name of something that the text cannot write."""
        name = self._by_identity.get(id(x))
        if name is None:
            name = self._by_identity[id(x)] = self.fixed(wanted, wanted == "c")
            self.constants[name] = x
        return name

    def function(self, function: Any) -> str:
        """The name under which a function is called."""
        key = function if getattr(type(function), "__hash__", None) else id(function)
        name = self._functions.get(key)
        if name is None:
            name = self._functions[key] = self._imported(function if self._instead is None else self._instead(function))
        return name

    def _imported(self, function: Any) -> str:
        owner = getattr(function, "__self__", None)
        if isinstance(owner, np.ufunc):  # np.add.reduce
            of = self.function(owner)
            name = self.new(f"{of}_{function.__name__}")
            self._bound.append(f"{name} = {of}.{function.__name__}")
            return name
        wanted = getattr(function, "__name__", "function")
        if getattr(np, wanted, None) is function and wanted not in self._used:
            self._used.add(wanted)
            self._imports.setdefault("numpy", set()).add(wanted)
            return wanted
        module = getattr(function, "__module__", None)
        if module and wanted.isidentifier() and wanted not in self._used:
            try:
                found = getattr(import_module(module), wanted, None)
            except ImportError:
                found = None
            if found is function:
                self._used.add(wanted)
                self._imports.setdefault(module, set()).add(wanted)
                if isinstance(function, Primitive):
                    self._bound.append(f"{wanted} = {wanted}.forward")
                return wanted
        name = self.fixed(describe(function).rpartition(".")[2].lstrip("_") or "function")
        self.constants[name] = function.forward if isinstance(function, Primitive) else function
        return name

    def imports(self) -> list[str]:
        """The first lines of the text."""
        lines = ["import numpy as np"]
        for module in sorted(self._imports, key=lambda name: (name != "numpy", name)):
            names = ", ".join(sorted(self._imports[module]))
            line = f"from {module} import {names}"
            lines += [line] if len(line) <= WIDTH else [f"from {module} import (", *_wrapped(f"{names},", "    "), ")"]
        if self.constants:
            given = [f"{name} {_kind(x)}" for name, x in self.constants.items()]
            lines += ["", *_wrapped(f"given: {', '.join(given)}", "# ")]
        return [*lines, "", *self._bound]

    # ---- arguments ----

    def text(self, x: Any, texts: Mapping[Any, str] = {}) -> str:
        """An argument of a call, as it is written."""
        if isinstance(x, Step):
            return texts[x]
        if x is None or x is ... or isinstance(x, bool | int | str):
            return "..." if x is ... else repr(x)
        if type(x) is float or type(x) is complex:
            return repr(x) if math.isfinite(abs(x)) else self.constant(x, "inf" if x == math.inf else "c")
        if isinstance(x, np.dtype):
            return f"np.{x.type.__name__}" if x.isbuiltin and x.isnative else self.constant(x, "dtype")
        name = x.__name__ if isinstance(x, type) else ""
        if name and getattr(np, name, None) is x:
            return f"np.{name}"
        if isinstance(x, tuple):
            inner = ", ".join([self.text(item, texts) for item in x])
            if hasattr(x, "_fields"):
                return f"{self.function(type(x))}({inner})"
            return f"({inner},)" if len(x) == 1 else f"({inner})"
        if type(x) is list:
            return f"[{', '.join([self.text(item, texts) for item in x])}]"
        if type(x) is dict:
            return "{" + ", ".join([f"{name!r}: {self.text(item, texts)}" for name, item in x.items()]) + "}"
        if isinstance(x, slice):
            return f"slice({self.text(x.start, texts)}, {self.text(x.stop, texts)}, {self.text(x.step, texts)})"
        if callable(x) and not is_value(x) and hasattr(x, "__name__"):
            return self.function(x)
        if hasattr(x, "named_parameters"):
            return self.constant(x, str(getattr(x, "_scope", "")) or type(x).__name__.lower())
        if is_value(x):
            return self.constant(x, f"{type(x).__name__.lower()}_{x.name or ''}")
        return self.constant(x, "c" if hasattr(x, "dtype") else type(x).__name__.lower())

    def index(self, index: Any, texts: Mapping[Any, str]) -> str:
        """What stands between the brackets of `x[...]`."""
        if type(index) is not tuple or not index:
            return self._entry(index, texts)
        inner = ", ".join([self._entry(entry, texts) for entry in index])
        return f"{inner}," if len(index) == 1 else inner

    def _entry(self, entry: Any, texts: Mapping[Any, str]) -> str:
        if not isinstance(entry, slice):
            return self.text(entry, texts)
        parts = ["" if part is None else self.text(part, texts) for part in (entry.start, entry.stop)]
        return ":".join(parts) + ("" if entry.step is None else f":{self.text(entry.step, texts)}")


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False)


def _kind(x: Any) -> str:
    if isinstance(x, np.ndarray):
        return f"({x.dtype} of shape {x.shape})"
    return f"({type(x).__name__})"
