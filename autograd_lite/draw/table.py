"""A picture as a table of text, for whoever has no Graphviz."""

from __future__ import annotations

from .picture import Picture

MOST_ROWS = 60
_HEADINGS = ("card", "name", "operation", "of", "shape", "data", "grad")


def table_of(picture: Picture) -> str:
    """One line a card, in the order of computation; the first and the last of a long graph."""
    arguments: dict[str, list[str]] = {}
    for edge in picture.edges:
        arguments.setdefault(edge.target.id, []).append(edge.source.id)
    lines = [_HEADINGS]
    cards = picture.cards
    half = MOST_ROWS // 2
    shown = cards if len(cards) <= MOST_ROWS else cards[:half] + cards[-half:]
    for card in shown:
        texts = {row.label: row.text for row in card.rows}
        operation = card.sign or card.operation or card.role.value
        name = card.title if card.named or not card.operation else ""
        lines.append(
            (
                card.id,
                name,
                operation,
                " ".join(arguments.get(card.id, [])),
                card.shape,
                texts.get("data", ""),
                texts.get("grad", ""),
            )
        )
    widths = [max(len(line[i]) for line in lines) for i in range(len(_HEADINGS))]
    written = [
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip() for line in lines
    ]
    if len(shown) < len(cards):
        written.insert(1 + half, f"... {len(cards) - len(shown):,} more ...")
    return "\n".join([*written, *picture.notes])
