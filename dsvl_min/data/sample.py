"""One record for everything the model learns from or is asked."""

import random
from dataclasses import dataclass, field

from ..config import IMAGE_PLACEHOLDER
from .world import Scene, render

SPLITS = ("train", "held-out")
MOST = 40  # characters of text in one picture, about as many as the tiny model's 36 image tokens can carry


@dataclass(frozen=True)
class Sample:
    """Images, what is asked about them and what is answered.

    source: which source it is from; images: scenes and other pictures of plain data (see `pictures.KINDS`), PIL images,
    bytes or paths, in reading order; turns: (question, answer) pairs; text: the same as a page, for pretraining;
    context: text that stands in an image's place, read but not predicted; difficulty: the dial it was made at; truth:
    the facts the answers rest on; leaf: its place in the taxonomy of instructions (paper Table 3), if it has one.

    Where questions or the text hold placeholders, the images stand there, in order; else all images come first.
    """

    source: str
    images: tuple = ()
    turns: tuple = ()
    text: str = ""
    context: str = ""
    difficulty: float = 0.0
    truth: dict = field(default_factory=dict)
    leaf: str = ""

    def pictures(self, size=None):
        """The images; scenes, and whatever else has a `draw`, drawn at size × size (None: left as they are)."""
        drawn = [render(im, size) if size and isinstance(im, Scene) else im for im in self.images]
        return [im.draw(size) if size and hasattr(im, "draw") else im for im in drawn]

    def conversation(self, size=None):
        """The turns as the processor takes them, each message with its images (see `pictures`)."""
        images = self.pictures(size)
        placed = any(IMAGE_PLACEHOLDER in question for question, _ in self.turns)
        messages, at = [], 0
        for i, (question, answer) in enumerate(self.turns):
            if i == 0 and not placed:
                question = (IMAGE_PLACEHOLDER + "\n") * len(images) + question
            count = question.count(IMAGE_PLACEHOLDER)
            messages.append({"role": "User", "content": question, "images": images[at : at + count]})
            messages.append({"role": "Assistant", "content": answer})
            at += count
        return messages


def generator(split, seed, index, source=""):
    """The random numbers of one sample.  The two splits never share a stream."""
    if split not in SPLITS:
        raise ValueError(f"no split {split!r}; there are {' and '.join(SPLITS)}")
    return random.Random(f"{split}/{source}/{seed}/{index}")
