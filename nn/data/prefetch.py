"""Preparing items ahead of their use, in a thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import copy_context
from queue import SimpleQueue
from threading import Event, Semaphore, Thread, current_thread
from typing import Any, TypeVar

T = TypeVar("T")


def prefetched(items: Iterator[T], count: int) -> Iterator[T]:
    """The same items, of which one thread makes up to `count` before they are asked for.

    What the items raise is raised here, with its traceback. The thread has ended when this iterator has: at its end,
    by an exception, or because it was dropped.
    """
    ready: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
    free, abandoned = Semaphore(count), Event()
    # The settings of the caller, such as np.errstate and no_grad, hold in the thread as well.
    thread = Thread(
        target=copy_context().run,
        args=(_fill, items, ready, free, abandoned),
        name="prefetch",
        daemon=True,
    )
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                if error is _END:
                    return
                try:
                    raise error
                finally:
                    error = None  # else the traceback and this frame would hold each other
            free.release()
            yield item
            item = None
    finally:
        abandoned.set()
        free.release()
        if thread is not current_thread():  # garbage may be collected in any thread
            thread.join()


_END = StopIteration()


def _fill(items: Iterator[Any], ready: SimpleQueue[Any], free: Semaphore, abandoned: Event) -> None:
    try:
        while True:
            free.acquire()
            if abandoned.is_set():
                return
            try:
                item = next(items)
            except StopIteration:
                ready.put((None, _END))
                return
            ready.put((item, None))
            item = None
    except BaseException as error:
        ready.put((None, error))
