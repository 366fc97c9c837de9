"""Questions that a picture can't answer, beside one that it can."""

from . import captions, documents, handwriting, scenetext
from .sample import Sample

CANT_TELL = "I can't tell."
# What is asked, and the kinds of picture that do answer it.  The first of them is asked so itself, and as the first
# question of a dialogue too: else the place of a question in its dialogue would tell that it can't be answered.
# Objects that aren't there are not asked about: tiny, which mixes up which of two objects is meant, then declined
# nearly every question about one of two.
ELSEWHERE = {
    "What does the sign say?": ("signs",),
    "Read the text.": ("documents", "signs"),
    "Which digit is written here?": ("digits", "several-digits", "documents", "signs"),
    "Which digits are written here?": ("several-digits", "digits", "documents", "signs"),
    "What shape is the object?": ("naming", "counting", "relations"),
}


def unanswerable(rng, difficulty=1.0, split="train"):
    """A picture, a question that it answers, and one that only another kind of picture could, in either order.

    difficulty: the picture's.
    """
    makers = {
        "naming": captions.naming, "counting": captions.counting, "relations": captions.relations,
        "documents": documents.documents, "signs": scenetext.signs,
        "digits": lambda *dial: handwriting.digits(*dial, split),
        "several-digits": lambda *dial: handwriting.several_digits(*dial, split),
    }  # fmt: skip
    kind = rng.choice(list(makers))
    shown = makers[kind](rng, difficulty)
    question = rng.choice([asked for asked, kinds in ELSEWHERE.items() if kind not in kinds])
    turns = [rng.choice(shown.turns), (question, CANT_TELL)]
    rng.shuffle(turns)
    return Sample("unanswerable", shown.images, tuple(turns), shown.text, truth={"picture": kind, "question": question})
