"""What a card says about an array: its spread, its mean, its norm, and what in it is not finite."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from .text import UNSET, fixed, plain, significant

BARS = 14
_SAMPLE = 1 << 18  # a histogram of 14 bars gains nothing from more elements


class Mood(Enum):
    """How the number of a row is to be read."""

    DATA = "data"
    GRADIENT = "gradient"
    NOTHING = "nothing"  # a gradient that is zero or unset
    ALARM = "alarm"  # NaN or infinity


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a card.

    Attributes:
        label: `data` or `grad`.
        text: the number or numbers.
        mood: how to read them.
        bars: the heights of the histogram between 0 and 1; empty for none.
        exact: the numbers in full, for the tooltip.
        size: the magnitude of a gradient: 0.0 for none, NaN for one that is not finite.
    """

    label: str
    text: str
    mood: Mood
    bars: tuple[float, ...] = ()
    exact: str = ""
    size: float = 0.0


def data_row(data: Any) -> Row | None:
    """The `data` line of a card; None for an array of which only the shape is of interest."""
    if not hasattr(data, "tobytes"):  # shape and dtype alone, as in a compiled program
        return None
    data = on_host(data)
    if data.ndim == 0:
        return _scalar_row("data", data.item(), Mood.DATA)
    if data.dtype.kind not in "fc":
        return None
    if not data.size:
        return Row("data", "empty", Mood.DATA)
    of = ""
    if data.dtype.kind == "c":
        data, of = np.abs(data), "|z| "
    alarm = _alarm("data", data)
    if alarm is not None:
        return alarm
    low, high = float(data.min()), float(data.max())
    exact = f"{of}min {low!r}, max {high!r}"
    if low == high:
        return Row("data", f"{of}all {significant(low)}", Mood.DATA, exact=exact)
    with np.errstate(all="ignore"):
        mean, deviation = float(data.mean(dtype=np.float64)), float(data.std(dtype=np.float64))
    exact = f"{of}mean {mean!r}, std {deviation!r}, min {low!r}, max {high!r}"
    text = f"{of}μ {significant(mean)}  σ {significant(deviation)}"
    return Row("data", text, Mood.DATA, _bars(data, low, high), exact)


def gradient_row(gradient: Any) -> Row:
    """The `grad` line of a card; an en dash for None."""
    if gradient is None:
        return Row("grad", UNSET, Mood.NOTHING, exact="unset")
    gradient = on_host(gradient)
    if gradient.ndim == 0:
        return _scalar_row("grad", gradient.item(), Mood.GRADIENT)
    if gradient.dtype.kind == "c":
        gradient = np.abs(gradient)
    alarm = _alarm("grad", gradient)
    if alarm is not None:
        return alarm
    with np.errstate(all="ignore"):
        norm = float(np.sqrt(np.sum(np.square(gradient, dtype=np.float64))))
    if norm == 0:
        return Row("grad", "all 0", Mood.NOTHING, exact="all 0")
    low, high = float(gradient.min()), float(gradient.max())
    bars = _bars(gradient, low, high) if low < high else ()
    exact = f"norm {norm!r}, min {low!r}, max {high!r}"
    return Row("grad", f"‖∇‖ {significant(norm)}", Mood.GRADIENT, bars, exact, norm)


def on_host(data: Any) -> Any:
    """The array as NumPy's own, wherever it lives."""
    if isinstance(data, np.ndarray | np.generic):
        return data
    return np.asarray(data.get() if hasattr(data, "get") else data)  # CuPy has .get(), Dask computes


def _scalar_row(label: str, number: Any, mood: Mood) -> Row:
    exact = repr(number)
    if isinstance(number, bool | int):
        return Row(label, plain(number), mood, exact=exact)
    if not np.isfinite(number):
        return Row(label, fixed(number), Mood.ALARM, exact=exact, size=np.nan)
    if mood is Mood.GRADIENT and number == 0:
        return Row(label, fixed(number), Mood.NOTHING, exact=exact)
    return Row(label, fixed(number), mood, exact=exact, size=abs(number) if mood is Mood.GRADIENT else 0.0)


def _alarm(label: str, data: Any) -> Row | None:
    nans, infinities = int(np.isnan(data).sum()), int(np.isinf(data).sum())
    if not nans and not infinities:
        return None
    if nans == data.size:
        text = "all NaN"
    else:
        parts = [f"{count:,} {what}" for count, what in ((nans, "NaN"), (infinities, "∞")) if count]
        text = f"{' + '.join(parts)} of {data.size:,}"
    return Row(label, text, Mood.ALARM, exact=text, size=np.nan)


def _bars(data: Any, low: float, high: float) -> tuple[float, ...]:
    values = data.ravel()
    values = values[:: -(-values.size // _SAMPLE)].astype(np.float64)
    with np.errstate(all="ignore"):
        # not np.histogram: it refuses a range too narrow for 14 bins, or too wide for a difference of floats
        share = (values / 2 - low / 2) / (high / 2 - low / 2)
        counts = np.bincount(np.clip(np.nan_to_num(share) * BARS, 0, BARS - 1).astype(np.int64), minlength=BARS)
    return tuple((counts / counts.max()).tolist())
