"""`Module`, the base class of every layer and model, and what it is made of."""

from .hooks import RemovableHandle
from .module import Module
from .state import LoadedKeys, slots

__all__ = ["LoadedKeys", "Module", "RemovableHandle", "slots"]
