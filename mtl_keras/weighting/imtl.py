"""Impartial multi-task learning, both parts."""

from mtl_keras.weighting.combined import Combined
from mtl_keras.weighting.imtl_g import IMTLG
from mtl_keras.weighting.imtl_l import IMTLL
from mtl_keras.weighting.registry import register


@register("imtl")
class IMTL(Combined):
    """Scales the losses to one size (`IMTLL`), then makes every task advance alike (`IMTLG`).

    With scales e_i = exp(s_i), learned as in `IMTLL`, and w the weights of `IMTLG` for the Gramian
    e_i e_j G_ij, the weights are e_i w_i; their sum is not fixed and they may be negative. The own
    variables of a task get their gradient times e_i. As in LibMTL the gradient of s_i is that of
    Σ (e_i L_i - s_i), which w does not touch.

    Example:
        >>> method = IMTL()
        >>> method.build(["a", "b"])
        >>> weights = method(losses=[1.0, 1.0], gramian=[[1.0, 0.0], [0.0, 9.0]])
        >>> weights.numpy().round(6).tolist()
        [0.75, 0.25]

    Reference:
        Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021, algorithm 1. Cost: T task
        gradients.
    """

    def __init__(self):
        super().__init__(loss=IMTLL(), gradient=IMTLG())
