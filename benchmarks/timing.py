"""How things are timed: each contender in a process of its own, interleaved rounds, medians, ratios.

A shared machine is slow in some seconds and fast in others, so contenders take turns within each round and only
ratios of medians from one run are compared. They live in separate processes because the thread pools of two
libraries in one process disturb each other, up to a hundredfold on small steps.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any

import numpy as np

# Seconds between two turns: the idle threads of OpenBLAS go on spinning for about 30 ms and would take a core away.
SETTLE = 0.1


@dataclass(frozen=True)
class Contender:
    """One way to do the work: `step()` does it once, `gradients()` tells what it computed."""

    step: Callable[[], Any]
    gradients: Callable[[], list[Any]] | None = None


@dataclass(frozen=True)
class Workload:
    """The same work on several engines.

    Attributes:
        name: the row of the table.
        contenders: for each engine the function that sets it up.
        tolerance: how far gradients may differ, relative to the largest.
    """

    name: str
    contenders: dict[str, Callable[[], Contender]]
    tolerance: float = 1e-3

    def installed(self, packages: dict[str, str]) -> list[str]:
        """The engines that can be imported here."""
        return [engine for engine in self.contenders if find_spec(packages.get(engine, "numpy"))]


class Process:
    """A contender in a process of its own, which waits for orders."""

    def __init__(self, workload: str, engine: str) -> None:
        self.engine = engine
        command = [sys.executable, "-m", "benchmarks.worker", workload, engine]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
        )

    def order(self, line: str) -> str:
        """Send one order and wait for the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        if not answer:
            raise RuntimeError(f"{self.engine} failed at {line!r}")
        return answer

    def close(self) -> None:
        """Let the process end."""
        self._process.communicate()


def serve(contender: Contender) -> None:
    """Do what `Process.order` asks: `time N` runs N steps, `gradients PATH` writes them to a file."""
    for line in sys.stdin:
        order, argument = line.split()
        if order == "time":
            gc.collect()
            start = perf_counter()
            for _ in range(int(argument)):
                contender.step()
            print(perf_counter() - start, flush=True)
        else:
            contender.step()
            if contender.gradients is not None:
                np.savez(argument, *[np.asarray(g, dtype=float) for g in contender.gradients()])
            print("done", flush=True)


def compare(workload: Workload, engines: list[str], rounds: int, seconds: float = 0.03) -> dict[str, float]:
    """The median time of one step on each engine, in seconds.

    Raises:
        AssertionError: two engines do not compute the same gradients.
    """
    processes = [Process(workload.name, engine) for engine in engines]
    try:
        _agree(workload, processes)
        calls, times = {}, {process.engine: list[float]() for process in processes}
        for process in processes:
            process.order("time 5")
            calls[process.engine] = max(1, int(seconds / float(process.order("time 3")) * 3))
        for _ in range(rounds):
            for process in processes:
                sleep(SETTLE)
                n = calls[process.engine]
                times[process.engine].append(float(process.order(f"time {n}")) / n)
    finally:
        for process in processes:
            process.close()
    return {engine: median(samples) for engine, samples in times.items()}


def _agree(workload: Workload, processes: list[Process]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = {}
        for process in processes:
            path = Path(folder) / f"{len(results)}.npz"
            process.order(f"gradients {path}")
            if path.exists():
                with np.load(path) as arrays:
                    results[process.engine] = [arrays[name] for name in arrays.files]
    expected = next(iter(results.values()), [])
    for engine, gradients in results.items():
        for i, (a, b) in enumerate(zip(expected, gradients, strict=True)):
            error = float(np.abs(a - b).max()) / max(float(np.abs(a).max()), 1e-30)
            assert error <= workload.tolerance, f"{workload.name}: {engine} differs in gradient {i} by {error:.2g}"
