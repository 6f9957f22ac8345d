"""The file of a run: what `fit` writes down to go on later, to the bit, as if it had never been interrupted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence, Sized
from copy import deepcopy
from itertools import islice
from typing import Any

import numpy as np

from ..data import DataLoader
from ..random import default_generator
from ..saving import load_checkpoint, save_checkpoint
from .callbacks import require_folder
from .loop import Loop
from .measure import Meter


class RunFile:
    """Where a run is saved.

    Within an epoch the order of its batches has to come back too. It was drawn at the epoch's start, so the states
    that the random generators had then are in the file, beside those that they have now.

    Args:
        file: the path.
        resume: go on from the file, if it is there.
        every: save after so many optimizer steps; None for after each epoch.
        sources: the data, whose generators belong to the run.
    """

    def __init__(self, file: str | os.PathLike[str], resume: bool, every: int | None, sources: Sequence[Any]) -> None:
        self.file, self.resume, self.every = os.fspath(file), resume, every
        require_folder(self.file)
        found = {"data": getattr(sources[0], "generator", None), "validation": getattr(sources[1], "generator", None)}
        self.generators = {
            name: generator for name, generator in found.items() if isinstance(generator, np.random.Generator)
        }

    def found(self) -> bool:
        """Whether there is a run to go on with."""
        return self.resume and os.path.exists(self.file)

    def due(self, step: int) -> bool:
        """Whether to save after this step."""
        return self.every is not None and step % self.every == 0

    def random_states(self) -> dict[str, Any]:
        """The states of all generators of the run."""
        generators = {"default": default_generator, **self.generators}
        return {name: deepcopy(generator.bit_generator.state) for name, generator in generators.items()}

    def _set(self, states: dict[str, Any]) -> None:
        for name, generator in {"default": default_generator, **self.generators}.items():
            generator.bit_generator.state = states[name]

    def save(self, loop: Loop, *, complete: bool) -> None:
        """Write the run down; `complete` says that this epoch is."""
        context = loop.context
        run = {
            "complete": complete,
            "batch": context.batch,
            "batches": _length(loop.batches),
            "start": loop.start,
            "meter": {} if complete else loop.meter.state_dict(),
            "seconds": loop.seconds,
            "history": {name: np.array(numbers) for name, numbers in context.history.items()},
            "stopped": context.stopped,
            "callbacks": [[type(callback).__name__, callback.state_dict()] for callback in loop.callbacks],
        }
        save_checkpoint(
            self.file,
            context.model,
            context.optimizer,
            context.scheduler,
            epoch=context.epoch if complete else context.epoch - 1,
            step=context.step,
            generators=self.generators,
            extra={"fit": run},
        )

    def restored(self, loop: Loop) -> Iterator[Any] | None:
        """Bring the loop to where the file says; the batches that are left of an epoch in progress, else None."""
        context = loop.context
        run = self._checked(loop)
        saved = load_checkpoint(
            self.file, context.model, context.optimizer, context.scheduler, generators=self.generators
        )
        if saved.step:
            context.optimizer.stepped = True  # in the process before; a scheduler asks
        now = self.random_states()
        context.epoch, context.step, context.stopped = saved.epoch, saved.step, run["stopped"]
        context.history.update({name: numbers.tolist() for name, numbers in run["history"].items()})
        context.numbers = {name: numbers[-1] for name, numbers in context.history.items()}
        loop.tell("on_fit_start")
        for callback, (_, state) in zip(loop.callbacks, run["callbacks"], strict=True):
            callback.load_state_dict(state)
        rest = None
        if not run["complete"]:
            context.epoch, context.batch = saved.epoch + 1, run["batch"]
            loop.start, loop.seconds, loop.meter = run["start"], run["seconds"], Meter(loop.measures)
            loop.meter.load_state_dict(run["meter"])
            self._set(run["start"])
            rest = _from(loop.batches, context.batch)
        self._set(now)
        return rest

    def _checked(self, loop: Loop) -> dict[str, Any]:
        """What is in the file about the run, if it is one of this kind."""
        extra = load_checkpoint(self.file, random_state=False).extra
        if not isinstance(extra, dict) or "fit" not in extra:
            raise ValueError(
                f"{self.file!r} is a checkpoint, but not one of nn.fit(..., checkpoint=...), so there is no run "
                "to resume. Load it with nn.load_checkpoint before fit, or choose another path."
            )
        run: dict[str, Any] = extra["fit"]
        batches = _length(loop.batches)
        if not run["complete"] and run["batches"] != batches:
            raise ValueError(
                f"the run in {self.file!r} stopped within an epoch of {run['batches']} batches, but now "
                f"there are {batches}. Resume it with the same data and batch_size."
            )
        names = [name for name, _ in run["callbacks"]]
        mine = [type(callback).__name__ for callback in loop.callbacks]
        if names != mine:
            raise ValueError(
                f"the run in {self.file!r} had the callbacks [{', '.join(names)}], but now there are "
                f"[{', '.join(mine)}]. Resume it with the same callbacks in the same order."
            )
        measured = list(loop.context.measured)
        before = [name for name in run["history"] if name not in ("lr", "seconds")]
        if before and before != measured:
            raise ValueError(
                f"the run in {self.file!r} measured {', '.join(before)}, but now it would be "
                f"{', '.join(measured)}. Resume it with the same metrics and validation."
            )
        return run


def _from(batches: Iterable[Any], start: int) -> Iterator[Any]:
    """The batches of a pass from number `start` on."""
    if isinstance(batches, DataLoader) and type(batches).__iter__ is DataLoader.__iter__:
        return batches.batches(start)
    iterator = iter(batches)
    done = sum([1 for _ in islice(iterator, start)])
    if done < start:
        raise ValueError(f"the run stopped after batch {start} of an epoch, but now there are only {done}.")
    return iterator


def _length(batches: Iterable[Any]) -> int | None:
    return len(batches) if isinstance(batches, Sized) else None
