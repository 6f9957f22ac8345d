"""A line search for strong Wolfe conditions, by cubic interpolation; `LBFGS` uses it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

SUFFICIENT_DECREASE, CURVATURE = 1e-4, 0.9
SMALLEST_CHANGE = 1e-9


class Point(NamedTuple):
    """A step of length `t` along the direction: the loss there, its gradient, and its slope along the direction."""

    t: float
    loss: float
    gradient: Any
    slope: float


def strong_wolfe(
    evaluate: Callable[[float], Point], start: Point, t: float, size: float, max_evaluations: int
) -> tuple[Point, int]:
    """A point whose loss is low enough and whose slope is flat enough, and how many points were evaluated.

        f(t) ≤ f(0) + c1 t f'(0)        |f'(t)| ≤ c2 |f'(0)|

    Nocedal and Wright, "Numerical optimization", 2006, algorithms 3.5 and 3.6.

    Args:
        evaluate: gives the Point at a step length.
        start: the point at 0.
        t: the first step length to try.
        size: the largest component of the direction.
        max_evaluations: how many points to evaluate after the first.
    """

    def too_high(point: Point) -> bool:
        return point.loss > start.loss + SUFFICIENT_DECREASE * point.t * start.slope

    def flat_enough(point: Point) -> bool:
        return abs(point.slope) <= -CURVATURE * start.slope

    # make steps longer, until such a point lies between two of them
    previous, new, count = start, evaluate(t), 0
    while count < max_evaluations:
        if too_high(new) or (count > 1 and new.loss >= previous.loss):
            break
        if flat_enough(new):
            return new, count + 1
        if new.slope >= 0:
            break
        t = _minimum(previous, new, new.t + 0.01 * (new.t - previous.t), new.t * 10)
        previous, new = new, evaluate(t)
        count += 1
    bracket = [previous, new] if count < max_evaluations else [start, new]

    # make the bracket smaller
    low = _lower(bracket)
    stuck = False  # one step close to an end of the bracket is allowed, but not two
    while count < max_evaluations:
        first, last = sorted((bracket[0].t, bracket[1].t))
        if (last - first) * size < SMALLEST_CHANGE:
            break
        t = _minimum(bracket[0], bracket[1], first, last)
        margin = 0.1 * (last - first)
        close = min(last - t, t - first) < margin
        if close and (stuck or t >= last or t <= first):
            t = last - margin if abs(t - last) < abs(t - first) else first + margin
            close = False
        stuck = close
        new = evaluate(t)
        count += 1
        if too_high(new) or new.loss >= bracket[low].loss:
            bracket[1 - low] = new
            low = _lower(bracket)
            continue
        done = flat_enough(new)
        if not done and new.slope * (bracket[1 - low].t - bracket[low].t) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = new
        if done:
            break
    return bracket[low], count + 1


def _lower(bracket: list[Point]) -> int:
    return 0 if bracket[0].loss <= bracket[1].loss else 1


def _minimum(a: Point, b: Point, lowest: float, highest: float) -> float:
    """Where the cubic through two points with these slopes has its minimum, within bounds; else in their middle."""
    if a.t > b.t:
        a, b = b, a
    if a.t < b.t:
        mean = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
        square = mean * mean - a.slope * b.slope
        if square >= 0:
            root = math.sqrt(square)
            part, divisor = b.slope + root - mean, b.slope - a.slope + 2 * root
            if divisor:
                return min(max(b.t - (b.t - a.t) * (part / divisor), lowest), highest)
            if part:
                return highest if part < 0 else lowest  # it falls for ever
    return (lowest + highest) / 2
