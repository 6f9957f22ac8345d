"""Run the comparison and print it as the tables of the README."""

from __future__ import annotations

import argparse
import os
import platform
from importlib.metadata import version

import numpy as np

from . import processes
from .timing import Workload, compare
from .workloads import COMPILED, COMPILED_OURS, COMPILED_PEERS, PACKAGES, RECORDED_BACKWARD, RECORDING, WORKLOADS


def main() -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25, help="interleaved rounds of each comparison (default 25)")
    parser.add_argument("--only", default="", help="run only the rows whose name contains this text")
    options = parser.parse_args()

    print(f"{_machine()}\n")
    print(f"| work | autograd_lite | {' | '.join(f'time / {peer}' for peer in PACKAGES)} |")
    print(f"|---|---|{'---|' * len(PACKAGES)}")
    for workload in WORKLOADS:
        if options.only in workload.name:
            _print_row(workload, options.rounds)

    print(
        "\n| work, compiled | time | eager / PyTorch | compiled / PyTorch | with jit / PyTorch | compiled / micrograd |"
    )
    print("|---|---|---|---|---|---|")
    for workload in COMPILED:
        if options.only in workload.name:
            _print_compiled(workload, options.rounds)

    print("\n| cost of its own | measured |\n|---|---|")
    for workload in RECORDING:
        if options.only in workload.name:
            times = compare(workload, list(workload.contenders), options.rounds)
            print(f"| {workload.name}, beyond NumPy | {(times['autograd_lite'] - times['NumPy']) * 1e3:.2f} µs |")
    if options.only in RECORDED_BACKWARD.name:
        times = compare(RECORDED_BACKWARD, list(RECORDED_BACKWARD.contenders), options.rounds)
        print(f"| {RECORDED_BACKWARD.name} | {times['recorded'] / times['plain']:.2f} |")
    for module in ("autograd_lite", "nn"):
        if options.only in "import":
            print(f"| `import {module}`, beyond NumPy | {processes.import_seconds(module, 15) * 1e3:.0f} ms |")
    if options.only in "chain":
        short, (seconds, size) = processes.chain(100_000)[0], processes.chain(1_000_000)
        print(f"| chain of 1,000,000 operations, both ways, a node | {seconds * 1e6:.1f} µs, {size:.0f} bytes |")
        print(f"| the same chain, time a node over that of 100,000 | {seconds / short:.2f} |")


def _print_row(workload: Workload, rounds: int) -> None:
    times = compare(workload, workload.installed(PACKAGES), rounds)
    ours = times["autograd_lite"]
    ratios = [f"{ours / times[peer]:.2f}" if peer in times else "" for peer in PACKAGES]
    print(f"| {workload.name} | {ours * 1e6:,.0f} µs | {' | '.join(ratios)} |", flush=True)


def _print_compiled(workload: Workload, rounds: int) -> None:
    times = compare(workload, workload.installed(COMPILED_PEERS), rounds)
    cells = [f"{times['compiled'] * 1e6:,.0f} µs"]
    for ours, peer in (*((name, "PyTorch") for name in COMPILED_OURS), ("compiled", "micrograd")):
        cells.append(f"{times[ours] / times[peer]:.3g}" if {ours, peer} <= times.keys() else "")
    print(f"| {workload.name.removeprefix('compiled: ')} | {' | '.join(cells)} |", flush=True)


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
