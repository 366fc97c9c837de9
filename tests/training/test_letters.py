"""Letters for image tokens: what is shown, what moves, and what stays near."""

import pytest
import torch

from dsvl_min.training.letters import Shown, acquaint, new_reader, teach, told
from dsvl_min.training.stages import part_of

READ, HELD = [("signs", 8, 0.0, 1.0)], [("naming", 4, 0.0, 1.0)]


@pytest.fixture
def fresh(thin):
    """(model, processor), whose weights are put back afterwards."""
    model, _ = thin
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    yield thin
    model.load_state_dict(before)


def shown(thin, rows):
    return Shown(*thin, rows, 0, workers=1)


def test_tokens_are_those_that_the_decoder_is_given(thin):
    model, processor = thin
    read = shown(thin, READ)
    given = model.image_embeddings(**processor.pixels([read.pictures[i] for i in (3, 0)]))
    torch.testing.assert_close(read.tokens(torch.tensor([3, 0])), given)


def test_points_of_chosen_pictures_are_counted_anew(thin):
    read = shown(thin, READ)
    chosen = torch.tensor([5, 2, 5])
    found = read.points(chosen)
    for place, picture in enumerate(chosen.tolist()):
        mine, known = found.images == place, read.known.images == picture
        assert torch.equal(found.at[mine], read.known.at[known]) and mine.any()
        assert torch.equal(found.names[mine], read.known.names[known])


def test_teaching_moves_what_makes_sams_tokens_and_nothing_else(fresh, tmp_path):
    model, _ = fresh
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    lines = teach(model, new_reader(model), shown(fresh, READ), shown(fresh, HELD), 3, tmp_path, 4, quiet=True)
    moved = {part_of(name) for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert moved == {"necks", "adaptor", "sam"} and all(p.requires_grad for p in model.parameters())
    assert len(lines) == 3 and lines[0]["moved"] < 1e-6 < lines[2]["moved"]  # at first they are where they were


def test_at_no_rate_at_all_only_the_reader_moves(fresh, tmp_path):
    model, _ = fresh
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    reader = new_reader(model)
    first = [p.detach().clone() for p in reader.parameters()]
    teach(model, reader, shown(fresh, READ), shown(fresh, HELD), 2, tmp_path, 4, quiet=True, gentle=0.0)
    assert all(torch.equal(p, before[name]) for name, p in model.named_parameters())
    assert not all(torch.equal(p, q) for p, q in zip(reader.parameters(), first, strict=True))


def test_acquainting_moves_the_reader_alone_and_it_tells_more(fresh):
    model, _ = fresh
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    read, reader = shown(fresh, READ), new_reader(model)
    first = told(reader, read).mean()
    acquaint(reader, read, 60, batch=8)
    assert told(reader, read).mean() > first + 0.3
    assert all(torch.equal(p, before[name]) and p.grad is None for name, p in model.named_parameters())


def test_a_taught_reader_tells_more_than_a_new_one(fresh, tmp_path):
    model, _ = fresh
    read, reader, looked = shown(fresh, READ), new_reader(model), []
    first = told(reader, read).mean()
    teach(model, reader, read, shown(fresh, HELD), 60, tmp_path, 8, quiet=True, look=looked.append)
    assert told(reader, read).mean() > first + 0.3 and looked == [0, 60]
