"""Derivatives of the functions that leave nan out."""
