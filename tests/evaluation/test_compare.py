import io
import itertools

import keras
import numpy as np
import pytest

import mtl_keras as mtl
from mtl_keras.evaluation import compare, cost, results, single_task
from mtl_keras.evaluation.compare import _input_shapes, _Plan

from .toy import ToyData, build


def fast():
    return keras.optimizers.SGD(0.1, momentum=0.9)


def build_one():
    return single_task(build(), "sign")


def one_task(**options):
    """A comparison where the joint model has one task, too."""
    arguments = {
        "data": ToyData(tasks=["sign"]),
        "epochs": 2,
        "optimizer": fast,
        "verbose": 0,
    } | options
    return compare(build_one, arguments.pop("data"), **arguments)


def essence(run):
    """A run without what no two of them have in common."""
    measured = ("seconds", "cpu_seconds", "step_seconds", "peak_mb")
    return {k: v for k, v in run.items() if k not in ("kind", *measured)}


@pytest.fixture(scope="module")
def plain():
    return one_task()


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A function that runs one stored comparison; it returns it and the names of the new runs."""
    directory = tmp_path_factory.mktemp("runs")

    def run(seeds):
        trained = []

        def callbacks(name):
            trained.append(name)
            return []

        options = {"optimizer": fast, "weighting": "uncertainty", "directory": directory}
        found = compare(
            build, ToyData, epochs=2, seeds=seeds, callbacks=callbacks, verbose=0, **options
        )
        assert len(list(directory.iterdir())) == len(found.runs)
        return found, trained

    return run


@pytest.fixture(scope="module")
def full(stored):
    first, trained = stored([0])
    assert trained == ["multi-seed0", "single-sign-seed0", "single-corner-seed0"]
    both, trained = stored([0, 1])
    assert trained == ["multi-seed1", "single-sign-seed1", "single-corner-seed1"]
    assert both.runs[:3] == first.runs
    return both


def test_one_joint_and_one_single_run_per_task_and_seed(full):
    each = [("multi", ["sign", "corner"]), ("single", ["sign"]), ("single", ["corner"])]
    found = [(run["kind"], list(run["tasks"]), run["seed"]) for run in full.runs]
    assert found == [(*run, seed) for seed in (0, 1) for run in each]
    joint, sign, _ = full.runs[:3]
    assert joint["parameters"] == cost(build()).parameters
    assert sign["flops"] == 2 * (2 * 8 + 8)
    assert len(joint["history"]["val_corner_accuracy"]) == 2
    assert sign["examples"] == {"sign": ToyData().examples["sign"]}
    assert {"versions", "machine", "seconds", "cpu_seconds", "peak_mb", "test"} <= joint.keys()
    assert 0 < joint["step_seconds"] < joint["seconds"]
    assert full.runs[0]["history"] != full.runs[3]["history"]
    configurations = [run["configuration"] for run in full.runs]
    assert {c["steps_per_epoch"] for c in configurations} == {6}
    assert [c["data_seed"] for c in configurations] == [0] * 3 + [1] * 3
    assert [bool(c["weighting"]) for c in configurations] == [True, False, False] * 2


def test_finished_runs_are_read_not_repeated(stored, full):
    """Also where Keras has numbered layers and optimizers on in between."""
    build()
    again, trained = stored([1, 0])
    assert trained == []
    assert again.runs == full.runs[3:] + full.runs[:3]


def test_the_best_mean_score_selects(full):
    for run in full.runs:
        assert run["best_epoch"] == int(np.argmax(run["history"]["val_mean_score"]))


def test_a_model_of_one_task_gives_the_same_joint_and_alone(plain):
    """Then both runs are one computation: same start, same rows, same selection, same test."""
    multi, single = plain.runs
    assert essence(multi) == essence(single)
    assert plain.table()["delta_m"].mean == 0


def test_the_weights_of_the_best_epoch_are_tested_once_at_the_end(plain):
    """Weights spoilt after the second of four epochs leave the test of two epochs as it was."""
    events = []

    class Spoil(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            events.append("fit")

        def on_epoch_begin(self, epoch, logs=None):
            if epoch >= 2:
                self.model.set_weights([np.zeros_like(w) for w in self.model.get_weights()])

        def on_train_end(self, logs=None):
            events.append("fitted")

    class Watched(ToyData):
        def only(self, *tasks):
            return Watched(tasks=tasks)

        @property
        def test(self):
            events.append("test")
            return self._test

        @test.setter
        def test(self, value):
            self._test = value

    found = one_task(data=Watched(tasks=["sign"]), epochs=4, callbacks=[Spoil()])
    for short, long in zip(plain.runs, found.runs):
        assert long["best_epoch"] == short["best_epoch"]
        assert long["test"] == short["test"]
    order = [event for event, _ in itertools.groupby(events)]
    assert order == ["fit", "fitted", "test"] * 2


def test_other_ways_to_say_it(plain, capsys):
    """The loss selects; an optimizer object is copied; progress goes to the standard error."""
    optimizer = fast()
    found = one_task(optimizer=optimizer, monitor="val_loss", verbose=1)
    assert not optimizer.built
    for run, expected in zip(found.runs, plain.runs):
        assert run["history"] == expected["history"]
        assert run["best_epoch"] == int(np.argmin(run["history"]["val_loss"]))
    out, err = capsys.readouterr()
    assert out == ""
    assert "multi-seed0: sign" in err
    assert "single-sign-seed0: sign" in err


CHANGES = {
    "epochs": {"epochs": 3},
    "monitor": {"monitor": "val_loss"},
    "optimizer": {"optimizer": lambda: keras.optimizers.SGD(0.2, momentum=0.9)},
    "schedule": {"optimizer": keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 9))},
    "weighting": {"weighting": "uncertainty"},
    "model": {"model": build(dropout=0.2)},
    "data": {"data": ToyData(seed=1)},
}


def digest_of(model=None, data=None, **options):
    common = {"epochs": 2, "optimizer": fast, "weighting": None, "monitor": "val_mean_score"}
    rest = {"build": build, "directory": None, "callbacks": None, "verbose": 0}
    plan = _Plan(**common | rest | options)
    return results.digest(
        plan._configuration(
            model or build(),
            data or ToyData(),
            plan._fresh_optimizer(),
            plan._fresh_weighting(),
        )
    )


@pytest.mark.parametrize("change", CHANGES)
def test_another_configuration_is_another_file(change):
    assert digest_of() == digest_of()
    assert digest_of(**CHANGES[change]) != digest_of()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "`epochs`"),
        ({"seeds": ()}, "`seeds`"),
        ({"seeds": (1, 1)}, "`seeds`"),
        ({"monitor": "test_loss"}, "`monitor`"),
        ({"data": ToyData()}, "same tasks"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(ValueError, match=message):
        one_task(**options)


def test_data_without_validation_are_refused():
    data = ToyData(tasks=["sign"])
    data.validation = None
    with pytest.raises(ValueError, match="validation"):
        one_task(data=data)


def test_single_task_shares_the_trunk_and_needs_one_input():
    model = build()
    part = single_task(model, "corner")
    assert part.tasks == ["corner"]
    assert list(part.inputs_by_name) == ["corner_x"]
    assert part.class_names == {"corner": ["a", "b", "c", "d"]}
    assert part.get_layer("trunk") is model.get_layer("trunk")


def test_the_rows_tell_the_size_of_an_input_that_leaves_it_open():
    x = keras.Input((None,), name="sign_x")
    model = mtl.MultiTaskModel(x, {"sign": keras.layers.Dense(1)(keras.layers.Reshape((2,))(x))})
    shapes = _input_shapes(model, ToyData())
    assert shapes == {"sign_x": (2,)}
    assert cost(model, shapes).flops == 4


@pytest.mark.full  # `tests/cli` compares quickly: texts in `test_compare`, pictures in `test_demo`
def test_comparison_of_real_data(tmp_path):
    """The bundled digits and headlines through `Data`, once through everything."""
    data = mtl.data.load(
        digits="sample/digits", topics="sample/headlines", batch_size=64, examples=128
    )

    def small():
        x = data.inputs()
        text = mtl.text.embedding_branch(data.vocabulary_size, width=8)
        outputs = {
            "digits": keras.layers.Dense(10)(keras.layers.Flatten()(x["digits_image"])),
            "topics": keras.layers.Dense(4)(text(x["topics_text"])),
        }
        options = {"preprocess": data.preprocess, "class_names": data.class_names}
        return mtl.MultiTaskModel(x, outputs, **options)

    found = compare(small, data, epochs=1, directory=tmp_path, verbose=0)
    rows = found.table()["tasks"]
    for task in data.tasks:
        assert rows[task]["train_examples"] == 128
        matrix = np.array(found.runs[0]["tasks"][task]["confusion"])
        assert matrix.sum() == rows[task]["test_examples"] == data.examples[task]["test"]
        assert rows[task]["multi"].mean == pytest.approx(np.trace(matrix) / matrix.sum())
        _, labels = data.raw(task)
        samples = found.runs[0]["tasks"][task]["samples"]
        assert labels[samples["index"]].tolist() == samples["label"]
    paths = found.plot(tmp_path / "plots")
    assert {"samples_digits", "samples_topics"} <= paths.keys()
    text = io.StringIO()
    found.print(text)
    assert "| digits | accuracy |" in text.getvalue()
