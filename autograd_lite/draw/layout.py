"""Hints for Graphviz: which cards form the spine of a drawing, which are its ribs, and which share a frame.

Activations form one straight spine; what an operation reads besides (parameters, targets, masks) sits at its side.
The positions themselves are Graphviz's business.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..state import Scope
from .picture import Card, Edge, Picture
from .text import cleaned
from .theme import Role


@dataclass(slots=True, eq=False)
class Frame:
    """A module: the cards in it, the modules in it.

    Attributes:
        id: `m1`, `m2`, ...
        title: its path, in bold.
        label: its class and sizes.
        depth: how many frames are around it.
        cards: directly inside.
        frames: directly inside.
        parameters: how many parameter elements there are, at any depth.
        ends: whether nothing leaves it.
    """

    id: str
    title: str
    label: str
    depth: int
    cards: list[Card] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    parameters: int = 0
    ends: bool = True


@dataclass(slots=True, eq=False)
class Layout:
    """The hints.

    Attributes:
        frames: the outermost modules.
        loose: the cards outside of all modules.
        spine: the ids of the edges that should be straight.
        before: for the id of an operation's card, the cards at its left (above it in LR).
        behind: and those at its right.
        ribs: the ids of the edges from these.
        above: pairs of ids: the first card belongs above the second although no edge says so.
    """

    frames: list[Frame] = field(default_factory=list)
    loose: list[Card] = field(default_factory=list)
    spine: set[str] = field(default_factory=set)
    before: dict[str, list[Card]] = field(default_factory=dict)
    behind: dict[str, list[Card]] = field(default_factory=dict)
    ribs: set[str] = field(default_factory=set)
    above: list[tuple[str, str]] = field(default_factory=list)


def layout_of(picture: Picture) -> Layout:
    """Decide where the cards of a picture of arrays belong; scalars have neither spine nor frames."""
    layout = Layout()
    if picture.scalar:
        layout.loose = picture.cards
        return layout
    _place_ribs(picture, layout)
    _fill_frames(picture, layout)
    return layout


def _place_ribs(picture: Picture, layout: Layout) -> None:
    into: dict[str, list[Edge]] = {}
    readers: dict[str, list[str]] = {}
    for edge in picture.edges:
        into.setdefault(edge.target.id, []).append(edge)
        readers.setdefault(edge.source.id, []).append(edge.target.id)
    fed = _fed_by_inputs(picture, into)
    mains = {target: _main(edges, fed) for target, edges in into.items()}
    on_spine = {main.source.id for target, main in mains.items() if target in fed}
    ribs = _possible_ribs(picture, mains, readers, fed, on_spine)
    side_of: dict[str, dict[str, list[Card]]] = {}  # of a rib that is computed: it grows on to the same side
    for edges in reversed(into.values()):
        target, main = edges[0].target, mains[edges[0].target.id]
        if target.id in side_of:
            edges, sides = [main], [side_of[target.id]]
        else:
            sides = [layout.before, layout.behind]
            if target.id in fed:
                layout.spine.add(main.id)
        for edge in edges:
            source = edge.source
            if source.id not in ribs or readers[source.id][0] != target.id or edge.id in layout.spine:
                continue
            for side in reversed(sides) if source.role is Role.INPUT else sides:
                if target.id not in side:
                    side[target.id] = [source]
                    layout.ribs.add(edge.id)
                    if source.operation:
                        side_of[source.id] = side
                    elif source.role is Role.INPUT and not source.named and len(set(readers[source.id])) == 1:
                        source.scope = target.scope  # made inside the module that reads it
                    break

    layout.above = _late_parameters(picture, mains, readers, fed, ribs)


def _late_parameters(
    picture: Picture, mains: dict[str, Edge], readers: dict[str, list[str]], fed: set[str], ribs: set[str]
) -> list[tuple[str, str]]:
    """Parameters that are no ribs come in where they are first needed, not at the top of the drawing."""
    meeting: dict[str, str] = {}  # where the data first meets what was made of a parameter
    pairs = []
    for card in reversed(picture.cards):
        if card.id in fed or card.id not in readers:
            continue
        places = [
            reader if reader in fed else meeting[reader]
            for reader in readers[card.id]
            if reader in fed | meeting.keys()
        ]
        if places:
            meeting[card.id] = min(places, key=lambda place: int(place[1:]))
            before = mains[meeting[card.id]].source
            if not card.operation and card.id not in ribs and before.operation:
                pairs.append((before.id, card.id))
    return pairs


def _possible_ribs(
    picture: Picture, mains: dict[str, Edge], readers: dict[str, list[str]], fed: set[str], on_spine: set[str]
) -> set[str]:
    """The ids of the leaves, and of what was made of one parameter alone, that may sit beside their reader."""
    ribs: set[str] = set()
    for card in picture.cards:
        reading = readers.get(card.id, [])
        alone = len(set(reading)) == 1
        if not reading or card.id in on_spine:
            continue
        if not card.operation:
            if alone or reading[0] in fed:
                ribs.add(card.id)
        elif alone and card.id not in fed and mains[card.id].source.id in ribs:
            ribs.add(card.id)
    return ribs


def _fed_by_inputs(picture: Picture, into: dict[str, list[Edge]]) -> set[str]:
    """The ids of the cards that data goes through; the others were made of parameters alone."""
    fed: set[str] = set()
    for card in picture.cards:
        if card.role is Role.INPUT or any(edge.source.id in fed for edge in into.get(card.id, ())):
            fed.add(card.id)
    return fed


def _main(edges: list[Edge], fed: set[str]) -> Edge:
    """The argument through which the data comes: an earlier result before an input before a parameter."""

    def rank(edge: Edge) -> tuple[bool, bool, bool]:
        return edge.source.id not in fed, not edge.source.operation, edge.residual

    return min(edges, key=rank)


def _fill_frames(picture: Picture, layout: Layout) -> None:
    frames: dict[str, Frame] = {}
    above: dict[str, Frame | None] = {}
    inside: dict[str, tuple[str, ...]] = {}  # for each card the ids of the frames around it
    for card in picture.cards:
        frame = _frame(card.scope, frames, above, layout)
        (layout.loose if frame is None else frame.cards).append(card)
        around = []
        while frame is not None:
            around.append(frame.id)
            if card.role is Role.PARAMETER:
                frame.parameters += card.size
            frame = above[frame.id]
        inside[card.id] = tuple(around)
    by_id = {frame.id: frame for frame in frames.values()}
    for edge in picture.edges:
        for left in set(inside[edge.source.id]).difference(inside[edge.target.id]):
            by_id[left].ends = False


def _frame(scope: str | None, frames: dict[str, Frame], above: dict[str, Frame | None], layout: Layout) -> Frame | None:
    """The frame of a module, made together with those around it when it is first asked for."""
    chain: list[str] = []
    while scope is not None and scope not in frames:
        chain.append(scope)
        scope = scope.parent if isinstance(scope, Scope) else None
    outer = frames[scope] if scope is not None else None
    for path in reversed(chain):
        label = cleaned(path.label) if isinstance(path, Scope) else ""
        title = cleaned(path)
        if not title:  # the outermost module: its class stands for its path
            title, bracket, sizes = label.partition("(")
            label = bracket + sizes
        frame = Frame(f"m{len(frames) + 1}", title, label, 0 if outer is None else outer.depth + 1)
        (layout.frames if outer is None else outer.frames).append(frame)
        frames[path], above[frame.id] = frame, outer
        outer = frame
    return outer
