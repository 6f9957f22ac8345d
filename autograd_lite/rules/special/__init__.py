"""Derivatives of `scipy.special`'s functions, one file per chapter; loaded when one of them first meets a Value.

A function's derivative is written with other functions of `scipy.special`, which have rules themselves, so that every
order follows. An order or a parameter in which no such formula is known has `no_rule`: a Value there is refused.
"""

from ...primitive import RULES

_users_own = dict(RULES)  # what was given with defvjp before this package was loaded stays

from . import (  # noqa: E402
    bessel,
    elementary,
    elliptic,
    error,
    gamma,
    hypergeometric,
    integral,
    polynomial,
    refused,
    statistics,
)

RULES.update(_users_own)

__all__ = [
    "bessel", "elementary", "elliptic", "error", "gamma", "hypergeometric", "integral", "polynomial", "refused",
    "statistics",
]  # fmt: skip
