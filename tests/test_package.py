"""What importing the package costs and refuses, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from toy_tasks import LOSSES, arrays, build

import mtl_keras as mtl

ROOT = Path(mtl.__file__).parents[1]


def python(code, *arguments, **environment):
    """Runs code in a new process; returns what it printed, and its errors."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout, done.stderr


LAZY = """
import sys
import mtl_keras as mtl
print(mtl.__version__, *[m for m in ("keras", "tensorflow", "numpy") if m in sys.modules])
print(*dir(mtl))
mtl.nothing
"""


def test_the_package_itself_loads_neither_keras_nor_tensorflow():
    out, err = python(LAZY)
    version, names = out.splitlines()
    assert version == mtl.__version__
    assert {"MultiTaskModel", "data", "trunks", "text", "callbacks", "weighting"} <= set(
        names.split()
    )
    assert err.splitlines()[-1] == "AttributeError: module 'mtl_keras' has no attribute 'nothing'"


OPEN = """
import sys
optional = ("tensorflow_datasets", "matplotlib", "scipy", "sklearn", "pandas")
sys.modules.update(dict.fromkeys(optional))  # not to be had
import keras
import numpy as np
import tensorflow
before = set(sys.modules)
import mtl_keras as mtl
model = keras.saving.load_model(sys.argv[1] + "/model.keras")
print(type(model).__name__, type(model.weighting).__name__, *model.tasks)
mtl.MultiTaskModel, mtl.callbacks.Checkpoint, mtl.text, mtl.trunks, mtl.weighting
roots = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(roots - sys.stdlib_module_names - {"keras", "tensorflow"}))
print(*[name for name in optional if sys.modules[name]])
with np.load(sys.argv[1] + "/inputs.npz") as inputs:
    np.save(sys.argv[1] + "/zeta.npy", model.predict(dict(inputs), verbose=0)["zeta"])
"""


def test_a_file_opens_and_the_core_loads_nothing_beyond_keras(tmp_path):
    """Keras itself takes SciPy, Matplotlib and scikit-learn where they are; we do not need them."""
    model, (inputs, _) = build(), arrays(2)
    model.compile("adam", LOSSES, weighting="pcgrad")
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "inputs.npz", **inputs)
    out, err = python(OPEN, str(tmp_path), TF_CPP_MIN_LOG_LEVEL="3")
    assert out.splitlines() == ["MultiTaskModel PCGrad zeta alpha mid", "mtl_keras", ""], err
    wanted = model.predict(inputs, verbose=0)["zeta"]
    np.testing.assert_allclose(np.load(tmp_path / "zeta.npy"), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_is_refused_in_one_line(backend):
    """Before Keras looks for it: it need not be installed."""
    for code in ("import mtl_keras", "from mtl_keras.model import MultiTaskModel"):
        out, err = python(code, KERAS_BACKEND=backend)
        last = err.splitlines()[-1]
        assert not out
        assert last.startswith("ImportError: mtl_keras runs on the TensorFlow backend of Keras")
        assert last.endswith(f"Received: {backend!r}")
        assert "No module named" not in err


def test_a_backend_of_the_settings_file_is_refused_too(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "numpy")
    with pytest.raises(ImportError, match="Received: 'numpy'"):
        _ = mtl.MultiTaskModel
