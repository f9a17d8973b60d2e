"""Examples with what the model says of them."""

import textwrap

import numpy as np

from mtl_keras.evaluation.plots.figure import RIGHT, WRONG, grid, new_figure


def sample_predictions(examples, labels, predictions, title=None):
    """Draws examples with what they are and what the model says, green if right and red if wrong.

    Pictures make a grid, with their caption where the examples also hold a text; texts alone
    make a list.

    Args:
        examples: dict input name -> values, at most one of them pictures, (N, height, width,
            channels) or a sequence of such, uint8 or float in [0, 1], and at most one texts (N,).
        labels: sequence of N class names.
        predictions: sequence of N class names.
        title: str, such as the task's name, default none.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:
        >>> pictures = np.zeros((2, 8, 8, 1), "uint8")
        >>> figure = sample_predictions({"digits_image": pictures}, ["3", "4"], ["3", "9"])
        >>> [axes.get_title() for axes in figure.axes]
        ['3', '9 (true: 4)']
    """
    pictures = texts = None
    for values in examples.values():
        if isinstance(values[0], (str, bytes)):
            texts = [v.decode() if isinstance(v, bytes) else v for v in values]
        elif np.ndim(values[0]) == 3:
            pictures = values
    if pictures is None and texts is None:
        raise ValueError(
            "Argument `examples` must hold pictures (height, width, channels) or texts. "
            f"Received: { {name: np.shape(v[0]) for name, v in examples.items()} }"
        )
    captions = [
        (f"{label}", RIGHT) if label == guess else (f"{guess} (true: {label})", WRONG)
        for label, guess in zip(labels, predictions)
    ]
    if pictures is None:
        figure = _text_list(texts, captions)
    else:
        figure = _picture_grid(pictures, texts, captions)
    if title:
        figure.suptitle(title)
    return figure


def task_samples(data, task, result):
    """Draws the sample predictions that the result of a task holds.

    Args:
        data: the `Data` of the task, for its raw test rows.
        task: str.
        result: dict of a task as `mtl_keras.evaluation.compare` makes it.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:
        >>> import mtl_keras as mtl
        >>> data = mtl.data.load(digits="sample/digits", examples=32)
        >>> samples = {"index": [0, 1], "label": [3, 2], "prediction": [3, 5]}
        >>> result = {"samples": samples, "classes": list("0123456789")}
        >>> [axes.get_title() for axes in task_samples(data, "digits", result).axes]
        ['3', '5 (true: 2)']
    """
    raw, _ = data.raw(task, "test")
    samples = result["samples"]
    names = result["classes"] or range(len(result["confusion"]))
    examples = {name: [values[i] for i in samples["index"]] for name, values in raw.items()}
    label, guess = ([str(names[c]) for c in samples[key]] for key in ("label", "prediction"))
    return sample_predictions(examples, label, guess, title=task)


def _picture_grid(pictures, texts, captions):
    width = 1.45 if texts is None else 2.2
    figure, panels = grid(len(captions), 4, width, width + (0.4 if texts is None else 0.6))
    for i, ((caption, colour), axes) in enumerate(zip(captions, panels)):
        picture = np.asarray(pictures[i])
        white = 1 if np.issubdtype(picture.dtype, np.floating) else 255
        picture = picture.squeeze(-1) if picture.shape[-1] == 1 else picture
        axes.imshow(picture, cmap="gray", vmin=0, vmax=white)
        style = {"fontsize": 8, "parse_math": False}
        axes.set_title(textwrap.fill(caption, int(10 * width)), color=colour, **style)
        axes.set(xticks=[], yticks=[])
        if texts is not None:
            axes.set_xlabel(textwrap.fill(texts[i], int(15 * width)), **style)
    return figure


def _text_list(texts, captions):
    wrapped = [textwrap.fill(textwrap.shorten(text, 200), 98) for text in texts]
    captions = [(textwrap.fill(caption, 26), colour) for caption, colour in captions]
    lines = [1 + max(t.count("\n"), c.count("\n")) for t, (c, _) in zip(wrapped, captions)]
    figure = new_figure(8, 0.3 + 0.19 * sum(lines) + 0.12 * len(lines))
    axes = figure.subplots()
    axes.set_axis_off()
    below = np.cumsum([0] + [n + 0.65 for n in lines])
    axes.set(xlim=(0, 1), ylim=(below[-1], 0))
    style = {"fontsize": 8, "va": "top", "parse_math": False}
    for y, text, (caption, colour) in zip(below, wrapped, captions):
        axes.text(0.27, y, text, **style)
        axes.text(0.25, y, caption, ha="right", color=colour, **style)
    return figure
