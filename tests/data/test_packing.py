"""Packing: nothing lost, nothing cut; and a packed text is read as if it stood alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import shake, worst

from dsvl_min import decoder as decoding
from dsvl_min.attention import capture_attention
from dsvl_min.config import IGNORE, SHARED, ConfigError, ModelConfig
from dsvl_min.data.collate import pad_right
from dsvl_min.data.packing import buckets, fan, first_fit, pack, padding
from dsvl_min.model import DeepSeekVL
from dsvl_min.processor import InputError

LENGTHS = st.lists(st.integers(1, 30), max_size=60)


@given(LENGTHS, st.integers(1, 30))
@settings(max_examples=200, deadline=None)
def test_each_row_goes_into_the_first_sequence_with_room_or_is_named(lengths, length):
    sequences, skipped = first_fit(lengths, length, too_long="skip")
    assert sorted([n for rows in sequences for n in rows] + list(skipped)) == list(range(len(lengths)))
    assert all(lengths[n] > length for n in skipped)
    for at, rows in enumerate(sequences):
        assert list(rows) == sorted(rows) and sum(lengths[n] for n in rows) <= length
        for earlier in sequences[:at]:  # when the row came, no earlier sequence could take it
            for n in rows:
                assert sum(lengths[m] for m in earlier if m < n) + lengths[n] > length


@given(LENGTHS, st.integers(30, 70))
@settings(max_examples=100, deadline=None)
def test_every_row_can_be_read_back(lengths, length):
    rows = [([100 * i + k for k in range(n)], [IGNORE, *range(1, n)]) for i, n in enumerate(lengths)]
    packed = pack(rows, length, pad=7)
    assert packed.input_ids.shape == packed.labels.shape == packed.segments.shape == (len(packed.order), length)
    back = {}
    for s, numbers in enumerate(packed.order):
        for segment, number in enumerate(numbers, 1):
            here = packed.segments[s] == segment
            back[number] = (packed.input_ids[s][here].tolist(), packed.labels[s][here].tolist())
    assert [back[i] for i in range(len(rows))] == rows and not packed.skipped
    rest = packed.segments == 0
    assert (packed.input_ids[rest] == 7).all() and (packed.labels[rest] == IGNORE).all()
    assert (packed.segments.diff(dim=1).clamp(max=0) != 0).sum(dim=1).le(1).all(), "padding comes last"
    assert packed.arrange([[i] * 2 for i in range(len(rows))]) == [n for s in packed.order for n in s for _ in "ab"]


def test_a_row_that_is_too_long_is_refused_or_named_but_never_cut():
    rows = [([1] * 5, [1] * 5), ([2] * 9, [2] * 9), ([3] * 3, [3] * 3)]
    with pytest.raises(InputError, match='row 1 has 9 tokens, a packed sequence takes 8: .*too_long="skip"'):
        pack(rows, 8, pad=0)
    packed = pack(rows, 8, pad=0, too_long="skip")
    assert packed.order == ((0, 2),) and packed.skipped == (1,)
    nothing = pack(rows[1:2], 8, pad=0, too_long="skip")
    assert nothing.input_ids.shape == (0, 8) and nothing.skipped == (0,)
    with pytest.raises(ConfigError, match="too_long must be raise or skip, got 'cut'"):
        pack(rows, 8, pad=0, too_long="cut")
    with pytest.raises(ConfigError, match="length of a packed sequence"):
        pack(rows, 0, pad=0)
    with pytest.raises(InputError, match="row 0 has no tokens"):
        pack([([], [])], 8, pad=0)


CONFIG = ModelConfig.preset("tiny")
own_angles = decoding.rotary_angles
P = CONFIG.image_tokens


@pytest.fixture(scope="module")
def model():
    return shake(DeepSeekVL(CONFIG))


@pytest.fixture(scope="module")
def rows():
    """Rows of text with 0, 1, 2, 0, 1 images, all text supervised but the first token; and the images of each."""
    draw = torch.Generator().manual_seed(1)
    images, rows = (0, 1, 2, 0, 1), []
    for number in images:
        ids, labels = [CONFIG.bos_token_id], [IGNORE]
        for left in range(number, -1, -1):
            told = torch.randint(0, 2000, (9 + 4 * left,), generator=draw).tolist()
            ids, labels = ids + told, labels + told
            if left:
                ids, labels = ids + [CONFIG.image_token_id] * P, labels + [IGNORE] * P
        rows.append((ids, labels))
    return rows, [[torch.randn(3, 128, 128, generator=draw) for _ in range(number)] for number in images]


def pixels(pictures):
    high = torch.stack(pictures)
    low = torch.nn.functional.interpolate(high, size=(48, 48))
    return {"pixel_values": low, "high_res_pixel_values": high}


TOKENS = st.lists(st.integers(1, 9), min_size=1, max_size=6)


@given(TOKENS, st.lists(st.tuples(TOKENS, TOKENS), min_size=1, max_size=5))
@settings(max_examples=200, deadline=None)
def test_a_fan_holds_what_rows_begin_with_once_and_the_rest_of_each(beginning, rest):
    rows = [(beginning + a + b, [IGNORE] * len(beginning + a) + b) for a, b in rest]
    ids, labels, segments = (torch.tensor(column) for column in fan(rows))
    shared = segments == SHARED
    assert shared.sum() >= len(beginning) - 1 and (labels[shared] == IGNORE).all()
    for number, (row_ids, row_labels) in enumerate(rows, 1):
        seen = shared | (segments == number)
        assert ids[seen].tolist() == row_ids and labels[seen].tolist() == row_labels
        own = (segments[seen] == number).nonzero()[0]
        assert (labels[seen][: own + 1] == IGNORE).all(), "the token that predicts the first label is the row's own"
    assert len(segments) == shared.sum() + sum(len(r) - int(shared.sum()) for r, _ in rows)


def loss_and_gradient(model, **batch):
    model.zero_grad()
    loss = model(**batch).loss
    loss.backward()
    return loss.detach(), {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def check_packed_reads_as_unpacked(model, rows):
    """Loss and gradients of rows packed into two sequences, beside the same rows one below another; and positions."""
    rows, images = rows
    ids, labels = pad_right(rows, CONFIG.pad_token_id)
    alone = loss_and_gradient(model, input_ids=ids, labels=labels, **pixels([one for row in images for one in row]))
    packed = pack(rows, 160, CONFIG.pad_token_id)
    assert len(packed.order) == 2 and packed.order[0] == (0, 1, 3, 4), "row 2 stands in another order than alone"
    used = []
    hook = model.decoder.blocks[0].register_forward_pre_hook(lambda block, given: used.append(given[1]))
    got = loss_and_gradient(model, **packed.tensors(), **pixels(packed.arrange(images)))
    hook.remove()
    assert abs(got[0] - alone[0]) < 1e-5, "loss"
    assert set(got[1]) == set(alone[1])
    for name in alone[1]:
        assert worst(got[1][name], alone[1][name]) < 1e-5, name
    for s, numbers in enumerate(packed.order):
        counted = torch.tensor([k for n in numbers for k in range(len(rows[n][0]))])
        want = own_angles(counted, CONFIG.decoder.head_width, CONFIG.decoder.rope_theta)
        assert all(torch.equal(a[s, 0, : len(counted)], b) for a, b in zip(used[0], want, strict=True)), "positions"


def test_packed_loss_and_gradient_are_those_of_the_rows_alone(model, rows):
    check_packed_reads_as_unpacked(model, rows)


def leaking(segments):
    """Planted: every earlier token is seen, whichever row it is of."""
    T = segments.shape[1]
    return decoding.causal_mask(T, T).expand(len(segments), 1, T, T)


def test_attention_that_leaks_into_the_next_row_is_noticed(model, rows, monkeypatch):
    monkeypatch.setattr(decoding, "own_segment", leaking)
    with pytest.raises(AssertionError, match="loss"):
        check_packed_reads_as_unpacked(model, rows)


# Rotary scores depend on distance alone: a row that merely begins later has the same loss, to the last digits.
PLANTED = {"running on": (lambda T: torch.arange(T), "positions"), "halved": (lambda T: torch.arange(T) // 2, "loss")}


@pytest.mark.parametrize("how", PLANTED)
def test_positions_that_are_not_the_rows_own_are_noticed(model, rows, monkeypatch, how):
    planted, noticed = PLANTED[how]

    def angles(positions, *more):
        packed = positions.dim() == 3
        return own_angles(planted(positions.shape[-1]).expand(positions.shape) if packed else positions, *more)

    monkeypatch.setattr(decoding, "rotary_angles", angles)
    with pytest.raises(AssertionError, match=noticed):
        check_packed_reads_as_unpacked(model, rows)


def test_no_text_predicts_the_first_token_of_the_next(model):
    rows = [[5, 6, 7], [8, 9, 10, 11]]
    with torch.no_grad():
        alone = [model(torch.tensor([row]), labels=torch.tensor([row])).loss * (len(row) - 1) for row in rows]
        ids, segments = torch.tensor([[5, 6, 7, 8, 9, 10, 11]]), torch.tensor([[1, 1, 1, 2, 2, 2, 2]])
        packed = model(ids, labels=ids, segments=segments).loss
        across = model(ids, labels=ids).loss
    assert abs(packed - sum(alone) / 5) < 1e-5 < abs(across - packed)
    assert pack([(row, row) for row in rows], 7, 0).labels.tolist() == [[IGNORE, 6, 7, IGNORE, 9, 10, 11]]


def test_what_is_captured_is_blind_to_other_texts(model):
    segments = torch.tensor([[1, 1, 2, 2, 2, 0]])
    with torch.no_grad(), capture_attention(model) as weights:
        model(torch.tensor([[5, 6, 7, 8, 9, 3]]), segments=segments)
    seen = weights["decoder.blocks.0.attention"][0][0].amax(dim=0) > 0
    same = segments[0, :, None] == segments[0]
    assert torch.equal(seen, same.tril())


def test_segments_take_neither_mask_nor_cache(model):
    ids = torch.ones(1, 4, dtype=torch.long)
    with pytest.raises(ValueError, match="segments take neither"):
        model(ids, attention_mask=ids, segments=ids)
    with pytest.raises(ValueError, match="segments take neither"):
        cache = decoding.KVCache(CONFIG.decoder, 1, 4)
        model.decoder(torch.zeros(1, 4, CONFIG.decoder.width), cache=cache, segments=ids)


@given(LENGTHS, st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_buckets_hold_every_row_once_and_full_ones_never_more_padding(lengths, size):
    groups = buckets(lengths, size)
    assert sorted(n for group in groups for n in group) == list(range(len(lengths)))
    assert all(len(group) == size for group in groups[:-1])
    assert [lengths[n] for group in groups for n in group] == sorted(lengths)
    full = lengths[: len(lengths) // size * size]
    as_they_come = [full[i : i + size] for i in range(0, len(full), size)]
    assert padding([[full[n] for n in group] for group in buckets(full, size)]) <= padding(as_they_come) + 1e-12


def test_padding_is_counted_right():
    assert padding([[3, 1], [2, 2]]) == pytest.approx(0.2) and padding([]) == 0
    with pytest.raises(ConfigError, match="size of a bucket"):
        buckets([1, 2], 0)
