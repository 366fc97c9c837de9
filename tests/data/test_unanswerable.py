"""What a picture can't tell: checked by code that looks at the scene alone."""

from collections import Counter

import pytest

from dsvl_min.data.collate import dialogue
from dsvl_min.data.sources import sample
from dsvl_min.data.unanswerable import CANT_TELL
from dsvl_min.data.world import SHAPES, Scene, Text, Thing


def can_answer(question, scene):
    """Does the scene hold what the question asks about?"""
    shapes = {thing.shape for thing in scene.things}
    if question.startswith("Where is the "):
        first, second = question.removeprefix("Where is the ").split(": left, right, above or below the ")
        return first in shapes and second.removesuffix("?") in shapes
    if question in ("What does the sign say?", "What colour is the sign?"):
        return any(text.plate for text in scene.texts)
    if question in ("What shape is the object?", "What colour is the object?"):
        return bool(scene.things) or question.startswith("What colour") and bool(scene.texts or scene.digits)
    if question == "Read the text.":
        return bool(scene.texts)
    if question.startswith(("Which digit ", "Which digits ")):
        return bool(scene.digits or scene.texts)  # a page may hold digits
    return question.removeprefix("What colour is the ").removesuffix("?") in shapes


def test_the_check_knows_what_can_be_answered():
    star = Scene(things=(Thing("star", "red", 0.5, 0.5, 0.5),))
    assert can_answer("What colour is the star?", star) and not can_answer("What colour is the ring?", star)
    assert not can_answer("Where is the star: left, right, above or below the ring?", star)
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
    asked = Counter(m.truth["question"].split(":")[0].split("the ")[0] for m in made)
    shown = Counter(m.truth["picture"] for m in made)
    first = Counter(m.turns[0][1] == CANT_TELL for m in made)
    assert len(shown) == 7 and max(shown.values()) < 150
    assert len(asked) == 7 and max(asked.values()) < 300  # by their first words
    assert 240 < first[True] < 360


def form(question):
    """A question with its shapes left out."""
    return " ".join("*" if word.strip("?:") in SHAPES else word for word in question.split())


def test_whatever_is_declined_as_a_first_question_is_answered_as_one_elsewhere():
    declined, answered = Counter(), Counter()
    for source in ("unanswerable", "naming", "relations", "documents", "signs", "digits", "several-digits"):
        for index in range(1500 if source == "unanswerable" else 100):
            question, answer = sample(source, 7, index).turns[0]
            (declined if answer == CANT_TELL else answered)[form(question)] += 1
    assert len(declined) == 7 and all(answered[question] > 10 for question in declined), (declined, answered)


def test_a_dialogue_fits_the_tiny_models_context(tiny):
    assert all(len(dialogue(sample("unanswerable", 1, i), tiny[1])[0]) <= 512 for i in range(60))
