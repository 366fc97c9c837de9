"""Shares, warm-up, grouping, sharding and resuming, each held to what is promised of it."""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import accumulate, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from dsvl_min.config import ConfigError
from dsvl_min.data.feeds import Generated, Records
from dsvl_min.data.mixture import Mixture, Row, Stream, drawn
from dsvl_min.data.sample import Sample
from dsvl_min.data.sources import SOURCES, sample
from dsvl_min.data.tables import INSTRUCTIONS, PRETRAINING, TABLES, rows


@dataclass(frozen=True)
class Numbered:
    """A source whose samples say where they come from."""

    name: str
    image: bool = False

    def __call__(self, seed, index):
        return Sample(self.name, ("picture",) if self.image else (), text=f"{seed}/{index}")


def of_table(table):
    """A table's rows, two numbered sources in each."""
    return [
        Row(r.slug, r.share, tuple(Numbered(f"{r.slug}-{k}", not r.text) for k in "ab"), (3, 1), r.text) for r in table
    ]


def said(samples):
    return [(s.source, s.text) for s in samples]


def counts(mixture, steps):
    return [Counter(row.name for row, *_ in mixture.plan(t)) for t in range(steps)]


def windows(numbers, size=100):
    """The sum over each stretch of `size` consecutive numbers."""
    total = [0, *accumulate(numbers)]
    return [b - a for a, b in zip(total, total[size:], strict=False)]


def test_the_papers_shares_add_up():
    for table in TABLES.values():
        assert sum(row.share for row in table) == pytest.approx(100, abs=1e-9)
        assert len({row.slug for row in table}) == len(table) and all(row.paper for row in table)
        assert [row.slug for row in table if row.text] == ["text"]
    assert [row.share for row in PRETRAINING] == [13.1, 11.1, 2.1, 0.4, 1.2, 2.1, 70.0]
    assert [row.share for row in INSTRUCTIONS] == [10.5, 35.5, 4.1, 2.0, 47.9]


def test_a_table_as_a_mixture_names_sources_that_exist():
    for table in TABLES.values():
        made = rows(table)
        assert {s.name for row in made for s in row.sources} <= set(SOURCES)
        assert "text" in {row.name for row in made}
        assert Mixture(made, 16, percent=False).batch(0)


@pytest.mark.parametrize("size", [8, 64])
@pytest.mark.parametrize("grouped", [True, False], ids=["grouped", "mixed"])
@pytest.mark.parametrize("name", TABLES)
def test_over_any_hundred_batches_the_shares_hold(name, grouped, size):
    mixture = Mixture(of_table(TABLES[name]), size, grouped=grouped)
    batches = counts(mixture, 400)
    assert all(sum(batch.values()) == size for batch in batches)
    unit = 1 if grouped else 1 / size  # text is exact to a batch of a hundred: one point; mixed, to a sample
    rest = [row for row in mixture.rows if not row.text]
    for row in mixture.rows:
        among = row.share / sum(r.share for r in rest)
        allowed = unit if row.text else unit * among + (1 + among * (len(rest) - 2)) / size
        points = max(abs(n / size - row.share) for n in windows([batch[row.name] for batch in batches]))
        assert points <= allowed + 1e-9 < 2, (row.name, points, allowed)
        if row.share == 0.4 and size == 64:
            assert allowed < 0.04


def test_grouped_each_batch_is_all_text_or_all_images():
    mixture = Mixture(of_table(PRETRAINING), 8)
    kinds = [{bool(s.images) for s in mixture.batch(t)} for t in range(60)]
    assert all(len(kind) == 1 for kind in kinds)
    assert [kind == {False} for kind in kinds] == [mixture.reads_text(t) for t in range(60)]
    mixed = Mixture(of_table(PRETRAINING), 8, grouped=False)
    assert all({bool(s.images) for s in mixed.batch(t)} == {False, True} for t in range(60))


@pytest.mark.parametrize("curve", ["linear", "cosine"])
@pytest.mark.parametrize("grouped", [True, False], ids=["grouped", "mixed"])
def test_the_share_of_text_falls_from_one_to_its_target(curve, grouped):
    mixture = Mixture(of_table(PRETRAINING), 16, ramp=300, curve=curve, grouped=grouped, steps=600)
    shares = [mixture.text_share(t) / 1e9 for t in range(600)]
    assert shares[0] == 1 and shares[300:] == [0.7] * 300 and shares[150] == pytest.approx(0.85)
    assert all(a >= b for a, b in zip(shares, shares[1:], strict=False))
    texts = [batch["text"] / 16 for batch in counts(mixture, 600)]
    for got, asked in zip(windows(texts), windows(shares), strict=True):
        assert abs(got - asked) < (1 if grouped else 1 / 16) + 1e-6
    assert texts[:5] == [1] * 5


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=40), st.integers(0, 5000))
@settings(max_examples=200, deadline=None)
def test_what_falls_due_never_strays_from_its_share(weights, count):
    got, following = drawn(weights, count), drawn(weights, count + 1)
    assert sum(got) == count and min(got) >= 0
    assert sorted(b - a for a, b in zip(got, following, strict=True)) == [0] * (len(weights) - 1) + [1]
    for number, weight in zip(got, weights, strict=True):
        share = weight / sum(weights)
        assert abs(number - count * share) <= 0.5 + share * max(0, len(weights) - 2) / 2 + 1e-6


def test_no_sample_is_left_out_or_read_twice():
    mixture = Mixture(of_table(PRETRAINING), 12, ramp=20, seed=3)
    seen = Counter(one for t in range(200) for one in said(mixture.batch(t)))
    assert set(seen.values()) == {1}
    by_source = Counter(source for source, _ in seen)
    assert set(seen) == {(s, f"3/{i}") for s, n in by_source.items() for i in range(n)}


def test_a_source_that_stands_in_two_rows_gives_each_its_own_samples():
    easy, hard = Generated("naming", 0.0, 0.2), Generated("naming", 0.8, 1.0)
    made = Mixture((Row("a", 1, (easy,)), Row("b", 1, (hard,))), 10, percent=False).batch(0)
    assert len({repr(s.images) for s in made}) == 10
    assert sorted(s.difficulty > 0.5 for s in made) == [False] * 5 + [True] * 5


def test_a_batch_is_a_function_of_seed_and_step():
    a, b = (Mixture(of_table(PRETRAINING), 16, seed=5, ramp=10) for _ in range(2))
    assert said(a.batch(37)) == said(b.batch(37)) == said(a.batch(37))
    other = replace(a, seed=6)
    assert said(a.batch(37)) != said(other.batch(37))
    assert [row.name for row, *_ in a.plan(9)] != [row.name for row, *_ in other.plan(9)] or a.reads_text(9)


@given(st.integers(1, 6), st.sampled_from([1, 2, 3, 4, 6]), st.integers(0, 500), st.booleans())
@settings(max_examples=60, deadline=None)
def test_ranks_share_each_batch_without_overlap_or_loss(times, ranks, step, grouped):
    mixture = Mixture(of_table(INSTRUCTIONS), 12 * times, ramp=50, grouped=grouped)
    parts = [said(mixture.batch(step, rank, ranks)) for rank in range(ranks)]
    assert [len(part) for part in parts] == [12 * times // ranks] * ranks
    assert [one for part in parts for one in part] == said(mixture.batch(step))


@given(st.integers(1, 5), st.sampled_from([1, 2, 4]), st.integers(0, 40), st.integers(0, 17))
@settings(max_examples=60, deadline=None)
def test_workers_share_the_steps_without_overlap_or_loss(workers, ranks, start, steps):
    mixture = Mixture(of_table(PRETRAINING), 4, ramp=9)
    whole = [said(mixture.batch(t, ranks - 1, ranks)) for t in range(start, start + steps)]
    streams = [Stream(mixture, start, ranks - 1, ranks, start + steps) for _ in range(workers)]
    parts = [[said(batch) for batch in stream.read(w, workers)] for w, stream in enumerate(streams)]
    assert [parts[i % workers][i // workers] for i in range(steps)] == whole
    assert sum(map(len, parts)) == steps


def test_a_loader_with_workers_gives_the_same_batches_and_goes_on_anywhere():
    mixture = Mixture(of_table(PRETRAINING), 6, ramp=4, seed=1)
    whole = [said(mixture.batch(t)) for t in range(11)]
    for workers in (0, 2):
        loader = DataLoader(Stream(mixture, stop=11), batch_size=None, num_workers=workers, collate_fn=said)
        assert list(loader) == whole
    resumed = DataLoader(Stream(mixture, start=7), batch_size=None, num_workers=2, collate_fn=said)
    assert list(islice(resumed, 4)) == whole[7:]
    ranks = [DataLoader(Stream(mixture, 2, rank, 3, 5), batch_size=None, num_workers=2) for rank in range(3)]
    joined = [[one for part in parts for one in said(part)] for parts in zip(*ranks, strict=True)]
    assert joined == whole[2:5]


class Lazy:
    """Records that are read when asked for."""

    def __init__(self, number):
        self.number, self.read = number, []

    def __len__(self):
        return self.number

    def __getitem__(self, at):
        self.read.append(at)
        return Sample("own", ("picture",), text=str(at))


def test_records_come_once_an_epoch_in_an_order_of_its_own():
    records = Lazy(23)
    own = Records("own", records)
    epochs = [[own(4, epoch * 23 + i).text for i in range(23)] for epoch in range(4)]
    assert len(records.read) == 4 * 23
    assert all(sorted(map(int, epoch)) == list(range(23)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4
    again = Records("own", Lazy(23))
    assert [again(4, 3 * 23 + i).text for i in range(23)] == epochs[3], "whatever was asked for before"
    assert [again(5, i).text for i in range(23)] != epochs[0]
    assert len(own.orders) == 2


def test_records_pass_through_a_mixture_whole():
    mixture = Mixture((Row("mine", 40, (Records("own", Lazy(30)),)), *of_table(PRETRAINING)[-1:]), 10, percent=False)
    seen = Counter(s.text for t in range(33) for s in mixture.batch(t) if s.source == "own")
    assert sum(seen.values()) == 120 and set(seen.values()) == {4}


TEXT, IMAGES = Numbered("words"), Numbered("pictures", image=True)
MISTAKES = {
    "a share of zero": (lambda: Row("captions", 0, (IMAGES,)), "Row.share of row 'captions' must be positive.*leave"),
    "a negative share": (lambda: Row("captions", -2, (IMAGES,)), "Row.share .*positive, got -2"),
    "a share that is no number": (lambda: Row("captions", float("nan"), (IMAGES,)), "Row.share .*positive, got nan"),
    "no source": (lambda: Row("captions", 1, ()), "Row.sources of row 'captions' is empty"),
    "a source that does not exist": (lambda: Row("captions", 1, ("films",)), "no source 'films'; there are naming"),
    "a source without samples": (lambda: Records("mine", []), "source 'mine' has no samples: leave it out"),
    "a weight too few": (lambda: Row("a", 1, (TEXT, IMAGES), (1,)), "Row.weights .*one for each of its 2 sources"),
    "a weight of zero": (lambda: Row("a", 1, (TEXT,), (0,)), "Row.weights .*must be positive"),
    "no rows": (lambda: Mixture((), 4), "Mixture.rows is empty"),
    "a row twice": (lambda: Mixture([Row("a", 50, (TEXT,))] * 2, 4), "Mixture.rows: a stands there more than once"),
    "shares that do not add up": (
        lambda: Mixture((Row("a", 30, (TEXT,)), Row("b", 60, (IMAGES,))), 4),
        "Mixture.rows: the shares add up to 90 percent, not to 100; .*percent=False",
    ),
    "an empty batch": (lambda: Mixture((Row("a", 100, (TEXT,)),), 0), "Mixture.batch_size must be at least 1"),
    "an unknown curve": (
        lambda: Mixture((Row("a", 100, (TEXT,), text=True),), 4, curve="step"),
        "Mixture.curve must be linear or cosine, got 'step'",
    ),
    "a negative ramp": (
        lambda: Mixture((Row("a", 100, (TEXT,), text=True),), 4, ramp=-1),
        "Mixture.ramp must be a number of steps",
    ),
    "a ramp longer than the run": (
        lambda: Mixture((Row("a", 100, (TEXT,), text=True),), 4, ramp=90, steps=80),
        r"Mixture.ramp \(90 steps\) is longer than the run \(80\).*shorten",
    ),
    "a warm-up without text": (
        lambda: Mixture((Row("a", 100, (IMAGES,)),), 4, ramp=9),
        "Mixture.ramp begins with text alone, and no row is of text",
    ),
    "a batch that ranks can't share": (
        lambda: Mixture((Row("a", 100, (IMAGES,)),), 10).batch(0, 0, 4),
        r"Mixture.batch_size \(10\) must be a multiple of the number of ranks \(4\)",
    ),
    "the same, before any worker starts": (
        lambda: Stream(Mixture((Row("a", 100, (IMAGES,)),), 10), 0, 0, 4),
        "Mixture.batch_size",
    ),
    "a rank that does not exist": (
        lambda: Mixture((Row("a", 100, (IMAGES,)),), 10).batch(0, 2, 2),
        "no rank 2 of 2; the first is 0",
    ),
    "a step before the first": (lambda: Mixture((Row("a", 100, (IMAGES,)),), 10).batch(-1), "no step -1"),
    "an image in a row of text": (
        lambda: Mixture((Row("a", 100, (IMAGES,), text=True),), 2).batch(0),
        "Row.text of row 'a' is True.* source 'pictures' has 1 images: put the source into a row of images",
    ),
    "text in a row of images": (
        lambda: Mixture((Row("a", 100, (TEXT,)),), 2).batch(0),
        "Row.text of row 'a' is False.* source 'words' has 0 images: put the source into a row of text",
    ),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mixture_that_cannot_work_says_which_field_and_what_to_do(what):
    make, named = MISTAKES[what]
    with pytest.raises(ConfigError, match=named):
        make()


def test_a_generated_source_runs_over_its_range_of_difficulty():
    made = [Generated("naming", 0.2, 0.6)(0, i) for i in range(50)]
    dials = [s.difficulty for s in made]
    assert 0.2 <= min(dials) < 0.22 and 0.58 < max(dials) <= 0.6
    assert made[7] == sample("naming", 0, 7, "train", dials[7])
