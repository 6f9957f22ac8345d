"""`numpy.fft`."""
