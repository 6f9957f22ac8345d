"""Write `gpt2/`: the weights of a small GPT-2 as PyTorch saves them, and what PyTorch computes with them.

Needs PyTorch and safetensors: `python -m tests.peers.make_golden_gpt2`.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file, save_model

from .gpt2.model import GPT, GPTConfig

FOLDER = Path(__file__).with_name("gpt2")


def main() -> None:
    torch.manual_seed(0)
    config = GPTConfig()
    model = GPT(config)
    for parameter in model.parameters():  # larger than a fresh model's, so that every part of it matters
        torch.nn.init.normal_(parameter, std=0.6)
    tokens = torch.randint(config.vocab_size, (2, config.block_size // 2 + 1))
    idx, targets = tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()
    targets[1, -3:] = -1  # ignored
    logits, loss = model(idx, targets)
    loss.backward()
    gradients = {f"gradient {name}": parameter.grad for name, parameter in model.named_parameters()}
    results = {"idx": idx, "targets": targets, "logits": logits.detach(), "loss": loss.detach().reshape(1)}
    save_model(model, str(FOLDER / "model.safetensors"))
    save_file(results | gradients, FOLDER / "expected.safetensors")


if __name__ == "__main__":
    main()
