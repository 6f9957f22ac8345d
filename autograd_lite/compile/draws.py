"""Random numbers that a function draws by itself: a program would have them as constants, so they are refused.

What is drawn by a `primitive` that takes the generator is noted by the trace, and drawn anew at every call.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from ..checkpoint import _bit_generators


class Draws:
    """The states of all generators that a function may draw from, before it runs.

    Args:
        generators: those that it can see, besides the global ones and those that `register_generator` knows.
    """

    def __init__(self, generators: list[Any]) -> None:
        found = [getattr(each, "bit_generator", getattr(each, "_bit_generator", None)) for each in generators]
        everywhere = [np.random.mtrand._rand._bit_generator, *_bit_generators, *found]
        self._states = [(bits, bits.state) for bits in {id(bits): bits for bits in everywhere}.values()]
        self._python = random.getstate()

    def past(self, noted: list[Any]) -> bool:
        """Whether something was drawn, from other generators than those `noted`; it goes back to be drawn again."""
        known = [generator.bit_generator for generator in noted]
        drawn = False
        for bits, state in self._states:
            if not any(bits is each for each in known) and frozen(bits.state) != frozen(state):
                bits.state = state
                drawn = True
        if random.getstate() != self._python:
            random.setstate(self._python)
            drawn = True
        return drawn


def frozen(state: Any) -> Any:
    if isinstance(state, dict):
        return tuple([(name, frozen(x)) for name, x in state.items()])
    return state.tobytes() if isinstance(state, np.ndarray) else state
