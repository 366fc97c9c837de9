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
    a pretraining page prints beside them; context: text that stands in an image's place, read but
    not predicted; difficulty: the dial it was made at; truth: the facts the answers rest on.
    """

    source: str
    images: tuple = ()
    turns: tuple = ()
    caption: str = ""
    context: str = ""
    difficulty: float = 0.0
    truth: dict = field(default_factory=dict)

    def pictures(self, size=None):
        """The images, scenes drawn at size × size (None: left as they are)."""
        return [render(im, size) if size and isinstance(im, Scene) else im for im in self.images]

    def conversation(self, size=None):
        """The turns as the processor takes them, images (see `pictures`) in front of the first question."""
        images = self.pictures(size)
        messages = []
        for i, (question, answer) in enumerate(self.turns):
            first = i == 0 and images
            content = (IMAGE_PLACEHOLDER + "\n") * len(images) + question if first else question
            messages.append({"role": "User", "content": content, "images": images if first else []})
            messages.append({"role": "Assistant", "content": answer})
        return messages


def generator(split, seed, index, source=""):
    """The random numbers of one sample.  The two splits never share a stream."""
    if split not in SPLITS:
        raise ValueError(f"no split {split!r}; there are {' and '.join(SPLITS)}")
    return random.Random(f"{split}/{source}/{seed}/{index}")
