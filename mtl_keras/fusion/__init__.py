"""Fusion: joins the features of several inputs, some of which may be absent."""

__all__ = []
