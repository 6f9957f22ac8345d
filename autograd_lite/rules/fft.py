"""Derivatives of `numpy.fft`."""
