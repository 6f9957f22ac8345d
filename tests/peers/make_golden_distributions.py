"""Write `golden_distributions.json`: what `torch.distributions` computes for the rows of `distribution_table`.

Needs PyTorch. Run it again when a row is added: `python -m tests.peers.make_golden_distributions`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributions as D

from tests.nn.distribution_table import ATTRIBUTES, DIFFERENTIATED, PAIRS, QUESTIONS, ROWS, Pair, Row, inside
from tests.nn.table.case import weights

from .golden import rounded

FILE = Path(__file__).with_name("golden_distributions.json")


def tensor(array: Any) -> torch.Tensor:
    array = np.array(array)
    return torch.tensor(array, requires_grad=array.dtype.kind == "f")


def answer(name: str, question: Callable[[], Any], leaves: list[torch.Tensor]) -> Any:
    """The result and, if leaves are given, its gradients: None where PyTorch has none, or no result."""
    try:
        output = question()
    except NotImplementedError:
        return None
    found: dict[str, Any] = {"output": rounded(output.tolist())}
    if leaves and output.requires_grad:
        (weight,) = weights(name, [tuple(output.shape)])
        total = torch.where(torch.isfinite(output), output * torch.tensor(weight), 0.0).sum()
        try:
            gradients = torch.autograd.grad(total, leaves, allow_unused=True, retain_graph=True)
        except RuntimeError as error:
            if "not implemented" not in str(error):
                raise
            return found | {"refused": True}
        found["gradients"] = [None if g is None else rounded(g.tolist()) for g in gradients]
    return found


def distribution(name: str, row: Row) -> dict[str, Any]:
    parameters = [tensor(x) for x in row.parameters]
    value = tensor(row.value)
    level = tensor(inside(*row.value.shape))
    leaves = [*parameters, *[x for x in (value, level) if x.requires_grad]]
    p = row.build(D, *parameters)
    text = re.sub(r"torch.Size\(\[(\d+)\]\)", r"(\1,)", repr(p))
    text = re.sub(r"torch.Size\(\[([\d, ]*)\]\)", r"(\1)", text)
    text = re.sub(r"tensor\((.*?)(, grad_fn=\S*>|, requires_grad=True)?\)", r"\1", text)
    found: dict[str, Any] = {"repr": re.sub(r"(\.\d+?)0+\b", r"\1", text)}
    found |= {"batch_shape": list(p.batch_shape), "event_shape": list(p.event_shape)}
    for key, question in QUESTIONS.items():
        wanted = leaves if key in DIFFERENTIATED else []
        found[key] = answer(name, lambda ask=question: ask(p, value, level), wanted)
    for key in ATTRIBUTES:
        if hasattr(p, key):
            found[key] = answer(name, lambda key=key: getattr(p, key), [])
    return found


def divergence(name: str, pair: Pair) -> Any:
    leaves = [tensor(x) for x in pair.parameters]
    return answer(name, lambda: D.kl_divergence(pair.p(D, *leaves), pair.q(D, *leaves)), leaves)


def main() -> None:
    torch.set_default_dtype(torch.float64)
    rows = {name: distribution(name, row) for name, row in ROWS.items()}
    rows |= {f"kl: {name}": divergence(name, pair) for name, pair in PAIRS.items()}
    lines = [f"{json.dumps(row)}: {json.dumps(found)}" for row, found in rows.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(lines)} rows, {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
