import pytest
import torch

from dsvl_min.data.sources import sample
from dsvl_min.data.unanswerable import CANT_TELL
from dsvl_min.evaluation import manners as module
from dsvl_min.evaluation.manners import manners, pairs, uncurated
from dsvl_min.evaluation.tasks import TASKS


@pytest.fixture
def measured(tiny, monkeypatch):
    """manners() of a stand-in that says, for each question asked, what a rule makes of the true answer."""
    model, processor = tiny

    def of(rule, ends=True):
        def generated(model, processor, asked):
            end = [model.config.eos_token_id] if ends else []
            return [
                torch.tensor(processor.tokenizer.encode(rule(question, truth)) + end) for _, question, truth in asked
            ]

        monkeypatch.setattr(module, "generated", generated)
        return {name: row["share"] for name, row in manners(model, processor, 3, 12).items()}

    return of


def test_the_true_answers_have_every_virtue(measured):
    assert measured(lambda question, truth: truth) == {
        "stops": 1, "form": 1, "language": 1, "declines": 1, "declines wrongly": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (lambda question, truth: f"It is {truth}, I think.", "form"),
        (lambda question, truth: "红色的圆", "language"),
        (lambda question, truth: "a red star", "declines"),
    ],
)
def test_each_fault_costs_its_own_share(measured, rule, name):
    assert measured(rule)[name] < 0.2


def test_an_answer_without_an_end_does_not_stop(measured):
    assert measured(lambda question, truth: truth, ends=False)["stops"] == 0


def test_who_goes_by_the_words_alone_declines_both_times(measured):
    told = measured(lambda question, truth: CANT_TELL)
    assert told["declines"] == told["declines wrongly"] == 1


def test_what_is_shown_is_what_comes_first(tiny):
    told = uncurated(*tiny, seed=5, each=2)
    assert len(told) == 2 * (len(TASKS) + 1) and {row["index"] for row in told} == {0, 1}
    for row in told:
        made = sample(row["source"], 5, row["index"], "held-out", row["difficulty"])
        assert dict(made.turns)[row["question"]] == row["truth"] and isinstance(row["said"], str)


def test_the_same_kind_of_question_is_asked_of_a_picture_that_answers_it():
    without, having = pairs(0, 200)
    for (_, question, declined), (made, other, truth) in zip(without, having, strict=True):
        assert declined == CANT_TELL != truth == dict(made.turns)[other]
        assert question == other or question.split(" the ")[0] == other.split(" the ")[0]
