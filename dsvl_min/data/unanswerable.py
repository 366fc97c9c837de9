"""Questions that a picture can't answer, beside one that it can."""

from . import captions, documents, handwriting, scenetext
from .sample import Sample
from .world import SHAPES

CANT_TELL = "I can't tell."
# What is asked, and the kinds of picture that do answer it; the first of them is one that is asked so itself.
ELSEWHERE = {
    "What does the sign say?": ("signs",),
    "What colour is the sign?": ("signs",),
    "Read the text.": ("documents", "signs"),
    "Which digit is written here?": ("digits", "several-digits", "documents", "signs"),
    "Which digits are written here?": ("several-digits", "digits", "documents", "signs"),
    "What shape is the object?": ("naming", "counting", "relations"),
    "What colour is the object?": ("naming", "counting", "relations", "digits", "several-digits", "documents", "signs"),
}


def unanswerable(rng, difficulty=1.0, split="train"):
    """A picture of the world, a question that it answers, and one that it can't, in either order.

    The second asks what only another kind of picture could tell or, of objects, about one that isn't there.
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
    things = shown.images[0].things
    if things and rng.random() < 0.5:
        question = _absent(rng, {thing.shape for thing in things})
    else:
        question = rng.choice([asked for asked, kinds in ELSEWHERE.items() if kind not in kinds])
    turns = [shown.turns[0], (question, CANT_TELL)]
    rng.shuffle(turns)
    return Sample(
        "unanswerable", shown.images, tuple(turns), shown.text, truth={"picture": kind, "question": question}
    )  # fmt: skip


def _absent(rng, there):
    """A question about an object of a shape that is not there."""
    absent = rng.choice([shape for shape in SHAPES if shape not in there])
    if rng.random() < 0.5:
        return f"What colour is the {absent}?"
    pair = [absent, rng.choice(sorted(there))]
    rng.shuffle(pair)
    return f"Where is the {pair[0]}: left, right, above or below the {pair[1]}?"
