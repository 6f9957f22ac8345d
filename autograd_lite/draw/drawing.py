"""What `draw` does, and the `Drawing` that it returns."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ..compile.function import Compiled
from ..graph import Constant, Node, leaf, nobody
from ..value import Value
from .dot import dot_of
from .picture import Picture, picture_of
from .programs import nodes_of
from .render import FORMATS, render
from .table import table_of
from .theme import THEMES

READABLE_CARDS = 400
MOST_CARDS = 2_000  # above, a layout takes minutes and gigabytes


class Drawing:
    """A graph as it was when `draw` was called. A notebook shows it; `save` writes it to a file.

    Example:
        >>> import autograd_lite as ag
        >>> drawing = ag.draw(ag.Value(2.0, name="x") * 3)
        >>> drawing
        <Drawing of 2 cards: .save("graph.svg") writes it, .dot is its DOT text>
        >>> drawing.dot.startswith("digraph")
        True
    """

    def __init__(self, picture: Picture, theme: str, direction: str) -> None:
        self._picture, self._theme, self._direction = picture, theme, direction

    @cached_property
    def dot(self) -> str:
        """The graph in Graphviz's language; equal graphs give equal text. Needs no Graphviz."""
        return dot_of(self._picture, THEMES[self._theme], self._direction)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the drawing to a file; the ending says as what: .svg, .png, .pdf or .dot.

        Returns:
            The path of the file.

        Raises:
            ValueError: another ending, or too many cards to lay out; .dot has no such limit.
            RuntimeError: Graphviz is not installed, failed, or took too long.

        Example:
            >>> import autograd_lite as ag, pathlib, tempfile
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     ag.draw(ag.Value(2.0) * 3).save(pathlib.Path(folder) / "graph.svg").name
            'graph.svg'
        """
        path = Path(path)
        kind = path.suffix.lower().removeprefix(".")
        if kind == "dot":
            content = self.dot.encode()
        elif kind in FORMATS:
            content = self._rendered(kind)
        else:
            raise ValueError(
                f"a drawing cannot be saved as {path.name!r}: the name must end in .svg, .png, .pdf or .dot."
            )
        path.write_bytes(content)
        return path

    def _rendered(self, kind: str) -> bytes:
        cards = len(self._picture.cards)
        if cards > MOST_CARDS:
            raise ValueError(
                f"this graph has {cards:,} cards, and Graphviz needs minutes to lay out more than {MOST_CARDS:,}, "
                'which nobody could read. Draw a part of it, ag.draw(an_intermediate), or write .save("g.dot").'
            )
        if cards > READABLE_CARDS:
            warnings.warn(
                f"this graph has {cards:,} cards: above {READABLE_CARDS} a drawing takes seconds and is hard to read. "
                "ag.draw(an_intermediate) draws a part of it.",
                stacklevel=3,
            )
        return render(self.dot, kind)

    def __repr__(self) -> str:
        cards = len(self._picture.cards)
        return f'<Drawing of {cards:,} card{"s"[: cards != 1]}: .save("graph.svg") writes it, .dot is its DOT text>'

    def __str__(self) -> str:
        return table_of(self._picture)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the SVG, with the table as text; without Graphviz, the table and what to install."""
        try:
            table = table_of(self._picture)
        except Exception as error:
            return {"text/plain": f"{self!r}\n{error}"}
        try:
            return {"image/svg+xml": self._rendered("svg").decode(), "text/plain": table}
        except Exception as error:  # a notebook prints a traceback over everything else that the cell has to show
            return {"text/plain": f"{table}\n\n{error}"}


def drawing_of(
    value: Value | Sequence[Value] | Compiled, *, theme: str, direction: str | None, gradients: bool | None
) -> Drawing:
    """What `draw` does."""
    values: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
    program = value if isinstance(value, Compiled) else None
    for item in values:
        if not (isinstance(item, Value) or program is not None):
            raise TypeError(_refusal(item))
    if not values:
        raise ValueError("an empty list has nothing to draw. Write ag.draw(loss), or ag.draw([y1, y2]).")
    for option, given, choices in (
        ("theme", theme, tuple(THEMES)),
        ("direction", direction, ("LR", "TB", None)),
        ("gradients", gradients, (True, False, None)),
    ):
        if not any(given is choice or (isinstance(choice, str) and given == choice) for choice in choices):
            raise ValueError(f"{option}={given!r} is unknown: it must be one of {', '.join(map(repr, choices))}.")
    if program is not None:
        if gradients:
            raise ValueError(
                "a compiled program has no numbers, so no gradients: they are calls of it. Leave gradients out."
            )
        picture = picture_of(nodes_of(*program.graph()), False)
        picture.scalar = False
        return Drawing(picture, theme, direction or "TB")
    picture = picture_of([_node(item) for item in values], gradients)
    if any(item.node is None for item in values):
        picture.notes.append("no graph is behind a constant, or behind what was computed inside no_grad()")
    return Drawing(picture, theme, direction or ("LR" if picture.scalar else "TB"))


def _node(value: Value) -> Node:
    if value.node is None:  # a constant without a name has none
        return leaf(Constant, value.data, None, nobody)
    return value.node


def _refusal(item: Any) -> str:
    kind = type(item).__name__
    if hasattr(item, "parameters") and callable(item):
        fix = f"Run the {kind} first and draw what comes out: ag.draw(model(x))."
    elif callable(item):
        fix = "Call it and draw what comes out: ag.draw(f(x))."
    elif isinstance(item, int | float) or hasattr(item, "dtype"):
        fix = "A plain number or array has no graph. Compute with a Value: x = ag.Value(...); ag.draw(f(x))."
    else:
        fix = "Write ag.draw(loss), or ag.draw([y1, y2])."
    return f"draw() needs a Value, got {kind}. {fix}"
