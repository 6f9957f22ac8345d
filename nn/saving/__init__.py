"""Files of weights, which PyTorch reads too, and of whole runs: each written in one step, and none of them a pickle."""

from .checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from .recognize import CheckpointError
from .weights import load_safetensors, safetensors_metadata, save_safetensors

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "load_checkpoint",
    "load_safetensors",
    "safetensors_metadata",
    "save_checkpoint",
    "save_safetensors",
]
