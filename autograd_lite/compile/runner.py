"""Programs that may run several times at the same time, and those of gradients, which go on where another one ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any

from .passes import Steps, is_constant, prune
from .program import Program
from .traced import Step


class Runner:
    """A program and instances of it, one for each call that runs at the same time."""

    def __init__(self, make: Callable[[], Program]) -> None:
        self._make = make  # not before the trace is complete
        self._program: Program | None = None
        self._idle: list[Callable[..., tuple[Any, ...]]] = []
        self._lock = RLock()

    @property
    def program(self) -> Program:
        with self._lock:
            if self._program is None:
                self._program = self._make()
        return self._program

    def __call__(self, arrays: Sequence[Any]) -> tuple[Any, ...]:
        try:
            run = self._idle.pop()
        except IndexError:
            run = self.program.instance()
        try:
            return run(*arrays)
        finally:
            self._idle.append(run)


class Backward:
    """The program that computes the gradients of some results.

    Args:
        make: makes a Runner of inputs, steps and what is kept.
        cotangents: the steps of the gradients of results, which it receives.
        gradients: what it returns: for each parent of the operation a step, or None.
        pure: the steps of the trace that have no effect.
        forward: those that the forward program runs.
        residuals: what that returns for all backward programs, with their numbers; what this one needs is added.
    """

    def __init__(
        self,
        make: Callable[[Steps, Steps, list[Any]], Runner],
        cotangents: Steps,
        gradients: list[Any],
        pure: Steps,
        forward: set[Step],
        residuals: dict[Step, int],
    ) -> None:
        wanted = [g for g in gradients if g is not None]
        body = [step for step in prune(pure, wanted)[0] if step not in forward and step not in cotangents]
        within = {*body, *cotangents}
        read = [*[parent for step in body for parent in step.parents], *wanted]
        outside = list(dict.fromkeys([step for step in read if step not in within]))
        needed = [step for step in outside if not is_constant(step)]
        constants = [step for step in outside if is_constant(step)]
        for step in needed:
            residuals.setdefault(step, len(residuals))
        self._needed = [residuals[step] for step in needed]
        # what is not computed here is somebody else's as well
        self._given = [(g is not None, g in constants or g in needed or g in cotangents) for g in gradients]
        self.runner = make([*cotangents, *needed], [*constants, *body], wanted)

    def __call__(self, cotangents: list[Any], residuals: Sequence[Any]) -> list[Any]:
        found = iter(self.runner([*cotangents, *[residuals[i] for i in self._needed]]))
        return [(next(found).copy() if shared else next(found)) if wanted else None for wanted, shared in self._given]
