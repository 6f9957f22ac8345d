"""A function of one number for line searches, from its coefficients."""

import math


def wavy_cubic(t: float, shape: list[float]) -> tuple[float, float]:
    """The function and its derivative."""
    slope, curve, third, wave, pace = shape
    value = slope * t + curve * t * t + third * t**3 + wave * math.sin(pace * t)
    return value, slope + 2 * curve * t + 3 * third * t * t + wave * pace * math.cos(pace * t)
