"""Datasets and the batches that are made of them, with the names of `torch.utils.data`."""

from .datasets import ConcatDataset, Subset, TensorDataset, random_split
from .loader import DataLoader

__all__ = ["ConcatDataset", "DataLoader", "Subset", "TensorDataset", "random_split"]
