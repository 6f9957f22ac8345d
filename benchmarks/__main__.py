"""Run the comparison and print it as the tables of the README."""

from __future__ import annotations

import argparse
import os
import platform
from importlib.metadata import version

import numpy as np

from . import mlp, processes, scalar
from .timing import Contender, agree, medians

PEERS = ("PyTorch", "jax.jit", "autograd", "MyGrad", "micrograd")
PACKAGES = {"PyTorch": "torch", "jax.jit": "jax", "autograd": "autograd", "MyGrad": "mygrad", "micrograd": "micrograd"}
MLPS = {
    "MLP 64-32-10, batch 32, full step": ((64, 32, 10), 32),
    "MLP 784-256-128-10, batch 128, full step": ((784, 256, 128, 10), 128),
    "MLP 1024-1024-1024-1024, batch 256, full step": ((1024, 1024, 1024, 1024), 256),
}


def main() -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25, help="interleaved rounds of each comparison (default 25)")
    parser.add_argument("--only", default="", help="run only the rows whose name contains this text")
    options = parser.parse_args()

    print(f"{_machine()}\n")
    print(f"| work | autograd_lite | {' | '.join(f'time / {peer}' for peer in PEERS)} |")
    print(f"|---|---|{'---|' * len(PEERS)}")
    work = {f"scalar expression of {scalar.OPERATIONS} operations": (scalar.contenders, 1e-9)}
    for name, (sizes, batch) in MLPS.items():
        work[name] = (lambda sizes=sizes, batch=batch: mlp.contenders(sizes, batch), 1e-3)
    for name, (make, tolerance) in work.items():
        if options.only in name:
            _compare(name, make(), tolerance, options.rounds)

    print("\n| cost of its own | measured |\n|---|---|")
    for name, recorded, plain in scalar.recording():
        if options.only in name:
            times = medians([recorded, plain], options.rounds)
            print(f"| {name}, beyond NumPy | {(times['autograd_lite'] - times['NumPy']) * 1e3:.2f} µs |")
    for module in ("autograd_lite", "nn"):
        if options.only in "import":
            print(f"| `import {module}`, beyond NumPy | {processes.import_seconds(module, 15) * 1e3:.0f} ms |")
    if options.only in "chain":
        short, (seconds, size) = processes.chain(100_000)[0], processes.chain(1_000_000)
        print(
            f"| chain of 1,000,000 operations, both ways, a node | {seconds * 1e6:.1f} µs, {size:.0f} bytes |"
        )
        print(f"| the same chain, time a node over that of 100,000 | {seconds / short:.2f} |")


def _compare(name: str, contenders: list[Contender], tolerance: float, rounds: int) -> None:
    agree(contenders, tolerance)
    times = medians(contenders, rounds)
    ours = times["autograd_lite"]
    ratios = [f"{ours / times[peer]:.2f}" if peer in times else "" for peer in PEERS]
    print(f"| {name} | {ours * 1e6:,.0f} µs | {' | '.join(ratios)} |", flush=True)


def _machine() -> str:
    processor = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
        processor = names[0] if names else processor
    peers = []
    for peer, package in PACKAGES.items():
        try:
            peers.append(f"{peer} {version(package)}")
        except ImportError:
            continue
    return (
        f"{processor}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, "
        f"NumPy {np.__version__}; {', '.join(peers)}"
    )


if __name__ == "__main__":
    main()
