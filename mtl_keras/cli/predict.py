"""`mtl-keras predict`: asks an export about picture files or texts."""

import os

from mtl_keras.cli import console, options


def add_parser(commands):
    """Adds the command."""
    parser = options.add_command(
        commands, "predict", run, "ask an export (SavedModel) about picture files or texts",
        epilog="A task that takes a picture and a text needs as many of one as of the other, or "
        "one kind alone where it can do without the other. "
        "Example: mtl-keras predict exports/demo --task topics --text 'Rates rise again'",
    )  # fmt: skip
    parser.add_argument("export", metavar="SAVEDMODEL", help="what `mtl-keras export` wrote")
    parser.add_argument(
        "given", nargs="*", metavar="FILE|TEXT",
        help="picture files, texts, .txt files of a text on each line",
    )  # fmt: skip
    parser.add_argument("--task", required=True, metavar="TASK")
    parser.add_argument(
        "--text", action="append", default=[], metavar="TEXT",
        help="a text; may be given several times",
    )  # fmt: skip


def run(args):
    """Prints label and probability of each row."""
    console.start()
    from mtl_keras import saved
    from mtl_keras.errors import unknown

    tasks = saved.load(args.export)
    if args.task not in tasks.tasks:
        raise unknown("task", args.task, tasks.tasks)
    pictures, texts = _sort(args, tasks)
    labels, probabilities = tasks.predict(args.task, pictures=pictures or None, texts=texts or None)
    rows = [
        {
            **({"picture": pictures[i]} if pictures else {}),
            **({"text": texts[i]} if texts else {}),
            **_answer(labels, probabilities, i, tasks.class_names[args.task]),
        }
        for i in range(len(labels))
    ]
    header = [key for key in rows[0] if key != "probabilities"]
    cells = [[_cell(row[key]) for key in header] for row in rows]
    console.show(args, rows, lambda: console.table(header, cells))


def _sort(args, tasks):
    """Splits what was given into pictures and texts, by what the task takes."""
    from mtl_keras import saved

    kinds = set(tasks.inputs[args.task].values())
    pictures, texts = [], list(args.text)
    for given in args.given:
        if given.lower().endswith(".txt"):
            texts += saved.read_texts(given)
        elif "image" in kinds and ("text" not in kinds or _is_picture(given)):
            pictures.append(given)
        else:
            texts.append(given)
    if not pictures and not texts:
        wanted = " and ".join(sorted(kinds)).replace("image", "picture files")
        raise ValueError(f"Task {args.task!r} takes {wanted}; none was given.")
    return pictures, texts


def _is_picture(given):
    return os.path.splitext(given)[1].lower() in (".png", ".jpg", ".jpeg", ".bmp", ".gif")


def _answer(labels, probabilities, row, class_names):
    """Label and probability of a row; the values of a regression."""
    if probabilities is None:
        return {"value": [float(value) for value in labels[row]]}
    by_class = dict(zip(class_names, map(float, probabilities[row])))
    label = labels[row]
    several = isinstance(label, list)
    shown = [by_class[name] for name in label] if several else by_class[label]
    return {"label": label, "probability": shown, "probabilities": by_class}


def _cell(value):
    if isinstance(value, list):
        return ", ".join(map(_cell, value)) or "none"
    return f"{value:.3f}" if isinstance(value, float) else value
