"""What there is to see in a graph: its cards and edges, before anyone decides where they go.

A card is one value, with the operation that made it. Their numbers follow from the graph's structure alone, so equal
graphs give equal pictures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from .. import graph
from ..graph import Node
from ..primitive import Results
from ..state import Scope
from . import operations
from .gradients import is_stale, local_derivatives, shown_gradients
from .statistics import Mood, Row, data_row, gradient_row, on_host
from .text import cleaned, shape_of, significant
from .theme import Role

RESIDUAL_LIMIT = 2_000  # cards up to which skip connections are looked for: the search is quadratic


@dataclass(slots=True, eq=False)
class Card:
    """One value.

    Attributes:
        id: `n1`, `n2`, ... in the order of computation.
        role: what the value is to the graph.
        title: the name in bold; "" for none.
        detail: muted words beside it.
        tag: muted words on the right.
        rows: data and gradient.
        tooltip: everything in full.
        scope: the module that it belongs to, None for outside of all.
        sign: in a picture of scalars, the operation that made it; "" for a leaf.
        operation: the operation's name; "" for a leaf.
        shape: the shape in words.
        size: how many elements.
        origin: whether NaN or infinity starts here.
        named: whether the user gave the name.
    """

    id: str
    role: Role
    title: str
    detail: str = ""
    tag: str = ""
    rows: tuple[Row, ...] = ()
    tooltip: str = ""
    scope: str | None = None
    sign: str = ""
    operation: str = ""
    shape: str = ""
    size: int = 0
    origin: bool = False
    named: bool = False


@dataclass(slots=True, eq=False)
class Edge:
    """One argument of one operation.

    Attributes:
        id: `e5_0` leads into argument 0 of card `n5`.
        source: the card of the argument.
        target: the card of the result.
        discrete: whether it carries labels, indices or a mask, which have no gradient.
        flow: the magnitude of the gradient that did, None if unknown.
        derivative: the local derivative in words, "" for none.
        residual: whether it skips what another argument went through.
    """

    id: str
    source: Card
    target: Card
    discrete: bool
    flow: float | None = None
    derivative: str = ""
    residual: bool = False


@dataclass(slots=True, eq=False)
class Picture:
    """Everything to see.

    Attributes:
        scalar: whether every value is a single number.
        cards: in the order of computation.
        edges: in the order of their targets, then arguments.
        gradients: whether gradient rows are there.
        notes: sentences for the reader, below the legend.
    """

    scalar: bool
    cards: list[Card] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    gradients: bool = True
    notes: list[str] = field(default_factory=list)


def picture_of(roots: Sequence[Node], gradients: bool | None) -> Picture:
    """What there is to see behind `roots`.

    Args:
        roots: the results to draw.
        gradients: True to compute them, False for none, None for those that are there.
    """
    return _Painter(roots, gradients).picture


class _Painter:
    """Fills one Picture."""

    def __init__(self, roots: Sequence[Node], gradients: bool | None) -> None:
        self.nodes = _by_structure(graph.ancestors(roots, constants=True))
        self.roots = set(roots)
        self.known = _scopes(node.scope for node in self.nodes if node.function is not None)
        self.gradients = {} if gradients is False else shown_gradients(roots, self.nodes, gradients)
        scalar = all(
            _shape(node.out) == () and type(node.out) is not Results and not operations.input_arrays(node)
            for node in self.nodes
        )
        self.picture = Picture(scalar, gradients=gradients is not False)
        self.cards: dict[Node | int, Card] = {}

        for node in self.nodes:
            if node.function is not None:
                for i, array in operations.input_arrays(node):
                    if id(array) not in self.cards:
                        self._add(id(array), self._array_card(node, i, array))
            self._add(node, self._node_card(node))
            if node.function is not None:
                self._connect(node)
        _dissolve_lone_cards(self.picture.cards)
        if not scalar and len(self.nodes) <= RESIDUAL_LIMIT:
            _mark_residuals(self.picture.edges)
        self._mark_origin()
        self._note_changes()

    def _add(self, key: Node | int, card: Card) -> None:
        self.cards[key] = card
        self.picture.cards.append(card)

    def _node_card(self, node: Node) -> Card:
        role, name = self._role(node), cleaned(node.name or "")
        card = Card(self._next_id(), role, name, named=bool(name), shape=shape_of(_shape(node.out)))
        card.size = _size(node.out)
        if node.function is not None:
            card.scope, card.operation = node.scope or _root(node.scope), operations.name_of(node)
            detail = operations.detail_of(node)
            if self.picture.scalar:
                card.sign = operations.sign_of(node)
            else:
                words = [card.operation, detail] if name else [detail]
                card.title, card.detail = name or card.operation, " · ".join(filter(None, words))
        elif role is Role.PARAMETER and not self.picture.scalar:  # scalars have no frames that would say the rest
            card.scope = self._scope_of_parameter(node.name or "")
            card.title = cleaned(_within(node.name or "", card.scope)) or "parameter"
        elif not name and not self.picture.scalar:
            card.title = "input" if type(node) is Node else "constant"
        self._fill(card, node.out, node if type(node) is Node else None, node.name or "")
        return card

    def _array_card(self, node: Node, i: int, array: Any) -> Card:
        title = operations.argument_name(node, i) or "constant"
        card = Card(self._next_id(), Role.INPUT, title, shape=shape_of(_shape(array)), size=_size(array))
        self._fill(card, array, None, title)
        return card

    def _next_id(self) -> str:
        return f"n{len(self.picture.cards) + 1}"

    def _fill(self, card: Card, data: Any, node: Node | None, name: str) -> None:
        """The tag, the rows and the tooltip."""
        if type(data) is Results:
            card.tag, card.tooltip = f"{len(data)} results", card.operation
            return
        kind = getattr(data, "dtype", None)
        rows = [data_row(data)]
        if node is not None and self.picture.gradients:
            rows.append(gradient_row(self.gradients.get(node)))
        card.rows = tuple(row for row in rows if row is not None)
        if self.picture.scalar:
            card.tag = "" if card.role is Role.INTERMEDIATE else card.role.value
        else:
            integers = getattr(kind, "kind", "f") != "f"
            card.tag = f"{card.shape} {kind}" if integers else card.shape
        heading = " ".join(filter(None, [name, f"= {card.operation}" if card.operation else ""])) or card.role.value
        lines = [heading, f"shape {card.shape}, {kind}", *(f"{row.label} {row.exact}" for row in card.rows)]
        if node is not None and node.scope:
            lines.append(f"in {node.scope}")
        card.tooltip = "\n".join(lines)

    def _role(self, node: Node) -> Role:
        if node.function is not None:
            return Role.OUTPUT if node in self.roots else Role.INTERMEDIATE
        value = node.handle()
        if value is None:  # nobody holds it any more: only its name can tell
            parameter = any(path and (node.name or "").startswith(f"{path}.") for path in self._module_paths())
        else:
            parameter = bool(getattr(type(value), "is_parameter", False))
        return Role.PARAMETER if parameter else Role.INPUT

    def _module_paths(self) -> list[str]:
        return [path for path in self.known if isinstance(path, Scope)]

    def _scope_of_parameter(self, name: str) -> str | None:
        """The innermost module whose path the name begins with."""
        fitting = [path for path in self.known if name.startswith(f"{path}." if path else "")]
        return max(fitting, key=len, default=None)

    def _connect(self, node: Node) -> None:
        target = self.cards[node]
        derivatives = local_derivatives(node) if self.picture.scalar and node in self.gradients else {}
        arrays = operations.input_arrays(node)
        read: list[tuple[int, Node | None, Any]] = [
            (i, parent, node.args[i]) for i, parent in enumerate(node.parents) if parent is not None
        ]
        read += [(i, None, array) for i, array in arrays]
        taken: set[str] = set()
        for i, parent, array in sorted(read, key=itemgetter(0)):
            source = self.cards[id(array) if parent is None else parent]
            discrete = getattr(getattr(array, "dtype", None), "kind", "f") not in "fc"
            identity = f"e{target.id[1:]}_{i}"
            if identity in taken:  # a further array of the same index
                identity += f"_{len(taken)}"
            taken.add(identity)
            edge = Edge(identity, source, target, discrete)
            if i in derivatives:
                edge.flow = abs(derivatives[i]) * abs(on_host(self.gradients[node]).item())
                edge.derivative = f"∂ {significant(derivatives[i])}"
            elif parent in self.gradients and not self.picture.scalar:
                edge.flow = source.rows[-1].size
            self.picture.edges.append(edge)

    def _mark_origin(self) -> None:
        """Outline where NaN or infinity starts: the first value computed, else the first gradient."""
        cards = self.picture.cards
        for label, order in (("data", cards), ("grad", list(reversed(cards)))):
            for card in order:
                if any(row.label == label and row.mood is Mood.ALARM for row in card.rows):
                    card.origin = True
                    what = "value" if label == "data" else "gradient"
                    called = card.title or card.operation or card.role.value
                    self.picture.notes.append(f"first {what} that is not finite: {called} ({card.id})")
                    return

    def _note_changes(self) -> None:
        changed = [cleaned(node.name or "an unnamed leaf") for node in self.nodes if is_stale(node)]
        if changed:
            names = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
            self.picture.notes.append(f"changed after this graph was recorded: {names}")


def _by_structure(newest_first: list[Node]) -> list[Node]:
    """Oldest first; every leaf right before the first operation that reads it, however old it is."""
    ordered: dict[Node, None] = {}
    for node in reversed(newest_first):
        if node.function is not None:
            for parent in node.parents:
                if parent is not None and parent.function is None:
                    ordered.setdefault(parent)
            ordered.setdefault(node)
    for node in reversed(newest_first):
        ordered.setdefault(node)
    return list(ordered)


def _scopes(paths: Iterable[str]) -> dict[str, str | None]:
    """Every module that occurs, with the one around it."""
    found: dict[str, str | None] = {}
    for path in paths:
        current: str | None = path or _root(path)
        while current is not None and current not in found:
            above = current.parent if isinstance(current, Scope) else None
            found[current] = above
            current = above
    return found


def _root(path: str) -> str | None:
    """The empty path is the outermost module's if it has a label, else no module at all."""
    return path if isinstance(path, Scope) and path.label else None


def _within(name: str, scope: str | None) -> str:
    return name[len(scope) + 1 :] if scope else name


def _dissolve_lone_cards(cards: list[Card]) -> None:
    """A frame around a single card says no more than a word on the card."""
    members: dict[str, list[Card]] = {}
    children: dict[str, int] = {}
    above = _scopes(card.scope for card in cards if card.scope is not None)
    for card in cards:
        if card.scope is not None:
            members.setdefault(card.scope, []).append(card)
    for parent in above.values():
        if parent is not None:
            children[parent] = children.get(parent, 0) + 1
    for scope in sorted(above, key=len, reverse=True):
        inside, parent = members.get(scope, []), above[scope]
        if len(inside) == 1 and not children.get(scope):
            card = inside[0]
            card.scope = parent
            card.detail = " ".join(filter(None, [card.detail, cleaned(scope) and f"({cleaned(scope)})"]))
            if parent is not None:
                members.setdefault(parent, []).append(card)
                children[parent] -= 1


def _mark_residuals(edges: list[Edge]) -> None:
    """Of the two arguments of an addition, the one that the other was computed from skips what lies between."""
    into: dict[str, list[Edge]] = {}
    for edge in edges:
        into.setdefault(edge.target.id, []).append(edge)
    for pair in into.values():
        if pair[0].target.operation != "add" or len(pair) != 2:
            continue
        for skip, through in (pair, pair[::-1]):
            if skip.source is not through.source and _reaches(into, through.source, skip.source):
                skip.residual = True


def _reaches(into: dict[str, list[Edge]], start: Card, goal: Card) -> bool:
    """Whether `start` was computed from `goal`."""
    oldest, seen, waiting = int(goal.id[1:]), {start.id}, [start]
    while waiting:
        for edge in into.get(waiting.pop().id, ()):
            source = edge.source
            if source is goal:
                return True
            if source.id not in seen and int(source.id[1:]) > oldest:
                seen.add(source.id)
                waiting.append(source)
    return False


def _shape(data: Any) -> tuple[Any, ...]:
    return tuple(getattr(data, "shape", None) or ())


def _size(data: Any) -> int:
    return int(getattr(data, "size", 1))
