"""Derivatives of differences, integrals, interpolation and convolution."""
