"""`summary`: what a model consists of, and what it computes from an input, as a table."""

from .summary import Summary, summary

__all__ = ["Summary", "summary"]
