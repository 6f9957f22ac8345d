"""Write `golden.json`: PyTorch's gradients of the functions in `tests/gradients`, with which ours are compared.

Needs PyTorch. Run it again when a case is added: `python -m tests.peers.make_golden`. With `--only TEXT` it compares
the cases whose names hold the text with ours, and writes nothing.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from autograd_lite import Value
from tests.gradients.kinks import KINKS
from tests.gradients.table import CASES, results, weighted_sum, weights_for

from .golden import decoded, encoded
from .torch_as_numpy import TorchAsNumPy

PATH = Path(__file__).with_name("golden.json")


def gradients_of(function, inputs):
    tensors = [torch.tensor(np.array(x), requires_grad=True) for x in inputs]
    outcome = results(function(TorchAsNumPy(), *tensors))
    real = [part for r in outcome for part in ((r.real, r.imag) if r.is_complex() else (r,))]
    total = sum((r * torch.tensor(np.array(weights_for(tuple(r.shape))))).sum() for r in real)
    gradients = torch.autograd.grad(total, tensors, allow_unused=True)
    return [
        np.zeros_like(x) if g is None else g.detach().resolve_conj().numpy()
        for x, g in zip(inputs, gradients, strict=True)
    ]


def made() -> tuple[dict[str, list[np.ndarray]], list[str]]:
    """The gradients by the name of the case, and why PyTorch has none for the others."""
    golden, left_out = {}, []
    for case in [*CASES, *KINKS]:
        try:
            golden[case.name] = gradients_of(case.function, case.inputs)
        except (AttributeError, TypeError, RuntimeError, ValueError, IndexError, NotImplementedError) as error:
            left_out.append(f"{case.name}: {type(error).__name__} {(str(error).splitlines() or [''])[0]}")
    return golden, left_out


def compare(text: str) -> None:
    for case in CASES:
        if text not in case.name:
            continue
        try:
            expected = gradients_of(case.function, case.inputs)
        except Exception as error:  # whatever keeps PyTorch from it is the answer
            print(f"{case.name}: PyTorch has none, {type(error).__name__} {error}")
            continue
        values = [Value(x) for x in case.inputs]
        weighted_sum(case.function(np, *values)).backward()
        ours = [np.zeros_like(v.data) if v.grad is None else v.grad for v in values]
        worst = max(float(np.max(np.abs(a - b), initial=0)) for a, b in zip(ours, expected, strict=True))
        print(f"{case.name}: {'equal' if worst < 1e-9 else 'DIFFERENT'}, {worst:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="TEXT", help="compare these cases with ours; write nothing")
    arguments = parser.parse_args()
    if arguments.only is not None:
        compare(arguments.only)
        return
    golden, left_out = made()
    lines = [f"  {json.dumps(name)}: {json.dumps(encoded(gradients))}" for name, gradients in golden.items()]
    PATH.write_text("{\n" + f'  "made with": "PyTorch {torch.__version__}",\n' + ",\n".join(lines) + "\n}\n")
    assert decoded(json.loads(PATH.read_text())[next(iter(golden))])
    print("\n".join(left_out))
    print(f"{len(golden)} gradients written, {len(left_out)} functions have no counterpart in PyTorch")


if __name__ == "__main__":
    main()
