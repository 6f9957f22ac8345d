"""Drawings of the recorded graph: values, gradients, operations, shapes and modules.

From the graph to a file, one room a step: `picture` walks the graph and decides what there is to see, with the
words of `operations`, the gradients of `gradients` and the numbers of `statistics` and `text`; `dot` writes it
down for Graphviz in the colours of `theme`, `table` writes it as text; `render` runs Graphviz; `drawing` is what a
user holds. Nothing here computes a layout.
"""

from .drawing import Drawing, draw

__all__ = ["Drawing", "draw"]
