"""Differences, integrals, interpolation, convolution."""
