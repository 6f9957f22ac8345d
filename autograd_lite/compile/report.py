"""What became of a function: how many calls each pass left, what memory and arithmetic it takes, what stayed single."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ..primitive import describe
from .layout import owners_of
from .passes import Steps, is_elementwise, is_reduction
from .program import Program
from .regions import Fused, is_pointwise
from .traced import Step

_PRODUCTS = {np.matmul, np.dot, np.vecdot, np.matvec, np.vecmat}


@dataclass(frozen=True)
class Part:
    """One of the two programs of a function, forward or backward.

    Attributes:
        calls: how many calls it makes.
        regions: how many groups of calls run together, in blocks or as one kernel.
        fused: how many calls these groups hold.
        memory: bytes that the program keeps for results.
        results: bytes that the results would take without using memory again.
        flops: floating-point operations: a multiplication and an addition are two.
        single: the calls on whole arrays that run alone, with the reason.
    """

    calls: int
    regions: int
    fused: int
    memory: int
    results: int
    flops: int
    single: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Report:
    """What `compile` has made of a function, for one signature.

    Attributes:
        name: the function.
        passes: the number of calls after each pass, by its name.
        forward: the program that computes the results, with everything else that happens in it.
        backward: the program of the gradients, None if there is none.
    """

    name: str
    passes: tuple[tuple[str, int], ...]
    forward: Part
    backward: Part | None

    def __str__(self) -> str:
        lines = [f"ag.compile({self.name})", ""]
        before = None
        for name, count in self.passes:
            change = "" if before in (None, count) else f"  {count - before:+,}"
            lines.append(f"  {_PASSES.get(name, name):<52}{count:>8,}{change}")
            before = count
        for title, part in (("program", self.forward), ("backward program", self.backward)):
            if part is not None:
                lines += ["", *_part_lines(title, part)]
        return "\n".join(lines)


_PASSES = {
    "trace": "calls traced",
    "lower": "in their shortest form",
    "simplify": "without repeated, constant and idle ones",
    "assemble": "with gradients of pieces put together",
    "prune": "that a result or an effect hangs on",
    "hoist": "with conditions first",
}


def _part_lines(title: str, part: Part) -> list[str]:
    grouped = f", {part.fused:,} of them in {part.regions:,} groups" if part.regions else ""
    lines = [
        f"  {title}: {part.calls:,} calls{grouped}",
        f"    memory kept     {_bytes(part.memory):>12}   instead of {_bytes(part.results)}",
        f"    arithmetic      {_count(part.flops):>12}",
    ]
    reasons: dict[str, dict[str, int]] = {}
    for call, reason in part.single:
        counts = reasons.setdefault(reason, {})
        counts[call] = counts.get(call, 0) + 1
    for reason, counts in reasons.items():
        listed = ", ".join(f"{call} × {n}" if n > 1 else call for call, n in counts.items())
        lines.append(f"    alone: {listed}: {reason}")
    return lines


def _bytes(n: int) -> str:
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if n >= size:
            return f"{n / size:,.1f} {unit}"
    return f"{n} bytes"


def _count(n: int) -> str:
    for unit, size in (("GFLOP", 10**9), ("MFLOP", 10**6), ("kFLOP", 10**3)):
        if n >= size:
            return f"{n / size:,.1f} {unit}"
    return f"{n} FLOP"


# ---- counting ----


def part_of(program: Program) -> Part:
    """Count what is in a program."""
    entries, inner = program.steps, list(_all_steps(program.steps))
    groups = [step for step in entries if isinstance(step, Fused)]
    calls = [step for step in inner if step.function is not None]
    owners = owners_of(inner)
    results = sum(_nbytes(step.out) for step in calls if step in owners[step] and not step.effect)
    single = [(_name(step), _why_alone(step, program.smallest)) for step in entries if _counts(step)]
    return Part(
        calls=len(calls),
        regions=len(groups),
        fused=sum(len(group.steps) for group in groups),
        memory=program.memory,
        results=results,
        flops=sum(map(flops_of, calls)),
        single=tuple(single),
    )


def _all_steps(steps: Steps) -> Any:
    for step in steps:
        if isinstance(step, Fused):
            yield from step.steps
        else:
            yield step


def _nbytes(out: Any) -> int:
    if isinstance(out, tuple | list):
        return sum(map(_nbytes, out))
    return int(getattr(out, "nbytes", 0))


def _counts(step: Step) -> bool:
    """Whether it is worth saying that a call runs alone."""
    large = getattr(step.out, "size", 0) > 1 or any(getattr(p.out, "size", 0) > 1 for p in step.parents)
    return step.function is not None and not isinstance(step, Fused) and not step.effect and not step.alias and large


def _name(step: Step) -> str:
    return describe(step.function).removeprefix("numpy.").lstrip("_")


def _why_alone(step: Step, smallest: int) -> str:
    function = step.function
    if function in _PRODUCTS:
        return "a product of matrices, which BLAS computes"
    if not (is_pointwise(step) or is_elementwise(function) or is_reduction(function)):
        return "a call as a whole, whose inside is not seen"
    if max([getattr(x.out, "size", 0) for x in (step, *step.parents)]) < smallest:
        return f"smaller than {smallest:,} elements, where a group saves nothing"
    if is_reduction(function):
        return "it adds up over rows, so it needs all of them"
    return "no neighbour works on the same rows"


def flops_of(step: Step) -> int:
    """The floating-point operations of a call; of an elementwise function one for each element."""
    function, out = step.function, step.out
    arrays = [x.out if isinstance(x, Step) else x for x in step.args]
    if function in _PRODUCTS:
        return 2 * prod(getattr(out, "shape", ())) * np.shape(arrays[0])[-1] if np.ndim(arrays[0]) else 0
    if is_elementwise(function):
        return int(np.size(out) if not hasattr(out, "size") else out.size)
    if is_reduction(function):
        return int(arrays[0].size)
    return 0
