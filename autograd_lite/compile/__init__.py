"""`compile`: a function as one NumPy program, traced at its first call and run again at the following ones.

`traced` and `trace` record, `passes` shorten, `layout` plans the memory, `program` and `naming` write the text,
`compiled` and `capture` decide at a call which program runs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from threading import RLock
from typing import Any

from ..state import current_state
from ..variables import check_use
from .tracing import effect, expected, is_array, is_compiling, tracing

__all__ = ["Compiled", "compile", "effect", "expected", "is_array", "is_compiling"]


def compile(function: Callable[..., Any]) -> Compiled:
    """doc"""
    check_use("ag.compile(f)(x)", function)
    return Compiled(function)


class Compiled:
    """A compiled function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self._variants: dict[Any, list[Any]] = {}
        self._lock = RLock()
        update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        state = current_state()
        if state.observer is not None or tracing.get() is not None:
            return self.function(*args, **kwargs)
        from .compiled import MOST_VARIANTS, Decision, Signature, Variant

        arrays: list[Any] = []
        key = (state.recording, Signature.of(args, arrays), Signature.of(kwargs, arrays) if kwargs else None)
        variants = self._variants.get(key)
        if variants is None:
            with self._lock:
                variants = self._variants.setdefault(key, [])
        for variant in variants:
            given = variant.capture.given(arrays)
            if given is not None:
                try:
                    return variant(arrays, given, args, kwargs)
                except Decision:
                    continue
        if len(variants) >= MOST_VARIANTS:
            return self.function(*args, **kwargs)
        with self._lock:
            variant = Variant(self.function, args, kwargs, state.recording)
            variants.insert(0, variant)
        given = variant.capture.given(arrays)
        assert given is not None
        return variant(arrays, given, args, kwargs)

    @property
    def source(self) -> str:
        """The text of the program that was made last."""
        variant = self._last()
        text = variant.forward.program.source
        if variant.backward is not None:
            text += "\n\n" + variant.backward.program.source
        return text

    def _last(self) -> Any:
        return next(reversed([v for variants in self._variants.values() for v in variants]))
