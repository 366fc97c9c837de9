"""Questions that a picture can't answer, beside one that it can."""

from . import captions, documents, handwriting, scenetext
from .sample import Sample
from .world import SHAPES

CANT_TELL = "I can't tell."
# What is asked, and the kinds of picture that do answer it.  The first of them is asked so itself, and as the first
# question of a dialogue too: else the place of a question in its dialogue would tell that it can't be answered.
ELSEWHERE = {
    "What does the sign say?": ("signs",),
    "Read the text.": ("documents", "signs"),
    "Which digit is written here?": ("digits", "several-digits", "documents", "signs"),
    "Which digits are written here?": ("several-digits", "digits", "documents", "signs"),
    "What shape is the object?": ("naming", "counting", "relations"),
}


def unanswerable(rng, difficulty=1.0, split="train"):
    """A picture of the world, a question that it answers, and one that it can't, in either order.

    The second asks what only another kind of picture could tell or, of objects, about one that isn't there; then the
    first asks the same of one that is.  difficulty: the picture's.
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
    kept, question = rng.choice(shown.turns), ""
    if things and rng.random() < 0.5:
        kept, question = _absent(rng, things, kept, shown.turns[0])
    question = question or rng.choice([asked for asked, kinds in ELSEWHERE.items() if kind not in kinds])
    turns = [kept, (question, CANT_TELL)]
    rng.shuffle(turns)
    return Sample("unanswerable", shown.images, tuple(turns), shown.text, truth={"picture": kind, "question": question})


def _absent(rng, things, kept, first):
    """What is kept, and a question about an object of a shape that is not there; both ask the same."""
    shapes = [thing.shape for thing in things]
    absent = rng.choice([shape for shape in SHAPES if shape not in shapes])
    if first[0].startswith("Where is the ") and rng.random() < 0.5:
        pair = [absent, rng.choice(shapes)]
        rng.shuffle(pair)
        return first, f"Where is the {pair[0]}: left, right, above or below the {pair[1]}?"
    single = [thing for thing in things if shapes.count(thing.shape) == 1]
    if single:
        thing = rng.choice(single)
        kept = (f"What colour is the {thing.shape}?", thing.color)
    return kept, f"What colour is the {absent}?"
