"""Heads: one for each kind of task, with its loss and metrics."""

__all__ = []
