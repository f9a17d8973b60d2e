"""Classical picture features as layers: edges, texture, denoising, enhancement."""

__all__ = []
