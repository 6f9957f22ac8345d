"""Write `golden_nn/`: what PyTorch computes for the rows of `tests/nn/table/`, one file a chapter.

Needs PyTorch. Run it again when a row is added: `python -m tests.peers.make_golden_nn [CHAPTER ...]`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.nn.table import CHAPTERS
from tests.nn.table.case import inputs, results, state, weights

from .golden import rounded

FOLDER = Path(__file__).with_name("golden_nn")
RENAMED = {"NonDynamicallyQuantizableLinear": "Linear"}  # a subclass for quantization


def tensor(array: Any) -> torch.Tensor:
    return torch.tensor(array, requires_grad=np.asarray(array).dtype.kind == "f")


def result(name: str, output: Any, wanted: dict[str, torch.Tensor]) -> dict[str, Any]:
    outputs = results(output)
    factors = weights(name, [tuple(x.shape) for x in outputs])
    loss = sum((x * torch.tensor(w)).sum() for x, w in zip(outputs, factors, strict=True))
    gradients = [None] * len(wanted)
    if loss.requires_grad:
        gradients = torch.autograd.grad(loss, list(wanted.values()), materialize_grads=True)
    return {
        "outputs": [numbers(x) for x in outputs],
        "gradients": {key: numbers(g) for key, g in zip(wanted, gradients, strict=True)},
    }


def numbers(x: torch.Tensor | None) -> Any:
    return None if x is None else rounded(x.tolist())


def named(tensors: list[torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"argument {i}": x for i, x in enumerate(tensors) if x.requires_grad}


def golden(chapter: Any) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for name, function in chapter.FUNCTIONS.items():
        tensors = [tensor(x) for x in inputs(name, function.arrays)]
        rows[name] = result(name, function.call(torch.nn.functional, *tensors), named(tensors))
    for name, layer in chapter.LAYERS.items():
        module = layer.build(torch.nn)
        shapes = {key: tuple(x.shape) for key, x in module.state_dict().items()}
        module.load_state_dict({key: torch.tensor(x) for key, x in state(name, module.state_dict()).items()})
        tensors = [tensor(x) for x in inputs(name, layer.arrays)]
        text = repr(module)
        for theirs, ours in RENAMED.items():
            text = text.replace(theirs, ours)
        wanted = named(tensors) | dict(module.named_parameters())
        rows[name] = {"shapes": shapes, "repr": text, **result(name, layer.call(module, *tensors), wanted)}
        buffers = {key: numbers(x) for key, x in module.named_buffers() if key in shapes}
        rows[name] |= {"buffers": buffers} if buffers else {}
    return rows


def main() -> None:
    torch.set_default_dtype(torch.float64)
    for name in sys.argv[1:] or CHAPTERS:
        lines = [f"{json.dumps(row)}: {json.dumps(found)}" for row, found in golden(CHAPTERS[name]).items()]
        (FOLDER / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
        print(f"{name}: {len(lines)} rows")


if __name__ == "__main__":
    main()
