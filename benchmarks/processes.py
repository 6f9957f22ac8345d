"""What only a fresh process can tell: the time of an import, the memory of a long chain."""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from time import perf_counter

CHAIN = """
import time
from autograd_lite import Value
import numpy as np

def peak():  # not getrusage: its peak is inherited from the parent process
    with open("/proc/self/status") as file:
        return int(next(line for line in file if line.startswith("VmHWM")).split()[1]) * 1024

np.float64(1.0) * 1.0
start_bytes, start = peak(), time.perf_counter()
x = v = Value(1.0)
for _ in range({n}):
    v = v * 1.0000001
v.backward()
assert abs(float(x.grad) / 1.0000001**{n} - 1) < 1e-6
print((time.perf_counter() - start) / {n}, (peak() - start_bytes) / {n})
"""


def chain(n: int) -> tuple[float, float]:
    """Seconds and bytes per Node, forward and backward, of a chain of `n` operations; on Linux."""
    output = subprocess.run([sys.executable, "-c", CHAIN.format(n=n)], capture_output=True, text=True, check=True)
    seconds, size = output.stdout.split()
    return float(seconds), float(size)


def import_seconds(module: str, rounds: int) -> float:
    """The median time by which importing `module` is slower than importing NumPy."""
    times: dict[str, list[float]] = {"numpy": [], module: []}
    for _ in range(rounds + 1):  # the first round warms the disk cache
        for name, samples in times.items():
            start = perf_counter()
            subprocess.run([sys.executable, "-c", f"import numpy, {name}"], check=True)
            samples.append(perf_counter() - start)
    return median(times[module][1:]) - median(times["numpy"][1:])
