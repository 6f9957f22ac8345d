"""Derivatives of averages, quantiles and covariances."""
