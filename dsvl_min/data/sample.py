"""One record for everything the model learns from or is asked."""

import random
from dataclasses import dataclass, field

from ..config import IMAGE_PLACEHOLDER
from .world import Scene, render

SPLITS = ("train", "held-out")


@dataclass(frozen=True)
class Sample:
    """Images, what is asked about them and what is answered.

    source: the module that made it; images: scenes, PIL images, bytes or paths, in reading
    order; turns: (question, answer) pairs, the first question about the images; caption: what
    a pretraining page would print beside them; truth: the facts the answers rest on.
    """

    source: str
    images: tuple = ()
    turns: tuple = ()
    caption: str = ""
    truth: dict = field(default_factory=dict)

    def pictures(self, size):
        """The images, scenes drawn at size × size."""
        return [render(image, size) if isinstance(image, Scene) else image for image in self.images]

    def conversation(self, size, turns=None):
        """The record as the processor takes it; images stand in front of the first question."""
        messages = []
        for i, (question, answer) in enumerate(self.turns[:turns]):
            content, images = question, []
            if i == 0 and self.images:
                content = (IMAGE_PLACEHOLDER + "\n") * len(self.images) + question
                images = self.pictures(size)
            messages.append({"role": "User", "content": content, "images": images})
            messages.append({"role": "Assistant", "content": answer})
        return messages


def generator(split, seed, index, source=""):
    """The random numbers of one sample.  The two splits never share a stream."""
    if split not in SPLITS:
        raise ValueError(f"no split {split!r}; there are {' and '.join(SPLITS)}")
    return random.Random(f"{split}/{source}/{seed}/{index}")
