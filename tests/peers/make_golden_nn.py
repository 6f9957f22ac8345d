"""Write `golden_nn.json`: what PyTorch computes for `tests/nn/cases.py`.

Needs PyTorch. Run it again when a case is added: `python -m tests.peers.make_golden_nn`.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.nn.cases import FUNCTIONS, LAYERS, inputs, state, weights


def tensor(array: Any) -> torch.Tensor:
    return torch.tensor(array, requires_grad=np.asarray(array).dtype.kind == "f")


def result(name: str, output: Any, wanted: dict[str, torch.Tensor]) -> dict[str, Any]:
    outputs = [x for x in (output if isinstance(output, tuple) else (output,)) if x is not None]
    factors = weights(name, [tuple(x.shape) for x in outputs])
    loss = sum((x * torch.tensor(w)).sum() for x, w in zip(outputs, factors, strict=True))
    gradients = torch.autograd.grad(loss, list(wanted.values()), materialize_grads=True)
    return {
        "outputs": [x.tolist() for x in outputs],
        "gradients": {key: g.tolist() for key, g in zip(wanted, gradients, strict=True)},
    }


def named(tensors: list[torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"argument {i}": x for i, x in enumerate(tensors) if x.requires_grad}


def main() -> None:
    torch.set_default_dtype(torch.float64)
    golden: dict[str, Any] = {"functions": {}, "layers": {}}
    for name, function in FUNCTIONS.items():
        tensors = [tensor(x) for x in inputs(name, function.arrays)]
        golden["functions"][name] = result(name, function.call(torch.nn.functional, *tensors), named(tensors))
    for name, layer in LAYERS.items():
        module = layer.build(torch.nn)
        shapes = {key: tuple(x.shape) for key, x in module.state_dict().items()}
        module.load_state_dict({key: torch.tensor(x) for key, x in state(name, shapes).items()})
        tensors = [tensor(x) for x in inputs(name, layer.arrays)]
        text = repr(module).replace("NonDynamicallyQuantizableLinear", "Linear")  # a subclass for quantization
        wanted = named(tensors) | dict(module.named_parameters())
        golden["layers"][name] = {"shapes": shapes, "repr": text, **result(name, layer.call(module, *tensors), wanted)}
    Path(__file__).with_name("golden_nn.json").write_text(json.dumps(golden, indent=None).replace('}}, "', '}},\n"'))


if __name__ == "__main__":
    main()
