"""What a picture can't tell: checked by code that looks at the scene alone."""

from collections import Counter

import pytest

from dsvl_min.data.collate import dialogue
from dsvl_min.data.sources import sample
from dsvl_min.data.unanswerable import CANT_TELL, ELSEWHERE
from dsvl_min.data.world import Scene, Text, Thing


def can_answer(question, scene):
    """Does the scene hold what the question asks about?"""
    if question == "What does the sign say?":
        return any(text.plate for text in scene.texts)
    if question == "What shape is the object?":
        return bool(scene.things)
    if question == "Read the text.":
        return bool(scene.texts)
    assert question.startswith(("Which digit ", "Which digits "))
    return bool(scene.digits or scene.texts)  # a page may hold digits


def test_the_check_knows_what_can_be_answered():
    star = Scene(things=(Thing("star", "red", 0.5, 0.5, 0.5),))
    assert can_answer("What shape is the object?", star) and not can_answer("Read the text.", star)
    assert not can_answer("What does the sign say?", Scene(texts=(Text("AB", 0.1, 0.5, 0.1),)))


@pytest.mark.parametrize("split", ["train", "held-out"])
def test_one_question_can_be_answered_and_one_cannot(split):
    for index in range(400):
        made = sample("unanswerable", 5, index, split, (index % 5) / 4)
        refused = [question for question, answer in made.turns if answer == CANT_TELL]
        (kept,) = [question for question, answer in made.turns if answer != CANT_TELL]
        assert refused == [made.truth["question"]]
        assert not can_answer(refused[0], made.images[0]), made
        assert kept not in refused


def test_every_kind_of_question_and_picture_occurs_and_none_rules():
    made = [sample("unanswerable", 5, index) for index in range(600)]
    asked = Counter(m.truth["question"] for m in made)
    shown = Counter(m.truth["picture"] for m in made)
    first = Counter(m.turns[0][1] == CANT_TELL for m in made)
    assert len(shown) == 7 and max(shown.values()) < 150
    assert set(asked) == set(ELSEWHERE) and max(asked.values()) < 300
    assert 240 < first[True] < 360


def test_whatever_is_declined_as_a_first_question_is_answered_as_one_elsewhere():
    declined, answered = Counter(), Counter()
    for source in ("unanswerable", "naming", "relations", "documents", "signs", "digits", "several-digits"):
        for index in range(1500 if source == "unanswerable" else 100):
            question, answer = sample(source, 7, index).turns[0]
            (declined if answer == CANT_TELL else answered)[question] += 1
    assert set(declined) == set(ELSEWHERE) and all(answered[question] > 10 for question in declined), (
        declined,
        answered,
    )


def test_a_dialogue_fits_the_tiny_models_context(tiny):
    assert all(len(dialogue(sample("unanswerable", 1, i), tiny[1])[0]) <= 512 for i in range(60))
