"""The picture of a training: a panel for the loss and one for each metric, over the epochs."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from os import PathLike
from typing import Any

_COLORS = ("#2463A8", "#B4540A", "#2E7D4F", "#7A4FA3", "#A33B55", "#5B6470")
_INK, _MUTED, _GRID = "#1F2933", "#66727F", "#E4E8EC"
_COLUMNS = 3
_LOGARITHMIC_FROM = 20  # the factor between the largest and the smallest number
_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlecolor": _INK,
    "axes.edgecolor": "#B8C0C8",
    "axes.labelcolor": _MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _GRID,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "legend.frameon": False,
    "savefig.dpi": 150,
}


def drawn(history: Mapping[str, list[float]], best: int | None, path: str | PathLike[str] | None, title: str) -> Any:
    """`History.plot`; `best` is the epoch to mark, None or 0 for none."""
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("History.plot needs matplotlib. Write: pip install matplotlib") from error

    names = [name for name in history if not name.startswith("val_") and name != "seconds"]
    columns = min(_COLUMNS, len(names))
    rows = -(-len(names) // columns)
    with rc_context(_STYLE):
        figure = Figure(figsize=(4.2 * columns + 0.4, 3.2 * rows + (0.3 if title else 0)), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for i, (axes, name) in enumerate(zip(grid, names, strict=False)):
            _panel(axes, name, history, best, _COLORS[i % len(_COLORS)], last_row=i >= len(names) - columns)
        for axes in grid[len(names) :]:
            axes.remove()
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontweight="bold", color=_INK)
        if path is not None:
            figure.savefig(path)
    return figure


def _panel(
    axes: Any, name: str, history: Mapping[str, list[float]], best: int | None, color: str, last_row: bool
) -> None:
    training, validation = history[name], history.get(f"val_{name}")
    numbers = [number for number in [*training, *(validation or [])] if isfinite(number)]
    epochs = range(1, len(training) + 1)
    single = len(training) == 1
    marks: dict[str, Any] = {"marker": "o", "markersize": 6} if single else {}
    hollow: dict[str, Any] = {"markerfacecolor": "white", **marks}
    if validation is None:
        axes.plot(epochs, training, color=color, linewidth=1.8, **marks)
    else:
        axes.plot(epochs, training, "--", color=color, linewidth=1.4, alpha=0.8, label="training", **hollow)
        axes.plot(epochs, validation, color=color, linewidth=1.8, label="validation", **marks)
    axes.set_title({"lr": "learning rate"}.get(name, name.replace("_", " ")))
    if last_row:
        axes.set_xlabel("epoch")
    axes.set_xlim((0.5, 1.5) if single else (1, len(training)))
    axes.xaxis.get_major_locator().set_params(integer=True)
    if single:
        axes.set_xticks([1])
    if numbers and min(numbers) > 0 and max(numbers) > _LOGARITHMIC_FROM * min(numbers):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda number, _: f"{number:g}")
    elif name == "lr":
        axes.set_ylim(bottom=0)
    if best and validation is not None and isfinite(validation[best - 1]):
        reached = validation[best - 1]
        axes.axvline(best, color=_MUTED, linewidth=0.8, linestyle=":", zorder=1)
        label = f"{reached:.3g} at the best epoch, {best}"
        axes.plot([best], [reached], "o", color=color, markersize=6, markeredgecolor="white", label=label, zorder=4)
    if validation is not None:
        axes.legend(loc="best", fontsize=9, labelcolor=_INK, handlelength=2.2)
