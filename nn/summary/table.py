"""How a summary of a model looks as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .summary import Row, Summary

WIDTH = 100
_GAP = "  "
_MARGIN = " " * len("Multiply-adds  ")
_REPEATS = 3  # from how many equal neighbours on only the first is shown with what is in it


def table(summary: Summary, depth: int | None) -> str:
    """A line a module, indented as a tree, and the totals below."""
    frozen = summary.total_parameters > summary.trainable_parameters
    titles = ["Module", "Output shape", "Parameters", "Trainable", "Mult-adds", "Activations"]
    lines = [
        [
            line.label,
            line.output,
            line.parameters,
            _count(line.trainable),
            _quantity(line.multiply_adds, ""),
            _quantity(line.activation_bytes, "B"),
        ]
        for line in _lines(_branches(summary.rows), depth)
    ]
    cells = [titles, *lines]
    if not frozen:
        cells = [[*line[:3], *line[4:]] for line in cells]
    widths = _widths(cells)
    rule = "─" * (sum(widths) + len(_GAP) * (len(widths) - 1))
    drawn = [_joined(line, widths) for line in cells]
    return "\n".join([drawn[0], rule, *drawn[1:], rule, *_totals(summary), *_notes(lines)])


# ---- the tree ----


class _Branch:
    """A row with the ones below it, and how often it stands here."""

    def __init__(self, row: Row, name: str) -> None:
        self.row, self.name = row, name
        self.below: list[_Branch] = []
        self.like: str = ""  # the name of the neighbour that it repeats

    def shape(self) -> object:
        """What is equal in neighbours that are shown once."""
        row = self.row
        counts = row.calls, row.parameters, row.trainable, row.shared, row.multiply_adds
        return row.kind, row.outputs, counts, row.shared_with, [(b.name, b.shape()) for b in self.below]

    def any_called(self) -> bool:
        return self.row.calls > 0 or any(branch.any_called() for branch in self.below)


def _branches(rows: list[Row]) -> _Branch:
    root = _Branch(rows[0], "")
    around = [root]
    for row in rows[1:]:
        del around[row.depth :]
        above = around[-1].row.path
        branch = _Branch(row, row.path.removeprefix(f"{above}."))
        around[-1].below.append(branch)
        around.append(branch)
    return root


class _Line(NamedTuple):
    label: str
    output: str
    parameters: str
    trainable: int
    multiply_adds: int
    activation_bytes: int


def _lines(branch: _Branch, depth: int | None, first: str = "", further: str = "") -> Iterator[_Line]:
    """The line of a branch, which starts with `first`, and of those below it, which start with `further`."""
    row = branch.row
    name = f"{branch.name}: " if branch.name else ""
    times = f" (called {row.calls}×)" if row.calls > 1 else ""
    yield _line([row], f"{first}{name}{row.kind}{times}", _output(branch))
    if depth == 0:
        return
    groups = list(_grouped(branch.below))
    for i, group in enumerate(groups):
        last = i == len(groups) - 1
        joint, bar = ("└─ ", "   ") if last else ("├─ ", "│  ")
        if len(group) < _REPEATS:
            for k, inner in enumerate(group):
                final = last and k == len(group) - 1
                joint, bar = ("└─ ", "   ") if final else ("├─ ", "│  ")
                yield from _lines(inner, _less(depth), further + joint, further + bar)
            continue
        yield from _lines(group[0], _less(depth), further + "├─ ", further + "│  ")
        again = group[1:]
        label = f"{again[0].name} to {again[-1].name}: {len(again)} more like {group[0].name}"
        yield _line([inner.row for inner in again], further + joint + label, "")


def _less(depth: int | None) -> int | None:
    return None if depth is None else depth - 1


def _grouped(branches: list[_Branch]) -> Iterator[list[_Branch]]:
    """Runs of equal neighbours."""
    group: list[_Branch] = []
    for branch in branches:
        if group and group[0].shape() != branch.shape():
            yield group
            group = []
        group.append(branch)
    if group:
        yield group


def _line(rows: list[Row], label: str, output: str) -> _Line:
    parameters, shared = sum([row.parameters for row in rows]), sum([row.shared for row in rows])
    return _Line(
        label,
        output,
        f"({shared:,})" if shared and not parameters else _count(parameters),
        sum([row.trainable for row in rows]),
        sum([row.multiply_adds for row in rows]),
        sum([row.activation_bytes for row in rows]),
    )


def _output(branch: _Branch) -> str:
    row = branch.row
    if row.shared_with is not None:
        return f"= {row.shared_with or 'the model'}"
    if not branch.any_called():
        return "not called"
    shown = [str(shape) for shape in row.outputs[:2]]
    return ", ".join(shown) + (f", … {len(row.outputs) - 2} more" if len(row.outputs) > 2 else "")


# ---- text ----


def _count(number: int) -> str:
    return f"{number:,}" if number else "–"


def _quantity(number: int, unit: str) -> str:
    """Three digits and a unit, such as `1.86 M`."""
    if not number:
        return "–"
    size, prefixes = float(number), ["", "k", "M", "G", "T", "P"]
    while size >= 999.5 and len(prefixes) > 1:
        size /= 1000
        prefixes.pop(0)
    digits = f"{size:.0f}" if prefixes[0] == "" or size >= 99.95 else f"{size:.1f}" if size >= 9.995 else f"{size:.2f}"
    return f"{digits} {prefixes[0]}{unit}".rstrip()


def _widths(cells: list[list[str]]) -> list[int]:
    """Of the columns; the first two give way where the table would be too wide."""
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    spare = WIDTH - len(_GAP) * (len(widths) - 1) - sum(widths[2:])
    widths[1] = min(widths[1], max(spare - widths[0], spare * 2 // 5))
    widths[0] = min(widths[0], spare - widths[1])
    return widths


def _joined(line: list[str], widths: list[int]) -> str:
    left = [_cut(cell, width).ljust(width) for cell, width in zip(line[:2], widths[:2], strict=True)]
    right = [cell.rjust(width) for cell, width in zip(line[2:], widths[2:], strict=True)]
    return _GAP.join(left + right).rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _totals(summary: Summary) -> list[str]:
    frozen = f" ({summary.trainable_parameters:,} trainable, {summary.frozen_parameters:,} frozen)"
    parts = {
        "parameters": summary.parameter_bytes,
        "buffers": summary.buffer_bytes,
        "gradients": summary.gradient_bytes,
        "activations": summary.activation_bytes,
        "input": summary.input_bytes,
    }
    memory = [""]
    for part in [f"{name} {_quantity(size, 'B')}" for name, size in parts.items() if size]:
        if len(memory[-1]) + len(part) > WIDTH - len(_MARGIN) - len(", ,"):
            memory[-1] += ","
            memory.append(part)
        else:
            memory[-1] += f", {part}" if memory[-1] else part
    return [
        f"Parameters     {summary.total_parameters:,}{frozen if summary.frozen_parameters else ''}",
        f"Multiply-adds  {_quantity(summary.multiply_adds, '')}",
        f"Memory         {memory[0] or '–'}",
        *[_MARGIN + line for line in memory[1:]],
    ]


def _notes(lines: list[list[str]]) -> list[str]:
    notes = []
    if any(line[2].startswith("(") for line in lines):
        notes.append("(in brackets)  shared with a module above, and counted there")
    return notes
