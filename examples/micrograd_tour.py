"""Backpropagation on single numbers, drawn: the two examples that micrograd made famous.

Run it:     python examples/micrograd_tour.py            (1 second, CPU; --compile writes expression.py as well)
Expect:     g = 24.7041, dg/da = 138.8338, dg/db = 645.5773, and four drawings in ./out:
            neuron.svg, neuron.png, expression.svg, expression.png

The first part trains nothing: it shows what one neuron computes, what `backward()` leaves in `.grad`, and that a
finite difference agrees. The second part is the expression on the front page of micrograd, whose numbers its
author checked against PyTorch.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import autograd_lite as ag
import nn
from autograd_lite import Value


def neuron() -> tuple[Value, list[Value]]:
    """o = tanh(x1·w1 + x2·w2 + b), every step with a name, so that the drawing can show it."""
    x1, x2 = Value(2.0, name="x₁"), Value(0.0, name="x₂")
    w1, w2, b = (nn.Parameter(np.float64(number)) for number in (-3.0, 1.0, 6.881373587019543))  # what it would learn
    w1.name, w2.name, b.name = "w₁", "w₂", "b"
    x1w1 = x1 * w1
    x1w1.name = "x₁w₁"
    x2w2 = x2 * w2
    x2w2.name = "x₂w₂"
    total = x1w1 + x2w2
    total.name = "Σ"
    n = total + b
    n.name = "n"
    o = np.tanh(n)  # NumPy's own function
    o.name = "o"
    return o, [x1, w1, x2, w2, b]


def expression(a: Value, b: Value) -> Value:
    """The expression of micrograd's README: every operation there is, and values that are used many times."""
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return g


def tour_of_a_neuron(out: Path) -> None:
    print("A neuron: o = tanh(x₁·w₁ + x₂·w₂ + b)\n")
    o, leaves = neuron()
    print(f"  forward:  o = {o:.4f}")
    print("  backward: each input learns how much o changes when it does\n")
    o.backward()
    for leaf in leaves:
        print(f"    {leaf.name:<3} = {leaf:7.4f}    do/d{leaf.name:<3} = {leaf.grad:7.4f}")

    step = 1e-6
    x1, w1, x2, w2, b = (leaf.item() for leaf in leaves)
    nudged = np.tanh(x1 * (w1 + step) + x2 * w2 + b)
    print(f"\n  check: nudge w₁ by {step:g}, and o moves {(nudged - o.item()) / step:.4f} times as far")
    save(o, "neuron", out)


def tour_of_an_expression(out: Path) -> None:
    print("\nThe expression of micrograd's README\n")
    a, b = Value(-4.0, name="a"), Value(2.0, name="b")
    g = expression(a, b)
    g.name = "g"
    g.backward()
    print(f"  g     = {g:.4f}")
    print(f"  dg/da = {a.grad:.4f}")
    print(f"  dg/db = {b.grad:.4f}")
    save(g, "expression", out)


def tour_of_a_program(out: Path) -> None:
    print("\nThe same expression with its gradients, as a program of ag.compile\n")
    program = ag.compile(ag.value_and_grad(expression, argnums=(0, 1)))
    g, (a, b) = program(np.float64(-4.0), np.float64(2.0))
    print(f"  g     = {g:.4f}")
    print(f"  dg/da = {a:.4f}")
    print(f"  dg/db = {b:.4f}")
    path = out / "expression.py"
    path.write_text(program.source)
    print(f"  written: {path}")


def save(value: Value, name: str, out: Path) -> None:
    drawing = ag.draw(value)
    for ending in ("svg", "png"):
        print(f"  drawn: {drawing.save(out / f'{name}.{ending}')}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Backpropagation on single numbers, drawn.")
    parser.add_argument("--out", type=Path, default=Path("out"), help="the folder for the drawings (default: out)")
    parser.add_argument("--compile", action="store_true", help="write the expression as a program too")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    tour_of_a_neuron(options.out)
    tour_of_an_expression(options.out)
    if options.compile:
        tour_of_a_program(options.out)
    print("\nIn a drawing: the number on an edge is its local derivative; a gradient is the sum, over the edges that")
    print("leave a value, of (gradient at the end of the edge) × (derivative on the edge). Try it on any card.")


if __name__ == "__main__":
    main()
