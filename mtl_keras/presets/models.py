"""A model for any data: one trunk for all pictures, one text branch, a head for each task."""

from keras import layers

from mtl_keras.fusion import bilinear_fusion
from mtl_keras.model import MultiTaskModel
from mtl_keras.text import embedding_branch
from mtl_keras.trunks import conv_trunk


def shared_model(data, width=16, text_width=64, text_dropout=0.3, fusion_width=256):
    """Builds a multi-task model that shares all it can between the tasks of some data.

    All picture inputs go through one `conv_trunk`, all texts through one `embedding_branch`. A
    task with several inputs concatenates their features and their `bilinear_fusion`, which tells
    soon whether they match, and passes all through a dense layer of its own. Every task has a dense
    head.

    Args:
        data: a `Data`, as `mtl_keras.data.load` makes it.
        width: int, filters of the trunk's stem. Defaults to 16.
        text_width: int, size of the word vectors. Defaults to 64.
        text_dropout: float, dropout rate on the averaged word vectors of tasks that have a text
            alone: where a text must be matched with something, every part of it counts. Defaults
            to 0.3.
        fusion_width: int, units of the layers that join several inputs. Defaults to 256.

    Returns:
        An uncompiled `MultiTaskModel` with the preprocessing and class names of the data.

    Example:
        >>> import mtl_keras as mtl
        >>> data = mtl.data.load(digits="sample/digits", topics="sample/headlines")
        >>> shared_model(data, width=4).tasks
        ['digits', 'topics']
    """
    inputs = data.inputs()
    trunk = conv_trunk(width)
    text = embedding_branch(data.vocabulary_size, text_width, dropout=0.0)
    drop = layers.Dropout(text_dropout, name="text_dropout")

    def features(task):
        tensors = {name: inputs[name] for name in data.task_inputs[task]}
        parts = {name: (trunk if _is_picture(x) else text)(x) for name, x in tensors.items()}
        if len(parts) == 1:
            ((name, part),) = parts.items()
            return part if _is_picture(tensors[name]) else drop(part)
        product = bilinear_fusion(fusion_width, name=f"{task}_product")(parts)
        joined = layers.Concatenate(name=f"{task}_joined")([*parts.values(), product])
        return layers.Dense(fusion_width, activation="relu", name=f"{task}_fusion")(joined)

    outputs = {
        task: layers.Dense(data.outputs[task], name=task)(features(task)) for task in data.tasks
    }
    return MultiTaskModel(inputs, outputs, preprocess=data.preprocess, class_names=data.class_names)


def _is_picture(tensor):
    return len(tensor.shape) == 4
