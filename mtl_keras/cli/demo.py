"""`mtl-keras demo`: everything once, on the bundled sample data, in under three minutes."""

import time
from pathlib import Path

from mtl_keras.cli import console, options

SETS = {
    "digits": "sample/digits",
    "objects": "sample/drawings",
    "topics": "sample/headlines",
    "match": "sample/captions",
}
WIDTH, BATCH_SIZE, EPOCHS, LEARNING_RATE = 8, 80, 5, 0.005
HEAD_EPOCHS = 5  # Of the heads on one part of a pair.
EXAMPLES = {"objects": 2700}  # All rows of the other tasks.
ASKED = 3  # Held-out pictures of each task that the export is asked about.
HEADLINE = "Midfielder extends contract as the club climbs to third in the league"


def add_parser(commands):
    """Adds the command."""
    parser = options.add_command(
        commands, "demo", run,
        "train, compare, draw, export and ask, on bundled sample data (3 minutes)",
    )  # fmt: skip
    options.add_seed(parser)
    parser.add_argument("--out", default="runs/demo", metavar="DIR", help="[runs/demo]")


def run(args):
    """Runs the demonstration; returns the exit code."""
    start = time.perf_counter()
    console.start()
    out = Path(args.out)
    with console.working():
        data = load(args.seed)
        console.say(args, f"One model, {len(data.tasks)} tasks. {data}")
        console.say(args, "\nAll tasks together, then a model for each task alone:")
        comparison, model = compare(args, data)
        console.say(args, "\nNew heads for the match task, on its picture or its caption alone:")
        alone = match_from_one_part(args, data, model)
        console.say(args, "\nDrawing plots, exporting the model and asking the export:")
        plots = draw(comparison, model, out / "plots")
        export, answers = export_and_ask(comparison, model, data, out)
    comparison.to_json(out / "comparison.json")
    result = {
        "comparison": comparison.table(),
        "match_from_one_part": alone,
        "answers": answers,
        "export": export,
        "plots": plots,
        "seconds": time.perf_counter() - start,
    }
    console.show(
        args, result,
        lambda: print("Test data, one model for all tasks against one for each\n"),
        comparison.print,
        lambda: _print_alone(comparison, alone),
        lambda: _print_answers(answers),
    )  # fmt: skip
    console.say(args, _goodbye(out, export, result["seconds"]))


def load(seed=0):
    """Returns the sample data of the demonstration, all training pictures augmented.

    Args:
        seed: int. Defaults to 0.
    """
    from mtl_keras import data

    shifted = data.Augmentation(crop=2)
    mirrored = data.Augmentation(crop=2, flip=True)
    augment = {"digits": shifted, "objects": mirrored, "match": mirrored}
    return data.load(
        **SETS,
        batch_size=BATCH_SIZE,
        examples=EXAMPLES,
        epoch="proportional",
        seed=seed,
        augment={task: augment[task] for task in SETS if task in augment},
    )


def compare(args, data):
    """Trains the joint and the single-task models; returns the comparison and the joint model."""
    import keras

    from mtl_keras import callbacks, evaluation, presets

    # A callback knows the model that it was used with.
    keeper = keras.callbacks.Callback()

    def used(name):
        joint = name.startswith("multi")
        progress = [] if args.quiet else [callbacks.CompactProgress()]
        return progress + [keeper] if joint else progress

    comparison = evaluation.compare(
        lambda: presets.shared_model(data, width=WIDTH),
        data,
        epochs=EPOCHS,
        seeds=[args.seed],
        optimizer=lambda: _optimizer(data, EPOCHS),
        callbacks=used,
        verbose=0 if args.quiet else 1,
    )
    return comparison, keeper.model


def _optimizer(data, epochs):
    from mtl_keras import presets

    steps = epochs * int(data.train.cardinality())
    return presets.optimizer("adamw", steps=steps, learning_rate=LEARNING_RATE)


def match_from_one_part(args, data, model):
    """Trains a new match head on the joint model's features of either part; returns accuracies.

    They share nothing that is trained, so that they can be two tasks of one fit.
    """
    import keras
    from keras import layers

    import mtl_keras as mtl

    match = data.only("match")
    parts = {"picture": "match_image", "caption": "match_text"}
    seen = keras.Model(
        {name: model.inputs_by_name[name] for name in parts.values()},
        {name: model.get_layer(f"match_product_norm_{name}").output for name in parts.values()},
    )

    def known(dataset):
        """The features of all rows, computed once, with the label for either head."""
        return dataset.map(
            lambda x, y: (seen(x, training=False), dict.fromkeys(parts, y["match"]))
        ).cache()

    keras.utils.set_random_seed(args.seed)
    x = {name: keras.Input(seen.output[name].shape[1:], name=name) for name in parts.values()}
    heads = {
        part: layers.Dense(1, name=part)(layers.Dense(128, activation="relu")(x[name]))
        for part, name in parts.items()
    }
    alone = mtl.MultiTaskModel(x, heads)
    alone.compile(
        _optimizer(match, HEAD_EPOCHS),
        loss=dict.fromkeys(parts, match.losses["match"]),
        metrics=dict.fromkeys(parts, match.metrics["match"]),
    )
    alone.fit(
        known(match.train),
        validation_data=known(match.validation),
        epochs=HEAD_EPOCHS,
        verbose=0,
        callbacks=[] if args.quiet else [mtl.callbacks.CompactProgress()],
    )
    logs = alone.evaluate(known(match.test), return_dict=True, verbose=0)
    return {part: logs[f"{part}_accuracy"] for part in parts}


def draw(comparison, model, directory):
    """Draws the comparison and the model; returns dict name -> path."""
    from mtl_keras import evaluation

    paths = comparison.plot(directory)
    paths["model"] = directory / "model.png"
    evaluation.model_diagram(model, paths["model"])
    return paths


def export_and_ask(comparison, model, data, out):
    """Exports the model, writes some held-out rows as files and asks the export about them.

    Returns:
        The path of the export; a list of dicts with what was asked and answered.
    """
    from mtl_keras import model_card, saved

    metrics = {
        f"{task}_{row['metric']}": row["multi"].mean
        for task, row in comparison.table()["tasks"].items()
    }
    path = out / "export"
    model.export(path, overwrite=True, card=model_card.describe(data, metrics))
    tasks = saved.load(path)
    with_pictures = [task for task in data.tasks if task != "topics"]
    asked = [each for task in with_pictures for each in _held_out(data, task, out / "pictures")]
    asked.append({"task": "topics", "text": HEADLINE, "true": "sport"})
    for question in asked:
        (label,), (probabilities,) = tasks.predict(
            question["task"], pictures=question.get("picture"), texts=question.get("text")
        )
        question |= {"answer": label, "probability": float(max(probabilities))}
    return path, asked


def _held_out(data, task, folder):
    """Writes the first test pictures of a task as files; returns a question about each."""
    import keras

    folder.mkdir(parents=True, exist_ok=True)
    raw, labels = data.raw(task, "test")
    questions = []
    for row in range(ASKED):
        path = folder / f"{task}_{row}.png"
        keras.utils.save_img(path, raw[f"{task}_image"][row], scale=False)
        question = {"task": task, "picture": str(path)}
        if f"{task}_text" in raw:
            question["text"] = raw[f"{task}_text"][row]
        questions.append({**question, "true": data.class_names[task][labels[row]]})
    return questions


def _print_alone(comparison, alone):
    from mtl_keras.evaluation import standard_error

    row = comparison.table()["tasks"]["match"]
    scores = {"picture and caption": row["multi"].mean}
    scores |= {f"{part} alone": accuracy for part, accuracy in alone.items()}
    cells = [
        (name, console.percent(score, standard_error(score, row["test_examples"])))
        for name, score in scores.items()
    ]
    console.table(("match from", "test accuracy"), cells)


def _print_answers(answers):
    cells = [
        (
            each["task"],
            Path(each.get("picture", "-")).name,
            each.get("text", "-"),
            each["true"],
            each["answer"],
            f"{each['probability']:.3f}",
        )
        for each in answers
    ]
    console.table(("asked for", "picture", "text", "true", "answer", "probability"), cells)


def _goodbye(out, export, seconds):
    return (
        f"\nDone in {seconds:.0f} s. Written to {out}: plots/, comparison.json, export/, pictures/."
        f" Ask it yourself:\n  mtl-keras predict {export} --task topics --text {HEADLINE!r}"
    )
