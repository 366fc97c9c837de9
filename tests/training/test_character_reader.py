"""The reader beside the decoder: what lies where, which token it is handed, and what a stage makes of it."""

import pytest
import torch

from dsvl_min.config import ConfigError
from dsvl_min.data.documents import GRID
from dsvl_min.data.plots import Chart
from dsvl_min.data.sample import Sample
from dsvl_min.data.sources import sample
from dsvl_min.data.world import Digit, Scene, Text, Thing
from dsvl_min.training.pool import make_pool, text_pool
from dsvl_min.training.reader import NAMES, Points, Reader, named, points
from dsvl_min.training.stages import Share, Stage, part_of
from dsvl_min.training.trainer import run_stage

TEXTS = (Share("english", 1), Share("lists", 1))
LETTERS = {"naming": 6, "signs": 6}


@pytest.fixture(scope="module")
def small(thin):
    """The thin model, with pictures and texts."""
    model, processor = thin
    pool = make_pool(model, processor, [(s, n, 0.0, 1.0) for s, n in LETTERS.items()], seed=0, workers=1)
    return model, processor, pool, text_pool(TEXTS, 20, seed=0)


def stage(**changes):
    mix = tuple(Share(source, 1) for source in LETTERS)
    made = dict(name="s", lr={"adaptor": 1e-2, "necks": 1e-2}, steps=4, batch=6, mix=mix, warmup=1, reader=1.0)
    return Stage(**{**made, **changes})


def test_the_letters_of_a_grid_lie_in_their_cells():
    made = sample("documents", 3, 0, difficulty=0.4)
    found = named(made.images[0])
    assert [name for _, _, name in found] == list("".join(made.truth["lines"]))
    assert [int(y * GRID) * GRID + int(x * GRID) for x, y, _ in found] == list(range(GRID * GRID))


def test_digits_and_objects_lie_at_their_middles_and_what_has_no_known_place_is_left_out():
    scene = Scene(
        things=(Thing("star", "red", 0.2, 0.3, 0.1), Thing("heart", "blue", 1.2, 0.3, 0.1)),
        digits=(Digit(0, 0.6, 0.7, 0.2),),
        texts=(Text("AB", 0.1, 0.5, 0.1), Text("AB", 0.1, 0.5, 0.1, 0.1, angle=20.0)),
    )  # fmt: skip
    assert named(scene) == [(0.6, 0.7, "handwritten 0"), (0.2, 0.3, "red star")]


def test_a_charts_values_are_named_by_which_they_are_and_their_share_of_the_axis():
    found = named(Chart("bar", ("A", "B"), (15, 100), 100))
    assert [name for *_, name in found] == ["1: 3 of 20", "2: 20 of 20", "up to 100"] and found[0][1] > found[1][1]
    assert [name for *_, name in named(Chart("pie", ("A", "B"), (30, 70), 100, colors=("red", "blue")))] == [
        "1: 6 of 20", "2: 14 of 20",
    ]  # fmt: skip
    scattered = Chart("scatter", ("2", "6"), (5, 10), 10)
    assert [name for *_, name in named(scattered)] == ["2: 10 of 20", "6: 20 of 20", "up to 10"]
    assert named(Chart("bar", ("A",), (3,), 7)) == [], "no twentieths, no name"


def test_images_are_counted_in_reading_order_over_all_samples():
    one, two = Scene(things=(Thing("star", "red", 0.2, 0.3, 0.1),)), Scene()
    found = points([Sample("own", (two, one)), Sample("own", (one,))])
    assert found.images.tolist() == [1, 2] and [NAMES[i] for i in found.names] == ["red star"] * 2
    assert points([Sample("own", (two,))]) is None


def test_a_point_is_read_from_the_token_of_its_cell_alone():
    reader, tokens = Reader(8), torch.randn(2, 9, 8, requires_grad=True)
    asked = Points(torch.tensor([1]), torch.tensor([[0.9, 0.4]]), torch.tensor([0]))  # right column, middle row
    reader(tokens, asked).sum().backward()
    assert tokens.grad.abs().sum(-1).nonzero().tolist() == [[1, 5]]
    left, right = (Points(asked.images, torch.tensor([[x, 0.4]]), asked.names) for x in (0.7, 0.99))
    assert not torch.allclose(reader(tokens, left), reader(tokens, right))  # it knows where in the cell


def test_a_picture_with_many_points_counts_no_more_than_one_with_few():
    reader, tokens = Reader(8), torch.randn(3, 9, 8)
    images, at, names = torch.tensor([0, 0, 0, 2]), torch.rand(4, 2), torch.tensor([1, 2, 3, 4])
    apart = [reader.loss(tokens, Points(images[i], at[i], names[i])) for i in (slice(0, 3), slice(3, 4))]
    assert torch.isclose(reader.loss(tokens, Points(images, at, names)), sum(apart) / 2)


def test_a_stage_with_a_reader_moves_its_parts_and_leaves_no_reader_behind(small, tmp_path):
    model, processor, pool, texts = small
    before = {k: v.clone() for k, v in model.state_dict().items()}
    told = stage(lr={"adaptor": 1e-2, "necks": 1e-2, "decoder": 1e-2}, text_share=0.5, text_mix=TEXTS, steps=8)
    lines = run_stage(model, processor, told, pool, texts, tmp_path, quiet=True)
    assert model.state_dict().keys() == before.keys()
    assert {part_of(k) for k, v in model.state_dict().items() if not torch.equal(v, before[k])} == set(told.lr)
    assert {line["text"] for line in lines} == {True, False}
    assert all(("reader" in line) != line["text"] for line in lines)


def test_the_reader_learns_and_the_loss_told_is_without_it(small, tmp_path):
    model, processor, pool, _ = small
    begun = {k: v.clone() for k, v in model.state_dict().items()}
    lines = run_stage(model, processor, stage(steps=40), pool, [], tmp_path / "a", quiet=True)
    assert lines[-1]["reader"] < 0.8 * lines[0]["reader"]
    model.load_state_dict(begun)
    plain = run_stage(model, processor, stage(reader=0.0), pool, [], tmp_path / "b", quiet=True)
    assert plain[0]["loss"] == pytest.approx(lines[0]["loss"], abs=1e-4) and "reader" not in plain[0]


def test_a_stage_that_was_cut_off_goes_on_with_its_reader(small, tmp_path):
    model, processor, pool, _ = small
    begun = {k: v.clone() for k, v in model.state_dict().items()}
    whole = run_stage(model, processor, stage(), pool, [], tmp_path / "a", quiet=True, every=2)
    ended = {k: v.clone() for k, v in model.state_dict().items()}
    model.load_state_dict(begun)

    def stop(_, number, *__):
        if number == 3:
            raise RuntimeError("cut off")

    with pytest.raises(RuntimeError, match="cut off"):
        run_stage(model, processor, stage(), pool, [], tmp_path / "b", quiet=True, every=2, watch=stop)
    model.load_state_dict(begun)
    again = run_stage(model, processor, stage(), pool, [], tmp_path / "b", quiet=True, every=2)
    assert [line["reader"] for line in again] == [line["reader"] for line in whole]
    assert all(torch.equal(v, ended[k]) for k, v in model.state_dict().items())


@pytest.mark.parametrize("changes", [{"lr": {"decoder": 1e-3}}, {"reader": -1.0}])
def test_a_reader_that_could_teach_nobody_is_refused(changes):
    with pytest.raises(ConfigError, match="Stage.reader of s must be 0, or above 0 where necks or adaptor train"):
        stage(**changes)


def test_sharded_ranks_refuse_a_reader(small, tmp_path):
    model, processor, pool, _ = small
    with pytest.raises(ConfigError, match="its reader isn't sharded"):
        run_stage(model, processor, stage(), pool, [], tmp_path, quiet=True, ranks=Sharded())


class Sharded:
    """Ranks that share one model."""

    shard = True
