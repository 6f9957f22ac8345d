"""What `fit` writes to stderr: a line an epoch, and on a terminal a bar below them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class Report:
    """Lines, and on a terminal a bar below them."""

    def __init__(self, epochs: int, bar: Any, lines: bool) -> None:
        self._epochs, self._bar, self._lines = epochs, bar, lines

    def resumed(self, batches: int) -> None:
        """So many batches were done before."""
        if self._bar is not None:
            self._bar.update(batches)

    def batch(self, epoch: int, loss: float) -> None:
        if self._bar is not None:
            self._bar.set_description_str(self._count(epoch), refresh=False)
            self._bar.set_postfix_str(f"loss {figure(loss).strip()}", refresh=False)
            self._bar.update()

    def epoch(self, epoch: int, numbers: Mapping[str, float]) -> None:
        if self._lines:
            figures = [f"{name} {figure(number)}" for name, number in numbers.items() if name != "seconds"]
            self.line("  ".join([self._count(epoch), *figures, f"{numbers['seconds']:6.2f} s"]))

    def line(self, text: str) -> None:
        if not self._lines:
            return
        if self._bar is None:
            print(text, file=sys.stderr, flush=True)
        else:
            self._bar.write(text, file=sys.stderr)

    def _count(self, epoch: int) -> str:
        return f"epoch {epoch:{len(str(self._epochs))}}/{self._epochs}"


@contextmanager
def reporting(epochs: int, batches: int | None, progress: bool) -> Iterator[Report]:
    """A Report of so many epochs of so many batches each."""
    if not progress or not sys.stderr.isatty():
        yield Report(epochs, None, progress)
        return
    from tqdm import tqdm  # 36 ms, which only a terminal needs

    total = None if batches is None else epochs * batches
    with tqdm(total=total, file=sys.stderr, unit="batch", leave=False, dynamic_ncols=True) as bar:
        yield Report(epochs, bar, progress)


def figure(number: float) -> str:
    """A number in 7 characters, or a few more."""
    size = abs(number)
    if size >= 1e6 or 0 < size < 1e-4:
        return f"{number:7.1e}"
    return f"{number:7.4f}" if size < 100 else f"{number:7.1f}"
