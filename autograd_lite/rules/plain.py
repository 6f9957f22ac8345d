"""The functions with nothing to differentiate: on Values they run on the arrays and return plain arrays.

Their results are constant almost everywhere (comparisons, rounding), or are indices, or tell about shape and type.
"""

from __future__ import annotations

import numpy as np

from ..primitive import plain

# comparisons and logic
plain([np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal])
plain([np.logical_and, np.logical_or, np.logical_xor, np.logical_not])
plain([np.isfinite, np.isinf, np.isnan, np.isposinf, np.isneginf, np.signbit])
plain([np.all, np.any, np.allclose, np.isclose, np.array_equal, np.array_equiv])
plain([np.isreal, np.iscomplex, np.isrealobj, np.iscomplexobj])

# constant between the jumps
plain([np.floor, np.ceil, np.rint, np.trunc, np.fix, np.round, np.around, np.floor_divide])
plain([np.spacing])

# indices and counts
plain([np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.argpartition, np.lexsort])
plain([np.nonzero, np.flatnonzero, np.argwhere, np.count_nonzero, np.searchsorted, np.digitize])
plain([np.isin, np.ravel_multi_index, np.unravel_index])
plain([np.in1d] if hasattr(np, "in1d") else [])  # until NumPy 2.4
plain([np.diag_indices_from, np.tril_indices_from, np.triu_indices_from])

# shape, type and text
plain([np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.min_scalar_type, np.common_type])
plain([np.may_share_memory, np.shares_memory, np.zeros_like, np.ones_like, np.empty_like, np.einsum_path])
plain([np.array2string, np.array_repr, np.array_str])

# defined for integers alone: NumPy's own error says so
plain([np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.bitwise_count, np.invert, np.left_shift, np.right_shift])
plain([np.gcd, np.lcm, np.packbits, np.unpackbits])
