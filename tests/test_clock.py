import tensorflow as tf
from toy_tasks import LOSSES, arrays, build, dataset

import mtl_keras as mtl
from mtl_keras import clock


def test_there_is_one_clock():
    assert clock.epoch() is clock.epoch()
    clock.set_epoch(3)
    assert int(clock.epoch()) == 3
    mtl.data.set_epoch(0)
    assert int(clock.epoch()) == 0


def test_a_pipeline_reads_the_epoch_when_its_iterator_starts():
    data = tf.data.Dataset.range(1).map(lambda _: clock.epoch().read_value()).repeat(2)
    seen = []
    for epoch in (4, 1):
        clock.set_epoch(epoch)
        seen += [int(x) for x in data]
    assert seen == [4, 4, 1, 1]


def test_fit_sets_the_epoch_before_it_asks_for_data():
    seen = []

    def note(x, y):
        tf.py_function(lambda: seen.append(int(clock.epoch())), [], [])
        return x, y

    inputs, labels = arrays(8)
    model = build(noise=False)
    model.compile("sgd", LOSSES, run_eagerly=True)
    model.fit(dataset(inputs, labels).map(note), initial_epoch=2, epochs=5, verbose=0)
    assert seen == [2, 3, 4]


def test_the_order_differs_by_epoch_and_by_seed():
    """Plain Keras gives arrays in one order in every epoch."""
    inputs, labels = arrays(16)
    source = {"all": (inputs, labels)}
    orders = {}
    for seed in (0, 1):
        data = mtl.data.zip_tasks(source, batch_size=16, seed=seed)
        for epoch in (0, 1, 0):
            clock.set_epoch(epoch)
            (x, _), *_ = data
            order = x["x"].numpy().tobytes()
            assert orders.setdefault((seed, epoch), order) == order
    assert len(set(orders.values())) == 4
