import json
import os

import keras
import numpy as np
import pytest
from toy_tasks import LOSSES, arrays, build, dataset, same, train, values

import mtl_keras as mtl
from mtl_keras import saving

METRICS = {"zeta": ["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(2)], "mid": "mae"}


def everything(model):
    return values([*model.variables, *model.optimizer.variables])


@pytest.mark.parametrize("weighting", ["uncertainty", "dwa", "pcgrad"])
def test_training_goes_on_bit_for_bit_after_load(weighting, tmp_path):
    if weighting == "pcgrad":
        weighting = mtl.weighting.PCGrad(seed=3)
    model = build()
    model.compile(
        keras.optimizers.AdamW(0.01), LOSSES, metrics=METRICS, weighting=weighting, run_eagerly=True
    )
    train(model, dataset().take(2), 2)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is mtl.MultiTaskModel
    assert loaded.tasks == model.tasks
    assert loaded.task_inputs == model.task_inputs
    assert type(loaded.weighting) is type(model.weighting)
    assert same(everything(loaded), everything(model))
    histories = [train(each, dataset().take(2), 3, initial_epoch=2) for each in (model, loaded)]
    assert histories[0] == histories[1]
    assert same(everything(loaded), everything(model))


def test_settings_come_back(tmp_path):
    model = build()
    options = {
        "loss": {**LOSSES, "mid": None},
        "loss_weights": {"zeta": 2.0},
        "metrics": {"zeta": "accuracy"},
        "weighted_metrics": {"alpha": "accuracy"},
        "weighting": mtl.weighting.DWA(temperature=3.0),
        "log_weights": True,
        "learning_rate_multipliers": {"trunk": 0.5},
        "run_eagerly": True,
        "steps_per_execution": 1,
        "jit_compile": False,
    }
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9, global_clipnorm=1.0), **options)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    assert loaded.weighting.get_config() == {"temperature": 3.0}
    assert loaded.loss_objects["mid"] is None
    assert loaded.loss_objects["alpha"].get_config() == LOSSES["alpha"].get_config()
    assert loaded.run_eagerly
    logs = [train(each, dataset().take(2)) for each in (model, loaded)]
    assert logs[0] == logs[1]
    assert {"zeta_weight", "alpha_accuracy", "zeta_accuracy"} <= logs[0].keys()
    assert same(everything(loaded), everything(model))


def texts(**options):
    return keras.layers.TextVectorization(output_sequence_length=4, **options)


def adapted(layer):
    layer.adapt(["good film", "bad film film"])
    return layer


@pytest.mark.parametrize(
    "layer",
    [
        lambda: texts(vocabulary=["film", "good"]),
        lambda: adapted(texts()),
        lambda: keras.Sequential([adapted(texts())]),
    ],
    ids=["given", "adapted", "in a Sequential"],
)
def test_preprocessing_and_names_come_back(layer, tmp_path):
    words, size = keras.Input((4,), dtype="int32", name="words"), keras.Input((2,), name="size")
    normal = keras.layers.Normalization()
    normal.adapt(np.array([[1.0, 5.0], [3.0, 9.0]], "float32"))
    kept = keras.layers.Concatenate()([mtl.text.embedding_branch(9, width=3)(words), size])
    outputs = {t: keras.layers.Dense(2)(kept) for t in ("zeta", "alpha")}
    names = {"zeta": ["č", "b"], "alpha": ["no", "yes"]}
    before = layer()
    model = mtl.MultiTaskModel(
        {"words": words, "size": size},
        outputs,
        preprocess={"words": before, "size": normal},
        class_names=names,
    )
    raw = np.array(["good film", "film strange"])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.class_names == names
    assert list(loaded.preprocess) == ["words", "size"]
    np.testing.assert_array_equal(loaded.preprocess["words"](raw), before(raw))
    numbers = np.array([[2.0, 6.0]], "float32")
    np.testing.assert_array_equal(loaded.preprocess["size"](numbers), normal(numbers))
    copy = mtl.MultiTaskModel.from_config(json.loads(json.dumps(model.get_config())))
    np.testing.assert_array_equal(copy.preprocess["words"](raw), before(raw))
    assert not any("vectorization" in layer.name for layer in loaded.layers)
    loaded.compile("sgd", "mse", jit_compile=True)  # Keras switches it off where text layers are
    assert loaded.jit_compile


def test_one_layer_for_two_inputs_is_saved_once(tmp_path):
    inputs = {name: keras.Input((4,), dtype="int32", name=name) for name in ("b", "a")}
    branch, layer = mtl.text.embedding_branch(9, width=3), adapted(texts())
    outputs = {name + "_task": keras.layers.Dense(1)(branch(x)) for name, x in inputs.items()}
    model = mtl.MultiTaskModel(inputs, outputs, preprocess=dict.fromkeys(inputs, layer))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").preprocess
    assert loaded["a"] is loaded["b"]
    assert loaded["a"].get_vocabulary() == layer.get_vocabulary()


def test_an_uncompiled_and_a_frozen_model_come_back(tmp_path):
    model = build()
    model.get_layer("trunk").trainable = False
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert not loaded.compiled
    assert not loaded.get_layer("trunk").trainable
    inputs, _ = arrays(3)
    found, wanted = (each.predict(inputs, verbose=0) for each in (loaded, model))
    assert all(np.array_equal(found[task], wanted[task]) for task in LOSSES)
    model.compile("adam", LOSSES, weighting="uncertainty", run_eagerly=True)
    train(model, dataset().take(1))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    assert not loaded.compiled
    assert same(values(loaded.variables), values(model.variables)[: len(loaded.variables)])


@keras.saving.register_keras_serializable("test_saving")
def distance(y_true, y_pred):
    return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)


def test_functions_as_loss_and_metric_come_back(tmp_path):
    model = build()
    model.compile("sgd", {**LOSSES, "mid": distance}, metrics={"mid": distance}, run_eagerly=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert train(model, dataset().take(1)) == train(loaded, dataset().take(1))


def test_gathered_gradients_go_on_in_the_middle_of_an_update(tmp_path):
    inputs, labels = arrays(8)
    labels["zeta"][:] = -1
    present, absent = (next(iter(data)) for data in (dataset(), dataset(inputs, labels)))
    model = build()
    optimizer = keras.optimizers.Adam(0.01, gradient_accumulation_steps=2)
    model.compile(optimizer, LOSSES, run_eagerly=True)
    model.train_on_batch(*present)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for each in (model, loaded):
        each.train_on_batch(*absent)
    assert same(everything(loaded), everything(model))


@pytest.mark.parametrize("name", ["model.keras", "model.weights.h5"])
def test_a_full_disk_leaves_the_earlier_file_whole(name, tmp_path, monkeypatch):
    model = build()
    save = model.save if name.endswith(".keras") else model.save_weights
    save(tmp_path / name)
    before = (tmp_path / name).read_bytes()
    model.set_weights([w + 1 for w in model.get_weights()])

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("h5py.Group.create_dataset", full)
    with pytest.raises(OSError, match="No space left"):
        save(tmp_path / name)
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("name", ["model.keras", "model.weights.h5"])
def test_a_file_is_replaced_only_if_wanted(name, tmp_path):
    model = build()
    save = model.save if name.endswith(".keras") else model.save_weights
    save(tmp_path / name)
    with pytest.raises(ValueError, match=r"exists already. Pass overwrite=True"):
        save(tmp_path / name, overwrite=False)
    save(tmp_path / name)
    assert os.listdir(tmp_path) == [name]


def test_weights_alone(tmp_path):
    models = [build(seed=0), build(seed=1)]
    models[0].save_weights(tmp_path / "m.weights.h5")
    models[1].load_weights(tmp_path / "m.weights.h5")
    assert same(models[1].get_weights(), models[0].get_weights())


def test_what_a_killed_process_left_is_overwritten(tmp_path):
    (tmp_path / ".unfinished-model.keras").write_bytes(b"half")
    build().save(tmp_path / "model.keras")
    assert os.listdir(tmp_path) == ["model.keras"]


def test_an_error_leaves_nothing_beside(tmp_path):
    def write():
        with saving.beside(str(tmp_path / "file")) as temporary:
            open(temporary, "w").close()
            raise KeyError

    with pytest.raises(KeyError):
        write()
    assert not os.listdir(tmp_path)
