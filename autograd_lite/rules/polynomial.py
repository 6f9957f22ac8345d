"""Derivatives of `np.polyval` and its kin."""
