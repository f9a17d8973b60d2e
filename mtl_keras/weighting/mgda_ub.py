"""Multiple-gradient descent at the shared features."""

from mtl_keras.weighting.mgda import MGDA
from mtl_keras.weighting.registry import register


@register("mgda_ub")
class MGDAUB(MGDA):
    """Finds the shortest convex combination of the gradients at the shared features.

    The rule is that of `MGDA`, with rows ∂L_i/∂Z in place of ∂L_i/∂θ, Z the features where the
    shared part ends (batch axis kept, as in the authors' code; LibMTL sums over the batch). One
    backward pass of Σ w_i L_i through the shared part follows, so that a step costs about what a
    plain one costs. ‖Σ w_i ∂L_i/∂θ‖ ≤ ‖∂Z/∂θ‖ ‖Σ w_i ∂L_i/∂Z‖ is the upper bound of the name: where
    the right side vanishes so does the left. The weights differ from those of MGDA unless ∂Z/∂θ is
    a scaled isometry.

    Args:
        normalization: as for `MGDA`. Defaults to `"none"`.

    Example:
        >>> method = MGDAUB()
        >>> method.build(["a", "b"])
        >>> method(losses=[1.0, 1.0], gramian=[[1.0, 0.0], [0.0, 3.0]]).numpy().tolist()
        [0.75, 0.25]

    Reference:
        Sener, Koltun, "Multi-Task Learning as Multi-Objective Optimization", NeurIPS 2018, arXiv
        1810.04650, section 3.3. Cost: T passes through the heads, one through the shared part.
    """

    at = "features"
