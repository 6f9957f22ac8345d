"""Write `safetensors/`: small files of PyTorch's, for `tests/nn/test_weights.py` and `tests/nn/test_checkpoint.py`.

Needs PyTorch and safetensors. Run it again when a case is added: `python -m tests.peers.make_golden_safetensors`.
"""

import os
from pathlib import Path

import torch
from safetensors.torch import save_file, save_model

FOLDER = Path(__file__).with_name("safetensors")


class Tied(torch.nn.Module):
    """An embedding that is the output layer as well, as in GPT-2, beside a transposed parameter and some buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.output = torch.nn.Linear(3, 5, bias=False)
        self.embedding = torch.nn.Embedding(5, 3)
        self.output.weight = self.embedding.weight
        self.transposed = torch.nn.Parameter(torch.arange(6.0).reshape(2, 3).T)
        self.register_buffer("count", torch.tensor(7))
        self.register_buffer("mask", torch.tensor([True, False, True]))
        self.register_buffer("empty", torch.zeros(0, 2))


def main() -> None:
    torch.manual_seed(0)
    FOLDER.mkdir(exist_ok=True)
    exact = {
        "float32": torch.randn(2, 3),
        "float64": torch.randn(2, 3, dtype=torch.float64),
        "int64": torch.tensor([-(2**62), 5]),
        "uint8": torch.tensor([0, 255], dtype=torch.uint8),
        "bool": torch.tensor([[True], [False]]),
        "complex64": torch.randn(2, dtype=torch.complex64),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(3, 0),
    }
    every_byte = torch.arange(256, dtype=torch.uint8)
    special = torch.tensor([0.0, -0.0, float("inf"), float("-inf"), float("nan"), 1e-45, 3.4e38, 1 / 3])
    widened = {
        "bfloat16": torch.cat([special, torch.randn(8)]).to(torch.bfloat16).reshape(4, 4),
        "float16": torch.cat([special, torch.randn(8)]).to(torch.float16).reshape(4, 4),
        "float8_e4m3": every_byte.clone().view(torch.float8_e4m3fn),
        "float8_e5m2": every_byte.clone().view(torch.float8_e5m2),
        "bfloat16_scalar": torch.tensor(1.5, dtype=torch.bfloat16),
    }
    as_float32 = {f"{name} as float32": x.float() for name, x in widened.items()}
    save_file(
        exact | widened | as_float32, FOLDER / "dtypes.safetensors", {"made with": f"PyTorch {torch.__version__}"}
    )
    save_file({"odd": every_byte.view(torch.float8_e8m0fnu)}, FOLDER / "no_numpy_dtype.safetensors")

    model = Tied()
    state = model.state_dict()
    save_model(model, str(FOLDER / "tied.safetensors"))
    without = {name: x.contiguous() for name, x in state.items() if name != "output.weight"}
    save_file(without, FOLDER / "tied_without_note.safetensors")
    torch.save(state, FOLDER / "model.pt")
    torch.save(state, FOLDER / "legacy.pt", _use_new_zipfile_serialization=False)
    for file in FOLDER.iterdir():
        os.chmod(file, 0o644)


if __name__ == "__main__":
    main()
