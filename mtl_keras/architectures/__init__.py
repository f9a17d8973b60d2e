"""Sharing architectures: what the tasks share beside, or instead of, one trunk."""

__all__ = []
