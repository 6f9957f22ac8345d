"""Rows shared out among threads. A kernel lets go of Python's lock, so that threads run at the same time."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

# A kernel of fewer additions than this is over before another thread has woken up.
WORTH_A_THREAD = 1 << 22

_pool: ThreadPoolExecutor | None = None


def _forget_pool() -> None:
    """In a forked process there are no threads but the one that forked."""
    global _pool
    _pool = None


os.register_at_fork(after_in_child=_forget_pool)


def _workers() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(max(count() - 1, 1), "autograd_lite")
    return _pool


def count() -> int:
    """How many threads there may be."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Parts:
    """The bounds of the parts in which rows are gone through: the same ones at every call, for equal sums."""

    def __init__(self, bounds: list[int]) -> None:
        self.bounds = bounds

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def runner(self, function: Callable[..., Any], partial: list[bool]) -> Callable[..., None]:
        """A function that runs all parts; results that are sums over rows are added up afterwards."""
        first, *others = zip(self.bounds, self.bounds[1:], strict=False)
        results = len(partial)

        def run(*arrays: Any) -> None:
            given = arrays[: len(arrays) - results]
            own = [
                [
                    np.empty_like(x) if is_partial else x
                    for x, is_partial in zip(arrays[len(given) :], partial, strict=True)
                ]
                if any(partial)
                else arrays[len(given) :]
                for _ in others
            ]
            submit = _workers().submit
            running = [submit(function, *part, *given, *outs) for part, outs in zip(others, own, strict=True)]
            function(*first, *arrays)
            for future, outs in zip(running, own, strict=True):
                future.result()
                for x, part, is_partial in zip(arrays[len(given) :], outs, partial, strict=True):
                    if is_partial:
                        x += part

        return run


def in_parts(cost: int, extent: int) -> Parts:
    """The parts of a kernel of this cost over so many rows or elements."""
    parts = max(min(count(), cost // WORTH_A_THREAD, extent), 1)
    return Parts([extent * i // parts for i in range(parts + 1)])


def run_stretches(function: Callable[..., Any], sizes: list[int], arguments: list[list[Any]], cost: int) -> None:
    """Run a kernel on stretches of several arrays, shared out among threads.

    Args:
        function: the kernel.
        sizes: the lengths of the stretches.
        arguments: for each of them the arguments.
        cost: what the kernel costs for one element.
    """
    total = sum(sizes)
    parts = max(min(count(), total * cost // WORTH_A_THREAD), 1)
    if parts == 1:
        for size, given in zip(sizes, arguments, strict=True):
            function(0, size, *given)
        return
    shares: list[list[Any]] = [[] for _ in range(parts)]
    begin = 0
    for size, given in zip(sizes, arguments, strict=True):
        for k in range(parts):
            first, last = max(total * k // parts - begin, 0), min(total * (k + 1) // parts - begin, size)
            if first < last:
                shares[k].append((first, last, given))
        begin += size
    running = [_workers().submit(_run_share, function, share) for share in shares[1:]]
    _run_share(function, shares[0])
    for future in running:
        future.result()


def _run_share(function: Callable[..., Any], share: list[Any]) -> None:
    for first, last, given in share:
        function(first, last, *given)
