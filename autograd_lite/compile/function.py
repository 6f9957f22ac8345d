"""`Compiled`: what `compile` returns. Which program runs at a call, and when another one is made."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from functools import update_wrapper
from threading import RLock
from types import MethodType
from typing import Any

from numpy import ndarray

from ..state import current_state, inside_transform
from ..tracing import TraceError, tracing
from ..tree import flatten
from .compiled import Variant
from .effects import Decision
from .inputs import PassValues
from .report import Report, part_of
from .signature import argument_names, signature
from .traced import Step

# So many programs are made for one signature, and of a function; then it runs as it is.
MOST_VARIANTS, MOST_PROGRAMS = 16, 64
# And programs for so many forms of the gradients of results; then these are brought into a form that there is one for.
MOST_FORMS = 16
# After so many programs that differ in one number, or because the same thing has changed, there is a warning.
MANY = 5


class Compiled:
    """A function that runs as programs of NumPy calls.

    Args:
        function: the function itself.
        jit: its programs may use numba.

    Attributes:
        function, jit: these.
    """

    def __init__(self, function: Callable[..., Any], jit: bool = False) -> None:
        self.function, self.jit = function, jit
        self._variants: dict[Any, tuple[Variant, ...]] = {}
        self._made: list[Variant] = []
        self._by_identity = False  # whether Values among the arguments are passed as they are
        self._unsettled = 0  # how many traces in a row have changed what the function reads
        self._reasons: dict[str, set[str]] = {}
        self._lock = RLock()
        update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        state = current_state()
        if state.observer is not None or tracing.get() is not None:
            return self.function(*args, **kwargs)
        arrays: list[Any] = []
        by_identity = self._by_identity
        parts: list[Any] = [state.recording, inside_transform.get()]
        for x in args:
            if type(x) is ndarray:  # as `signature` has it
                arrays.append(x)
                parts.append((x.shape, x.dtype, x.strides))
            else:
                parts.append(signature(x, arrays, by_identity))
        if kwargs:
            parts.append(signature(kwargs, arrays, by_identity))
        key = tuple(parts)
        known = self._variants.get(key, ())
        for variant in known:
            given = variant.capture.given(arrays)
            if given is not None:
                if variant.asked and len(variant.backward) < MOST_FORMS:
                    variant = self._extended(key, variant, args, kwargs)
                    given = variant.capture.read(arrays)
                try:
                    return variant(arrays, given, args, kwargs)
                except Decision:
                    continue
        if len(known) >= MOST_VARIANTS or len(self._made) >= MOST_PROGRAMS:
            return self._as_it_is(args, kwargs)
        return self._made_for(key, known, arrays, args, kwargs)

    def _made_for(self, key: Any, tried: tuple[Variant, ...], arrays: list[Any], args: Any, kwargs: Any) -> Any:
        """Make a program and run it."""
        with self._lock:
            # another thread may have made one meanwhile
            variant = self._make(key, args, kwargs) if self._variants.get(key, ()) is tried else None
        if variant is None:
            return self(*args, **kwargs)
        return variant(arrays, variant.capture.read(arrays), args, kwargs)

    def _make(self, key: Any, args: Any, kwargs: Any) -> Variant | None:
        known = self._variants.get(key, ())
        change = known[0].capture.change() if known else ""
        try:
            variant = Variant(self.function, args, kwargs, self._by_identity, self.jit)
        except PassValues:
            self._by_identity = True
            return None
        if variant.unsettled:
            self._unsettled += 1
            if self._unsettled > 1:
                raise self._never_settles(variant)
        else:
            self._unsettled = 0
            self._variants[key] = (variant, *known)
            self._made.append(variant)
        self._count(change, args, kwargs)
        return variant

    def _extended(self, key: Any, variant: Variant, args: Any, kwargs: Any) -> Variant:
        """The same with programs for gradients of the forms that came."""
        with self._lock:
            known = self._variants[key]
            if variant not in known:  # another thread has done it
                return variant
            forms = [*variant.backward, *variant.asked]
            extended = Variant(self.function, args, kwargs, self._by_identity, self.jit, forms)
            self._variants[key] = tuple([extended if each is variant else each for each in known])
            self._made[self._made.index(variant)] = extended
        return extended

    def _as_it_is(self, args: Any, kwargs: Any) -> Any:
        if "" not in self._reasons:
            self._reasons[""] = set()
            warnings.warn(
                f"{self._name()} has become {len(self._made)} programs for different arguments, and runs as it is for "
                "all others. Give arrays the same few shapes, and pass numbers that change as np.float64(x).",
                stacklevel=3,
            )
        return self.function(*args, **kwargs)

    def _never_settles(self, variant: Variant) -> TraceError:
        return TraceError(
            f"{self._name()} cannot be compiled, because it changes what it reads itself: {variant.unsettled}. A "
            "program would not do that at every call. Return what changes, keep an array as a buffer of a module or in "
            "a Value, or decorate the function that changes it with @ag.effect."
        )

    def _count(self, change: str, args: Any, kwargs: Any) -> None:
        """Say when programs pile up because of one number, or one thing around the function, that changes."""
        leaves, _ = flatten((args, kwargs))
        for name, leaf in zip(argument_names(self.function, leaves), leaves, strict=True):
            if type(leaf.value) in (int, float, complex):
                self._note(
                    f"the number {name!r}",
                    repr(leaf.value),
                    f"A Python number is a constant of a program: pass np.{type(leaf.value).__name__}"
                    f"{'64(' if type(leaf.value) is not complex else '128('}{name}), which is read at every call.",
                )
        if change:
            what = change.partition(" is ")[0]
            self._note(what, change, "Pass it as an argument, as an array if it is a number.")

    def _note(self, what: str, value: str, instead: str) -> None:
        known = self._reasons.setdefault(what, set())
        known.add(value)
        if len(known) == MANY and value:
            known.add("")  # once
            warnings.warn(
                f"{self._name()} was compiled {MANY} times, because {what} has changed: "
                f"{', '.join(sorted(known)[1:])}. {instead}",
                stacklevel=6,
            )

    def _name(self) -> str:
        return f"ag.compile({getattr(self.function, '__name__', type(self.function).__name__)})"

    # ---- what has been made ----

    def variants(self) -> tuple[Variant, ...]:
        """The programs that were made so far, the last one first."""
        return tuple(reversed(self._made))

    def _last(self) -> Variant:
        if not self._made:
            raise RuntimeError(f"{self._name()} has not been called yet, so there is no program. Call it once.")
        return self._made[-1]

    @property
    def source(self) -> str:
        """The text of the program that was made last: a module with a function `program`, and one for its gradients.

        With `jit` the texts of its kernels follow as comments.
        """
        programs = [runner.program for runner in self._last().runners()]
        texts = [program.source for program in programs]
        for program in programs:
            texts += [f"# A kernel, which Numba compiles:\n#\n{_commented(text)}" for text in program.kernels]
        return "\n\n".join(texts)

    @property
    def constants(self) -> dict[str, Any]:
        """What the text of the program needs besides what it imports, by name."""
        return {name: x for runner in self._last().runners() for name, x in runner.program.constants.items()}

    def report(self) -> Report:
        """What became of the function in the program that was made last; printed, it is a table.

        It tells how many calls each pass left, what memory the program keeps, what arithmetic it does, and which calls
        run alone, and why.
        """
        variant = self._last()
        forward, *backward = [part_of(runner.program) for runner in variant.runners()]
        return Report(variant.name, tuple(variant.passes), forward, backward[0] if backward else None)

    def graph(self) -> tuple[list[Step], list[Any]]:
        """The calls of the program that was made last, and which of them are its results; for drawings."""
        variant = self._last()
        return variant.steps, variant.results

    # ---- as a method, and copies ----

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<{self._name()}>"

    def __copy__(self) -> Compiled:
        return Compiled(self.function, self.jit)

    def __reduce__(self) -> Any:
        found: Any = sys.modules.get(getattr(self, "__module__", ""))
        name = getattr(self, "__qualname__", "")
        for part in name.split("."):
            found = getattr(found, part, None)
        return name if found is self else (Compiled, (self.function, self.jit))


def _commented(text: str) -> str:
    return "\n".join([f"#     {line}".rstrip() for line in text.strip().splitlines()]) + "\n"
