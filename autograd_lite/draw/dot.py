"""A picture, written in Graphviz's language."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable
from typing import Any

from .layout import Frame, Layout, layout_of
from .picture import Card, Edge, Picture
from .statistics import BARS, Mood, Row
from .text import printable
from .theme import Role, Theme, Tone

FONT = "Arial"
_BAR_HEIGHT = 15
_SPACE = "&#160;"
_BLANK = 'BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"'


def dot_of(picture: Picture, theme: Theme, direction: str) -> str:
    """The DOT text of a picture: the same text for the same picture.

    Args:
        picture: what to see.
        theme: in which colours.
        direction: "LR" or "TB".
    """
    return _Writer(picture, theme, direction).text()


class _Writer:
    def __init__(self, picture: Picture, theme: Theme, direction: str) -> None:
        from graphviz import Digraph  # an import of 20 ms, spared to everybody who does not draw

        self.picture, self.theme = picture, theme
        self.layout: Layout = layout_of(picture)
        self.strongest = max((flow for edge in picture.edges if (flow := _positive(edge.flow))), default=1.0)
        self.graph: Any = Digraph("autograd_lite")
        spacing = {"nodesep": "0.24", "ranksep": "0.5"} if picture.scalar else {"nodesep": "0.3", "ranksep": "0.42"}
        self.graph.attr(
            "graph",
            rankdir=direction,
            bgcolor=theme.background,
            fontname=FONT,
            fontcolor=theme.muted,
            pad="0.3",
            label=f"<{self._legend()}>",
            labelloc="b",
            labeljust="l",
            **spacing,
            **({"ordering": "in", "outputorder": "edgesfirst"} if picture.scalar else {"newrank": "true"}),
        )
        self.graph.attr("node", shape="plain", fontname=FONT, fontsize="11", fontcolor=theme.ink)
        self.graph.attr(
            "edge", color=theme.edge, fontname=FONT, fontsize="9", fontcolor=theme.gradient, arrowsize="0.6"
        )

    def text(self) -> str:
        for card in self.layout.loose:
            self._card(self.graph, card)
        for frame in self.layout.frames:
            self._frame(self.graph, frame)
        for edge in self.picture.edges:
            self._edge(edge)
        for above, below in self.layout.above:
            self.graph.edge(above, below, style="invis", weight="0")
        for card in self.picture.cards:
            sides = (self.layout.before.get(card.id, []), [card], self.layout.behind.get(card.id, []))
            row = [member.id for side in sides for member in side]
            if len(row) > 1:
                self.graph.body.append(f"\t{{ rank=same; {'; '.join(row)} }}\n")
        return str(self.graph.source)

    # ---- cards ----

    def _card(self, graph: Any, card: Card) -> None:
        graph.node(card.id, label=f"<{self._table(card)}>", id=card.id, tooltip=_escaped(card.tooltip))
        if not card.sign:
            return
        theme, sign = self.theme, card.sign
        round_ = len(sign) == 1
        shape = (
            {"shape": "circle", "width": "0.34", "fixedsize": "true", "fontsize": "15", "style": "filled"}
            if round_
            else {"shape": "box", "style": "filled,rounded", "margin": "0.09,0.03", "height": "0.3", "width": "0.3"}
        )
        colours = {"fillcolor": theme.operation, "color": theme.operation, "fontcolor": theme.operation_ink}
        if card.origin:
            colours |= {"fillcolor": theme.alarm, "color": theme.alarm, "fontcolor": theme.alarm_ink}
        operation = f"{card.id}_op"
        graph.node(
            operation,
            label=f"<{_escape_html(sign)}>",
            id=operation,
            tooltip=_escaped(card.operation),
            **shape,
            **colours,
        )
        graph.edge(
            operation, card.id, weight="8", arrowhead="none", penwidth="2", color=theme.operation, id=f"{operation}_out"
        )

    def _table(self, card: Card) -> str:
        theme, tone = self.theme, self.theme.roles[card.role]
        stroke, border = (theme.alarm, 3) if card.origin else (tone.stroke, tone.border)
        wide = 1 if self.picture.scalar else 2
        columns = "" if wide == 1 else f' COLSPAN="{wide}"'
        heading = " ".join(
            filter(None, [card.title and f"<B>{_escape_html(card.title)}</B>", self._muted(card.detail)])
        )
        tag = self._tag(card, tone)
        lines = []
        if heading or tag:
            lines.append(f'<TR><TD ALIGN="LEFT"{columns}>{heading}</TD><TD ALIGN="RIGHT">{tag}</TD></TR>')
        if lines and card.rows:
            lines.append("<HR/>")
        lines += [self._row(row) for row in card.rows]
        return (
            f'<TABLE BORDER="{border}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="4" STYLE="ROUNDED" '
            f'BGCOLOR="{tone.fill}" COLOR="{stroke}">{"".join(lines)}</TABLE>'
        )

    def _tag(self, card: Card, tone: Tone) -> str:
        if not card.tag:
            return ""
        if self.picture.scalar:
            return f'<FONT POINT-SIZE="8" COLOR="{tone.word}">{_escape_html(card.tag)}</FONT>'
        return f'{_SPACE}<FONT POINT-SIZE="9" COLOR="{self.theme.muted}">{_escape_html(card.tag)}</FONT>'

    def _row(self, row: Row) -> str:
        theme = self.theme
        colours = {
            Mood.DATA: theme.ink,
            Mood.GRADIENT: theme.gradient,
            Mood.NOTHING: theme.muted,
            Mood.ALARM: theme.alarm_ink,
        }
        label = f'<TD ALIGN="LEFT"><FONT POINT-SIZE="9" COLOR="{theme.muted}">{row.label}</FONT></TD>'
        words = _escape_html(row.text).replace("  ", f"{_SPACE} ")
        size = "11" if self.picture.scalar else "10"
        number = f'<FONT POINT-SIZE="{size}" COLOR="{colours[row.mood]}">{words}</FONT>'
        if row.mood is Mood.ALARM:
            number = (
                f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2" STYLE="ROUNDED" '
                f'BGCOLOR="{theme.alarm}"><TR><TD ALIGN="RIGHT"><B>{number}</B></TD></TR></TABLE>'
            )
        if self.picture.scalar:
            return f'<TR>{label}<TD ALIGN="RIGHT">{number}</TD></TR>'
        bars = self._histogram(row)
        if bars:
            return f'<TR>{label}<TD ALIGN="RIGHT">{bars}</TD><TD ALIGN="RIGHT">{number}</TD></TR>'
        return f'<TR>{label}<TD COLSPAN="2" ALIGN="RIGHT">{number}</TD></TR>'

    def _histogram(self, row: Row) -> str:
        """Cells of a fixed size: they look alike whatever fonts there are."""
        if not row.bars:
            return ""
        colour = self.theme.gradient if row.label == "grad" else self.theme.histogram
        cells = []
        for height in row.bars:
            pixels = max(1, round(height * _BAR_HEIGHT))
            bar = (
                f'<TABLE FIXEDSIZE="TRUE" WIDTH="3" HEIGHT="{pixels}" {_BLANK} BGCOLOR="{colour}">'
                "<TR><TD></TD></TR></TABLE>"
            )
            cells.append(f'<TD FIXEDSIZE="TRUE" WIDTH="4" HEIGHT="{_BAR_HEIGHT}">{bar}</TD>')
        assert len(cells) == BARS
        size = f'FIXEDSIZE="TRUE" WIDTH="{4 * BARS}" HEIGHT="{_BAR_HEIGHT}"'
        return f"<TABLE {size} {_BLANK}><TR>{''.join(cells)}</TR></TABLE>"

    def _muted(self, words: str) -> str:
        return f'<FONT POINT-SIZE="9" COLOR="{self.theme.muted}">{_escape_html(words)}</FONT>' if words else ""

    # ---- edges ----

    def _edge(self, edge: Edge) -> None:
        theme, source, target = self.theme, edge.source, edge.target
        attributes = {"id": edge.id, "penwidth": f"{self._width(edge):.2f}"}
        if edge.derivative:
            attributes["label"] = edge.derivative
        if edge.discrete or edge.flow == 0:
            attributes["style"] = "dashed"
        if edge.residual:
            attributes |= {"color": theme.residual, "penwidth": "3"}
        elif edge.flow is not None and not math.isfinite(edge.flow):
            attributes["color"] = theme.alarm
        elif source.role is Role.PARAMETER and not self.picture.scalar:
            attributes["color"] = theme.roles[Role.PARAMETER].stroke
        if self.picture.scalar:
            self.graph.edge(source.id, f"{target.id}_op", weight="2", **attributes)
            return
        attributes.setdefault("weight", "1000" if edge.id in self.layout.spine else "1")
        if edge.id in self.layout.ribs and source in self.layout.behind.get(target.id, ()):
            self.graph.edge(target.id, source.id, dir="back", **attributes)  # so it lands on the right
        else:
            self.graph.edge(source.id, target.id, **attributes)

    def _width(self, edge: Edge) -> float:
        """From 1 to 2.8 points over three decades of gradient."""
        if edge.flow is None or not math.isfinite(edge.flow):
            return 1.0
        flow = _positive(edge.flow)
        return 1.0 + 1.8 * max(0.0, 1.0 + math.log10(flow / self.strongest) / 3) if flow else 0.9

    # ---- modules ----

    def _frame(self, graph: Any, frame: Frame) -> None:
        theme = self.theme
        count = f"{frame.parameters:,} params" if frame.parameters else ""
        about = " · ".join(filter(None, [frame.label, count]))
        label = f"<B>{_escape_html(frame.title)}</B>" if frame.title else ""
        if about:
            label += f'{_SPACE} <FONT COLOR="{theme.muted}">{_escape_html(about)}</FONT>'
        with graph.subgraph(name=f"cluster_{frame.id}") as inner:
            inner.attr(
                id=frame.id,
                label=f"<{label or _SPACE}>",
                tooltip=_escaped(f"{frame.title} {about}"),
                labeljust="l",
                labelloc="b" if frame.ends and not frame.parameters else "t",
                fontsize="10",
                fontcolor=theme.ink,
                style="rounded,filled",
                fillcolor=theme.clusters[frame.depth % 2],
                color=theme.cluster_stroke,
                margin="12",
            )
            for card in frame.cards:
                self._card(inner, card)
            for nested in frame.frames:
                self._frame(inner, nested)

    # ---- the legend ----

    def _legend(self) -> str:
        theme, picture = self.theme, self.picture
        cells = []
        for role in Role:
            if any(card.role is role for card in picture.cards):
                tone = theme.roles[role]
                swatch = (
                    f'<TABLE FIXEDSIZE="TRUE" WIDTH="22" HEIGHT="14" BORDER="{tone.border}" CELLBORDER="0" '
                    f'CELLSPACING="0" CELLPADDING="0" STYLE="ROUNDED" BGCOLOR="{tone.fill}" COLOR="{tone.stroke}">'
                    "<TR><TD></TD></TR></TABLE>"
                )
                word = f'<FONT POINT-SIZE="9">{role.value}{_SPACE * 3}</FONT>'
                cells.append(f'<TD ALIGN="RIGHT">{swatch}</TD><TD ALIGN="LEFT" CELLPADDING="4">{word}</TD>')
        lines = [f'<TR><TD ALIGN="LEFT"><TABLE {_BLANK}><TR>{"".join(cells)}</TR></TABLE></TD></TR>']
        for colour, words in self._explanations():
            words = f'<FONT POINT-SIZE="9" COLOR="{colour}">{_escape_html(words)}</FONT>'
            lines.append(f'<TR><TD ALIGN="LEFT">{words}</TD></TR>')
        return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3">{"".join(lines)}</TABLE>'

    def _explanations(self) -> Iterable[tuple[str, str]]:
        theme, picture = self.theme, self.picture
        words = []
        if any(edge.derivative for edge in picture.edges):
            words.append("∂ local derivative on the edge")
        if any(row.text.startswith("‖") for card in picture.cards for row in card.rows):
            words.append("‖∇‖ norm of the gradient")
        if any(edge.flow is not None for edge in picture.edges):
            words.append("width: log of gradient flow")
        if any(edge.flow == 0 for edge in picture.edges):
            words.append("dashed edge: zero gradient")
        if words:
            yield theme.gradient, " · ".join(words)
        words = []
        if any(edge.residual for edge in picture.edges):
            words.append("blue edge: residual")
        if any(edge.discrete for edge in picture.edges):
            words.append("dashed edge: labels, indices or a mask")
        if words:
            yield theme.muted, " · ".join(words)
        for note in picture.notes:
            yield theme.alarm if "not finite" in note else theme.muted, note


def _positive(flow: float | None) -> float:
    """How much gradient flows, 0 if that is not known or not finite."""
    return flow if flow is not None and 0 < flow < math.inf else 0.0


def _escape_html(words: str) -> str:
    r"""Words for a label. Graphviz replaces `\N` and its like even in markup."""
    return html.escape(printable(words)).replace("\\", "\\\\")


def _escaped(words: str) -> Any:
    """Words for a tooltip: nothing in them is taken for markup, an entity or an escape."""
    from graphviz import escape

    written = html.escape("\n".join(printable(line) for line in words.splitlines()))
    return escape(written.replace("\\", "\\\\"))  # doubled twice: Graphviz replaces escapes in a tooltip twice
