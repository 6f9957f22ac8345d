"""How numbers, shapes and a user's own words are written in a drawing."""

from __future__ import annotations

import math
import re
from typing import Any

MINUS = "\N{MINUS SIGN}"
UNSET = "\N{EN DASH}"

_SPACES = re.compile(r"\s+")
# XML 1.0 has no way to write these, not even as an entity; lone surrogates cannot be encoded at all
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def fixed(number: complex) -> str:
    """A number with four decimals, so that columns line up; in powers of ten where that would hide it.

    Example:
        >>> fixed(-0.5), fixed(0.0), fixed(2.5e-7), fixed(float("-inf")), fixed(1 - 2j)
        ('−0.5000', '0.0000', '2.50e−7', '−∞', '1.0000−2.0000j')
    """
    return _written(number, ".4f", smallest=5e-5)


def significant(number: complex) -> str:
    """A number with three significant digits.

    Example:
        >>> significant(0.06224), significant(-12.3456), significant(1e-9)
        ('0.0622', '−12.3', '1e−9')
    """
    return _written(number, ".3g", smallest=0.0)


def _written(number: complex, style: str, smallest: float) -> str:
    if isinstance(number, complex):
        real, imaginary = _written(number.real, style, smallest), _written(number.imag, style, smallest)
        return f"{real}{'' if imaginary.startswith(MINUS) else '+'}{imaginary}j"
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return f"{MINUS}∞" if number < 0 else "∞"
    if number == 0:
        number = 0.0  # not −0
    elif abs(number) >= 1e7 or abs(number) < smallest:
        style = ".2e"
    text = format(number, style)
    mantissa, e, exponent = text.partition("e")
    text = f"{mantissa}e{int(exponent)}" if e else mantissa
    return text.replace("-", MINUS)


def plain(number: Any) -> str:
    """A Python number as short as it can be, such as the 3 of `x**3`.

    Example:
        >>> plain(3), plain(2.0), plain(0.1), plain(-1)
        ('3', '2', '0.1', '−1')
    """
    if isinstance(number, bool | complex) or not isinstance(number, int | float):
        return cleaned(str(number))
    if isinstance(number, int):
        return str(number).replace("-", MINUS) if abs(number) < 10**7 else significant(float(number))
    return _written(number, ".6g", smallest=0.0)


def shape_of(shape: tuple[Any, ...]) -> str:
    """A shape as `32×16`; `scalar` for none.

    Example:
        >>> shape_of((32, 16)), shape_of((3,)), shape_of(())
        ('32×16', '3', 'scalar')
    """
    return "×".join(map(str, shape)) if shape else "scalar"


def cleaned(words: str, limit: int = 48) -> str:
    """A user's words on one line of a drawing: printable, and cut in the middle when they are too long.

    Example:
        >>> cleaned("two\\n  lines\\0"), cleaned("abcdefghij", limit=7)
        ('two lines', 'abc…hij')
    """
    words = printable(_SPACES.sub(" ", words)).strip()
    if len(words) > limit:
        words = f"{words[: limit // 2]}…{words[len(words) - (limit - 1) // 2 :]}"
    return words


def printable(words: str) -> str:
    """A user's words without the characters that no XML can hold."""
    return _FORBIDDEN.sub("", words)
