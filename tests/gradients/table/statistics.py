"""Averages, quantiles, covariances."""
