"""Derivatives of cumulative sums and products."""
