"""Stacking: a logistic model over the members' logits."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("mtl_keras")
class StackingEnsemble(keras.layers.Layer):
    """Joins the logits of several members by a logistic model that is fitted afterwards.

    z = [z₁; ...; z_J] W + b. It begins as the mean of the logits and learns whom to believe about
    which class. `fit` takes logits for rows that the members were not trained on, validation rows
    or out-of-fold ones: on their training rows members look surer than they are. Members that are
    sometimes absent need a `StackingEnsemble` for each pattern. Training leaves W and b alone.

    Args:
        l2: float, weight of ½ ‖W‖² beside the summed loss of the rows. Defaults to 1.

    Call arguments:
        logits: list of tensors (batch, outputs), one for each member.

    Returns:
        Logits (batch, outputs).

    Example:
        >>> right, noise = np.array([[3.0], [-3.0]] * 9), np.array([[1.0]] * 18)
        >>> layer = StackingEnsemble()
        >>> layer.fit([right, noise], [1, 0] * 9)
        >>> layer.kernel.numpy().round(2).ravel().tolist()
        [1.25, -0.0]

    Reference:
        Wolpert, "Stacked Generalization", Neural Networks 1992.
    """

    def __init__(self, l2=1.0, **kwargs):
        super().__init__(**kwargs)
        if l2 < 0:
            raise ValueError(f"Argument `l2` must not be negative. Received: l2={l2!r}")
        self.l2 = l2

    def build(self, input_shape):
        members, outputs = len(input_shape), input_shape[0][-1]
        mean = np.tile(np.eye(outputs, dtype="float32") / members, (members, 1))
        self.kernel = self.add_weight(
            shape=mean.shape, initializer=lambda *_, **__: mean, trainable=False, name="kernel"
        )
        self.bias = self.add_weight(
            shape=(outputs,), initializer="zeros", trainable=False, name="bias"
        )

    def call(self, logits):
        return ops.matmul(ops.concatenate(logits, axis=-1), self.kernel) + self.bias

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def fit(self, logits, labels):
        """Fits the weights, a convex problem, to rows that no member was trained on.

        Args:
            logits: list of float arrays (rows, outputs), one for each member.
            labels: int (rows,), classes; where there is a single output, 0 or 1. Rows with
                label -1 are left out.

        Raises:
            ValueError: no row has a label, or the labels are not among the classes.
        """
        from scipy.optimize import minimize

        labels = np.asarray(labels).reshape(-1)
        x = np.concatenate([np.asarray(each, "float64") for each in logits], axis=1)[labels != -1]
        labels, outputs = labels[labels != -1], np.shape(logits[0])[1]
        classes = max(outputs, 2)
        if not labels.size or labels.min() < 0 or labels.max() >= classes:
            found = f"{labels.min()} to {labels.max()}" if labels.size else "none"
            raise ValueError(
                f"Argument `labels` must hold classes 0 to {classes - 1}. Received: {found}"
            )
        if not self.built:
            self.build([(None, outputs)] * len(logits))
        wanted = np.eye(classes)[labels]

        def loss(flat):
            kernel, bias = np.split(flat.reshape(-1, outputs), [x.shape[1]])
            z = x @ kernel + bias
            both = z if outputs > 1 else np.concatenate([np.zeros_like(z), z], axis=1)
            log_p = both - np.logaddexp.reduce(both, axis=1, keepdims=True)
            error = (np.exp(log_p) - wanted)[:, -outputs:]
            value = 0.5 * self.l2 * (kernel**2).sum() - (wanted * log_p).sum()
            slope = [x.T @ error + self.l2 * kernel, error.sum(axis=0, keepdims=True)]
            return value, np.concatenate(slope).reshape(-1)

        start = np.concatenate([self.kernel.numpy(), self.bias.numpy()[None]]).reshape(-1)
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 1000})
        kernel, bias = np.split(found.x.reshape(-1, outputs), [x.shape[1]])
        self.kernel.assign(kernel)
        self.bias.assign(bias[0])

    def get_config(self):
        return {**super().get_config(), "l2": self.l2}
