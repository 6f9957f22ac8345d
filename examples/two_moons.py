"""Two moons: a small network learns a curved border between two classes, and the border is drawn.

Run it:     python examples/two_moons.py            (2 seconds, CPU; the same numbers sooner with --compile)
Expect:     a test accuracy of 96.7 % with the default seed: the moons overlap, so no border gets everything right.
            In ./out: two_moons.png, what the network believes in every point of the plane
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import autograd_lite as ag
import nn

try:
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter
    from sklearn.datasets import make_moons
except ImportError as error:
    sys.exit(f'{error.name} is missing. Install what the examples need: pip install -e ".[examples]"')

BLUE, AMBER, INK, MUTED = "#0072B2", "#C77700", "#1B2430", "#66717F"


def moons(samples: int, seed: int) -> tuple[Any, Any]:
    """Points `(n, 2)` and classes 0 or 1 `(n, 1)`."""
    points, classes = make_moons(samples, noise=0.2, random_state=seed)
    return points, classes[:, None].astype(float)


def network(width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(2, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))


def draw(model: nn.Module, points: Any, classes: Any, accuracy: float, path: Path) -> None:
    """The probability of class 1 everywhere, the border where it is one half, and the points that were learnt."""
    low, high = points.min(axis=0) - 0.4, points.max(axis=0) + 0.4
    across, up = np.meshgrid(np.linspace(low[0], high[0], 300), np.linspace(low[1], high[1], 240))
    plane = np.stack([across, up], axis=-1).astype(np.float32)  # (240, 300, 2)
    with ag.no_grad():
        probability = nn.functional.sigmoid(model(plane)).data[..., 0]

    figure = Figure(figsize=(7.6, 4.5), layout="tight")
    axes = figure.subplots()
    shades = LinearSegmentedColormap.from_list("belief", ["#9CCBE8", "#FFFFFF", "#F2CD93"])
    belief = axes.contourf(across, up, probability, levels=np.linspace(0, 1, 21), cmap=shades)
    axes.contour(across, up, probability, levels=[0.5], colors=INK, linewidths=2)
    axes.plot([], [], color=INK, linewidth=2, label="border")
    for label, color, marker in ((0, BLUE, "o"), (1, AMBER, "^")):
        chosen = points[classes[:, 0] == label]
        axes.scatter(
            *chosen.T, s=30, color=color, marker=marker, edgecolors="white", linewidths=0.7, label=f"class {label}"
        )
    axes.set(xlabel="x₁", ylabel="x₂", aspect="equal")
    axes.set_title(f"Two moons: {accuracy:.1%} of new points right", loc="left", fontweight="bold", color=INK)
    axes.legend(loc="lower right", framealpha=0.9, edgecolor="#E4E8EC")
    axes.spines[:].set(visible=False)
    axes.tick_params(colors=MUTED)
    bar = figure.colorbar(belief, ticks=[0, 0.5, 1], format=PercentFormatter(1), shrink=0.8)
    bar.set_label("probability of class 1", color=INK)
    bar.outline.set_visible(False)
    figure.savefig(path, dpi=150)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Learn the border between two moons, and draw it.")
    parser.add_argument("--out", type=Path, default=Path("out"), help="the folder for the picture (default: out)")
    parser.add_argument("--epochs", type=int, default=100, help="how often to go through the data (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="of the points and the weights (default: 0)")
    parser.add_argument("--compile", action="store_true", help="train with programs that ag.compile makes")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)

    nn.manual_seed(options.seed)
    train, test = moons(300, options.seed), moons(2000, options.seed + 1)
    model, loss, start = network(width=16), nn.BCEWithLogitsLoss(), perf_counter()
    optimizer = nn.Adam(model.parameters(), lr=0.01)
    history = nn.fit(
        model, train, loss=loss, optimizer=optimizer, epochs=options.epochs, metrics=["accuracy"],
        compile=options.compile,
    )  # fmt: skip
    seconds = perf_counter() - start

    result = nn.evaluate(model, test, loss=loss, metrics=["accuracy"], batch_size=len(test[0]))
    print(f"test accuracy {result['accuracy']:.1%} after {history.epochs} epochs in {seconds:.1f} s")
    path = options.out / "two_moons.png"
    draw(model.eval(), *train, result["accuracy"], path)
    print(f"written: {path}")


if __name__ == "__main__":
    main()
