"""Letters for image tokens: what is shown, what moves, and what stays near."""

import pytest
import torch

from dsvl_min.training.letters import Shown, new_reader, teach, told
from dsvl_min.training.stages import part_of

READ, KEPT = [("signs", 8, 0.0, 1.0)], [("naming", 4, 0.0, 1.0)]


def shown(thin, rows, sam, seed=0):
    return Shown(*thin, rows, seed, sam, workers=1)


def test_tokens_are_the_same_whether_sam_is_asked_each_time_or_was_asked_once(thin):
    once, each = shown(thin, READ, False), shown(thin, READ, True)
    torch.testing.assert_close(once.all_tokens(), each.all_tokens(), atol=0.02, rtol=0.02)  # kept in half precision


def test_points_of_chosen_pictures_are_counted_anew(thin):
    read = shown(thin, READ, False)
    chosen = torch.tensor([5, 2, 5])
    found = read.points(chosen)
    for place, picture in enumerate(chosen.tolist()):
        mine, known = found.images == place, read.known.images == picture
        assert torch.equal(found.at[mine], read.known.at[known]) and mine.any()
        assert torch.equal(found.names[mine], read.known.names[known])


@pytest.mark.parametrize("sam", [False, True])
def test_teaching_moves_what_makes_the_tokens_and_nothing_else(thin, tmp_path, sam):
    model, _ = thin
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    lines = teach(model, new_reader(model), shown(thin, READ, sam), shown(thin, KEPT, sam), 3, tmp_path, 4, quiet=True)
    moved = {part_of(name) for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert moved == ({"necks", "adaptor", "sam"} if sam else {"necks", "adaptor"})
    assert len(lines) == 3 and lines[0]["moved"] < 1e-6 < lines[2]["moved"]  # at first they are where they were
    model.load_state_dict(before)


def test_a_taught_reader_tells_more_than_a_new_one(thin, tmp_path):
    model, _ = thin
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    read, reader, looked = shown(thin, READ, False), new_reader(model), []
    first = told(reader, read).mean()
    teach(model, reader, read, shown(thin, KEPT, False), 60, tmp_path, 8, quiet=True, look=looked.append)
    assert told(reader, read).mean() > first + 0.3 and looked == [0, 60]
    model.load_state_dict(before)
