import collections
import fractions
import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mtl_keras.data.schedule import Schedule, largest_remainder

law = settings(deadline=None, max_examples=15)
sizes = st.dictionaries(st.sampled_from("abc"), st.integers(1, 40), min_size=1)
seeds = st.integers(0, 1000)
epochs = st.integers(0, 50)


def make(*args, **options):
    """A schedule, or no such case where a batch would be larger than the data."""
    try:
        return Schedule(*args, **options)
    except ValueError:
        assume(False)


def order(schedule, name, epoch=0):
    return schedule.indices(name, epoch).numpy().ravel()


@law
@given(sizes, st.integers(1, 8), seeds, epochs)
def test_exact_gives_each_row_once_in_order(sizes, batch_size, seed, epoch):
    schedule = Schedule(sizes, batch_size, "exact", seed=seed)
    assert schedule.steps == -(-max(sizes.values()) // batch_size)
    for name, size in sizes.items():
        present = schedule.present(name).numpy().ravel()
        rows = order(schedule, name, epoch)
        np.testing.assert_array_equal(rows[present], np.arange(size))
        assert ((rows >= 0) & (rows < size)).all()


@law
@given(sizes, st.integers(1, 8), seeds, epochs)
def test_longest_starts_again_reshuffled(sizes, batch_size, seed, epoch):
    schedule = make(sizes, batch_size, "longest", seed=seed)
    assert schedule.steps == max(sizes.values()) // batch_size
    for name, size in sizes.items():
        rows = order(schedule, name, epoch)
        for start in range(0, len(rows), size):  # Every pass has each row at most once.
            part = rows[start : start + size]
            assert len(set(part)) == len(part)


@law
@given(sizes, st.integers(1, 8), seeds)
def test_shortest_continues_where_it_stopped(sizes, batch_size, seed):
    schedule = make(sizes, batch_size, "shortest", seed=seed)
    assert schedule.steps == min(sizes.values()) // batch_size
    for name, size in sizes.items():
        parts = [order(schedule, name, epoch) for epoch in range(4)]
        if size == min(sizes.values()):
            assert all(len(set(part)) == len(part) for part in parts)
            continue
        rows = np.concatenate(parts)
        for start in range(0, len(rows) - size + 1, size):  # Across epochs, pass after pass.
            np.testing.assert_array_equal(np.sort(rows[start : start + size]), np.arange(size))


@law
@given(sizes, st.integers(1, 40), seeds, epochs)
def test_proportional_gives_each_row_at_most_once_in_an_epoch(sizes, batch_size, seed, epoch):
    schedule = make(sizes, batch_size, "proportional", seed=seed)
    assert sum(schedule.rows.values()) == batch_size
    for name in sizes:
        rows = order(schedule, name, epoch)
        assert len(rows) == schedule.steps * schedule.rows[name]
        assert len(set(rows)) == len(rows)


@law
@given(sizes, st.integers(1, 40), seeds)
def test_proportional_leftovers_rotate(sizes, batch_size, seed):
    schedule = make(sizes, batch_size, "proportional", seed=seed)
    for name, size in sizes.items():
        per_epoch = schedule.steps * schedule.rows[name]
        # After n epochs, no row was seen more than once oftener than another.
        counts = collections.Counter(dict.fromkeys(range(size), 0))
        for epoch in range(4):
            counts.update(order(schedule, name, epoch).tolist())
            assert max(counts.values()) - min(counts.values()) <= 1
        assert sum(counts.values()) == 4 * per_epoch


def test_temperature_moves_towards_equal_shares():
    rows = [
        Schedule({"a": 900, "b": 100}, 100, "proportional", temperature=t).rows
        for t in (1.0, 2.0, 1e9)
    ]
    assert rows == [{"a": 90, "b": 10}, {"a": 75, "b": 25}, {"a": 50, "b": 50}]


def test_temperature_repeats_the_small_source_pass_after_pass():
    schedule = Schedule({"a": 90, "b": 10}, 10, "proportional", temperature=1e9)
    assert schedule.steps == 10
    rows = np.concatenate([order(schedule, "b", epoch) for epoch in (0, 1)])
    for start in range(0, 100, 10):
        assert sorted(rows[start : start + 10]) == list(range(10))
    assert len({tuple(rows[start : start + 10]) for start in range(0, 100, 10)}) == 10


@law
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=6), st.integers(1, 300))
def test_largest_remainder(weights, total):
    parts = largest_remainder(weights, total)
    shares = [fractions.Fraction(total * w, sum(weights)) for w in weights]
    assert sum(parts) == total
    assert all(abs(part - share) < 1 for part, share in zip(parts, shares))
    up = [share % 1 for part, share in zip(parts, shares) if part > share]
    down = [share % 1 for part, share in zip(parts, shares) if part <= share and share % 1]
    assert not up or not down or min(up) >= max(down)


@pytest.mark.parametrize("mode", ["longest", "shortest", "proportional"])
def test_the_order_is_a_function_of_seed_and_epoch(mode):
    def orders(seed, epoch):
        schedule = Schedule({"a": 64, "b": 48}, 16, mode, seed=seed)
        return tuple(tuple(order(schedule, name, epoch)) for name in "ab")

    cases = list(itertools.product((0, 1), (0, 1, 2)))
    found = {case: orders(*case) for case in cases}
    assert found == {case: orders(*case) for case in reversed(cases)}
    assert len(set(found.values())) == len(cases)


def test_every_permutation_is_as_likely_as_another():
    passes = order(Schedule({"a": 3, "b": 1800}, 10), "a").reshape(600, 3)
    seen = collections.Counter(map(tuple, passes.tolist()))
    # 600 draws of 6: mean 100, sd 9.1; 4.4 sd, false alarm below 1e-4.
    assert len(seen) == 6
    assert all(60 <= count <= 140 for count in seen.values())


def test_a_source_does_not_depend_on_the_others_of_its_size():
    alone = Schedule({"a": 50}, 10)
    beside = Schedule({"b": 20, "a": 50}, 10)
    np.testing.assert_array_equal(alone.indices("a", 3), beside.indices("a", 3))


def test_noise_is_a_function_of_seed_epoch_source_and_input():
    def noise(seed, epoch, name, slot):
        schedule = Schedule({"a": 20, "b": 20}, 4, seed=seed)
        return schedule.noise(name, slot, epoch, 5).numpy()

    first = noise(0, 0, "a", "image")
    assert first.shape == (5, 4, 5)
    assert ((first >= 0) & (first < 1)).all()
    np.testing.assert_array_equal(first, noise(0, 0, "a", "image"))
    for other in (
        (1, 0, "a", "image"),
        (0, 1, "a", "image"),
        (0, 0, "b", "image"),
        (0, 0, "a", "x"),
    ):
        assert not np.array_equal(first, noise(*other))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "longst"}, "Unknown way to end an epoch 'longst'. Did you mean 'longest'"),
        ({"batch_size": 0}, "`batch_size` must be a whole number >= 1"),
        ({"batch_size": 100}, "`batch_size` must be small enough .* batch_size=100"),
        ({"temperature": 0}, "`temperature` must be > 0"),
        ({"temperature": 2.0}, '`temperature` is for epoch="proportional" only'),
        ({"sizes": {}}, "`sources` must name at least one source"),
        ({"sizes": {"a": 5, "b": 0}}, "Source 'b' is empty"),
        (
            {"sizes": {"a": 1000, "b": 1}, "mode": "proportional"},
            r"Source 'b' \(1 rows\) would get no row in a batch of 4: raise `batch_size`",
        ),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        Schedule(**{"sizes": {"a": 10, "b": 5}, "batch_size": 4, **options})
