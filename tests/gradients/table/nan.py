"""The functions that leave nan out."""
