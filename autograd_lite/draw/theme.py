"""The colours of a drawing, and nothing else.

The hues are Okabe and Ito's, told apart also by colour-blind readers; roles differ in border width and wording as
well, never by hue alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Role(Enum):
    """What a value is to the graph."""

    INPUT = "input"
    PARAMETER = "parameter"
    INTERMEDIATE = "intermediate"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Tone:
    """How the cards of one role look: the fill, the border, the role's name in writing, the border's width."""

    fill: str
    stroke: str
    word: str
    border: int


@dataclass(frozen=True, slots=True)
class Theme:
    """All colours of a drawing, as `#RRGGBB`."""

    background: str
    ink: str
    muted: str
    edge: str
    operation: str
    operation_ink: str
    gradient: str
    histogram: str
    alarm: str
    alarm_ink: str
    residual: str
    clusters: tuple[str, str]
    cluster_stroke: str
    roles: dict[Role, Tone]


THEMES = {
    "light": Theme(
        background="#FFFFFF",
        ink="#1B2430",
        muted="#66717F",
        edge="#7A8694",
        operation="#2B3A4B",
        operation_ink="#FFFFFF",
        gradient="#B23C00",
        histogram="#8FA3B8",
        alarm="#C8102E",
        alarm_ink="#FFFFFF",
        residual="#0072B2",
        clusters=("#F6F8FA", "#EDF1F5"),
        cluster_stroke="#CBD3DB",
        roles={
            Role.INPUT: Tone("#E6F1FA", "#0072B2", "#0072B2", 1),
            Role.PARAMETER: Tone("#FFF3DB", "#C77700", "#9A5B00", 2),
            Role.INTERMEDIATE: Tone("#FFFFFF", "#9AA5B1", "#66717F", 1),
            Role.OUTPUT: Tone("#FBE9F2", "#A8457F", "#A8457F", 2),
        },
    ),
    "dark": Theme(
        background="#11161D",
        ink="#E8EDF3",
        muted="#93A0AF",
        edge="#7F8EA0",
        operation="#DCE4EC",
        operation_ink="#11161D",
        gradient="#FF9E5E",
        histogram="#7389A0",
        alarm="#D7263D",
        alarm_ink="#FFFFFF",
        residual="#56B4E9",
        clusters=("#161D26", "#1B2430"),
        cluster_stroke="#344150",
        roles={
            Role.INPUT: Tone("#10293C", "#56B4E9", "#56B4E9", 1),
            Role.PARAMETER: Tone("#362708", "#E69F00", "#E69F00", 2),
            Role.INTERMEDIATE: Tone("#222B36", "#5B6878", "#93A0AF", 1),
            Role.OUTPUT: Tone("#3A1A2E", "#E08CBF", "#E08CBF", 2),
        },
    ),
}
