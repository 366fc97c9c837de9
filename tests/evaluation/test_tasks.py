import random

import pytest
import torch

from dsvl_min.evaluation.tasks import (
    CHARTS,
    TASKS,
    Task,
    answers,
    as_table,
    bits_per_byte,
    edit_distance,
    evaluate,
    interval,
    questions,
    score,
)


def test_edits_are_counted():
    assert edit_distance("ABC", "ABC") == 0
    assert edit_distance("ABC", "AXC") == edit_distance("ABC", "AC") == edit_distance("ABC", "ABBC") == 1
    assert edit_distance("", "ABC") == 3 and edit_distance("kitten", "sitting") == 3


def test_exact_means_exact():
    assert score("a red circle", "a red circle", "exact") == 1.0
    assert score("red circle", "a red circle", "exact") == 0.0
    assert score("ABXD", "ABCD", "characters") == 0.75
    assert score("", "ABCD", "characters") == score("Q" * 40, "ABCD", "characters") == 0.0


def test_a_number_may_be_off_by_a_tenth():
    assert [score(said, "50", "tenth") for said in ("45", "50", "55")] == [1.0] * 3
    assert [score(said, "50", "tenth") for said in ("44", "56", "", "-50", "fifty", "50 55", "٥٠x")] == [0.0] * 7
    assert score("9", "10", "tenth") == 1.0 and score("8", "9", "tenth") == 0.0


def test_a_chart_is_asked_for_one_of_its_values():
    for made, question, truth in questions(CHARTS, 0, 20):
        (name,) = [name for name in made.truth["values"] if question.endswith(f" {name}?")]
        assert truth == str(made.truth["values"][name]) and "value" in question


def test_questions_are_held_out_and_change_with_the_seed():
    for task in TASKS:
        first, again, other = (questions(task, seed, 5) for seed in (0, 0, 1))
        assert [a[2] for a in first] == [a[2] for a in again] and repr(first) != repr(other)
        assert repr(questions(task, 0, 5, split="train")) != repr(first)


class Parrot:
    """Stands in for a model: says which picture it was shown."""

    device, dtype = "cpu", torch.float32

    def __init__(self, model, processor):
        self.config, self.decoder, self.processor = model.config, model.decoder, processor
        self.shown = []

    def generate(self, input_ids, attention_mask, pixel_values=None, high_res_pixel_values=None, **_):
        self.shown.append(pixel_values)
        return torch.full((len(input_ids), 1), self.config.eos_token_id)


def test_each_control_shows_what_it_says(tiny):
    parrot, task = Parrot(*tiny), Task("naming", "naming")
    asked = questions(task, 0, 4)
    for control in ("image", "blank", "shuffled", "none"):
        answers(parrot, tiny[1], asked, control)
    right, blank, shuffled, none = parrot.shown
    assert none is None
    assert torch.equal(shuffled, right.roll(-1, dims=0))
    assert torch.allclose(blank, blank[0, :, :1, :1].expand_as(blank), atol=1e-6) and blank.abs().max() < 0.05
    with pytest.raises(ValueError, match="no control 'upside down'"):
        answers(parrot, tiny[1], asked, "upside down")


def test_the_interval_of_yes_or_no_marks_is_wilsons():
    assert interval([1.0] * 4 + [0.0] * 11, "exact") == pytest.approx([0.109, 0.520], abs=0.001)


def test_intervals_hold_the_mean_of_fresh_samples_about_as_often_as_they_say():
    rng = random.Random(0)
    for kind, draw, mean in (("exact", lambda: float(rng.random() < 0.03), 0.03), ("characters", rng.random, 0.5)):
        hits = 0
        for _ in range(400):
            low, high = interval([draw() for _ in range(100)], kind)
            hits += low <= mean <= high
        assert 0.9 < hits / 400 < 0.99, kind


def test_the_table_holds_every_task_and_control(tiny):
    result = evaluate(*tiny, seed=0, count=4, tasks=TASKS[:2], quiet=True)
    assert set(result["tasks"]) == {"naming", "grid documents"}
    assert set(result["tasks"]["naming"]) == {"score", "interval", "image", "blank", "shuffled", "none"}
    for row in result["tasks"].values():
        for control, (low, high) in row["interval"].items():
            assert 0 <= low <= row[control] <= high <= 1
            assert low < high or row["score"] == "characters"  # four pages without a slip have no spread
    table = as_table(result)
    assert "naming" in table and "shuffled" in table and table.count("\n") == 2
    with pytest.raises(ValueError, match="at least 2"):
        evaluate(*tiny, count=1)


def test_bits_per_byte_of_a_model_that_knows_nothing_are_eight_or_more(tiny):
    model, processor = tiny
    from dsvl_min.model import DeepSeekVL

    ignorant = DeepSeekVL(model.config)
    with torch.no_grad():
        ignorant.decoder.head.weight.zero_()
    text = ["Return the name of the file."]
    per_token = 11.0  # log2 of 2,048
    expected = per_token * len(processor.tokenizer.encode(text[0])) / len(text[0])
    assert abs(bits_per_byte(ignorant, processor, text) - expected) < 0.01
    assert bits_per_byte(model, processor, text) < expected
