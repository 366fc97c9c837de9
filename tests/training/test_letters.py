"""Letters for image tokens: what is shown, what moves, and what stays near."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from test_ranks import worst

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


def test_two_processes_teach_what_one_teaches(tmp_path):
    ended, told = [], []
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        folder.mkdir()
        command = [sys.executable, str(Path(__file__).parent / "taught.py"), str(folder), "10", str(processes)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        ended.append(torch.load(folder / "weights.pt"))
        told.append(json.loads((folder / "told.json").read_text()))
    assert worst(*ended) < 2e-3  # rounding reaches 4e-4, of a bias with next to no gradient
    assert told[0]["losses"] == pytest.approx(told[1]["losses"], abs=1e-5)
    assert told[0]["looked"] == told[1]["looked"] == [0, 10]  # by the first process alone
