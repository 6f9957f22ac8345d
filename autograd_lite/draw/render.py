"""Running Graphviz: the `dot` on PATH, else the one inside pygraphviz, in a process of its own with a time limit."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec

FORMATS = ("svg", "png", "pdf")
TIMEOUT = 120.0  # seconds; a graph within the limit of cards takes less
INSTALL = (
    "Drawing needs Graphviz, and neither 'dot' (on PATH) nor pygraphviz was found. Fix: pip install \"autograd-lite"
    '[draw]" - or apt install graphviz / brew install graphviz / winget install graphviz. Without it, .save("g.dot") '
    "works now."
)
# A resolution inside the DOT text would make Graphviz 2.43 clip every SVG.
_RESOLUTION = {"png": ["-Gdpi=144"]}
_PYGRAPHVIZ = """
import sys, pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode("utf-8"))
image = graph.draw(format=sys.argv[1], prog="dot", args=" ".join(sys.argv[2:]))
sys.stdout.buffer.write(image)
"""


def render(dot: str, kind: str) -> bytes:
    """The drawing as a file's content.

    Args:
        dot: the graph in Graphviz's language.
        kind: one of `FORMATS`.

    Raises:
        RuntimeError: Graphviz is not installed, failed, or took too long.
    """
    options = _RESOLUTION.get(kind, [])
    command = shutil.which("dot")
    if command is not None:
        return _run([command, f"-T{kind}", *options], dot)
    if find_spec("pygraphviz") is not None:
        return _run([sys.executable, "-c", _PYGRAPHVIZ, kind, *options], dot)
    raise RuntimeError(INSTALL)


def _run(command: list[str], dot: str) -> bytes:
    try:
        done = subprocess.run(command, input=dot.encode(), capture_output=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        raise RuntimeError(
            f"Graphviz had not finished after {TIMEOUT:g} s. Draw a smaller part, ag.draw(an_intermediate), "
            'or keep the text, .save("g.dot"), and lay it out with another engine such as sfdp.'
        ) from None
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
        raise RuntimeError(f"Graphviz could not draw the graph: {said}")
    return done.stdout
