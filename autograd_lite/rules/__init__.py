"""The derivative table, one file per chapter of NumPy's reference.

Importing this package fills the tables of `primitive`. `special` (SciPy) is loaded when first used.
"""

from . import linalg, plain, products, reduction, sorting
from .elementwise import relu
from .indexing import getitem, part, setitem
from .shape import astype

__all__ = ["astype", "getitem", "linalg", "part", "plain", "products", "reduction", "relu", "setitem", "sorting"]
