"""The functions that have no derivative, each with the reason and what to write instead."""
