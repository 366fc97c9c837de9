"""Record where two maps of an answer fall, over many scenes: the chapter's one picture may be a kind one.

    python figures/record_maps.py            # writes figures/results/maps.json; about 2 minutes on two cores

Two objects, one question about the colour of one of them.  Every scene counts, right answer or wrong.
"""

import numpy as np
import recorded

import dsvl_min
from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.checks.whole_model import color_of, swap_colors, two_things
from dsvl_min.data.world import render
from dsvl_min.explain.maps import ask, attention_map, occlusion_map, share_on
from dsvl_min.explain.picture import object_mask

SCENES, PAIRS = 60, 300  # the scenes are numbered from 0: two_things(0), two_things(1), …


def measure():
    """Means over the scenes: share of right answers, and each map's share on the asked and on the other object."""
    model, processor = dsvl_min.load("tiny")
    rows = []
    for number in range(SCENES):
        drawn = two_things(number)
        asked, other = drawn.things
        image, question = render(drawn, 128), f"What colour is the {asked.shape}?"
        batch = ask(processor, image, question)
        batch.pop("labels")
        answer = processor.decode(model.generate(**batch)[0])
        maps = attention_map(model, batch), occlusion_map(model, processor, image, question, answer)
        masks = [object_mask(drawn, 128, {f"{t.color} {t.shape}"}) for t in (asked, other)]
        rows.append([answer == asked.color, answer == other.color, *(share_on(m, k) for m in maps for k in masks),
                     *(k.mean() for k in masks)])  # fmt: skip
    names = ("right", "other", "attention_asked", "attention_other", "occlusion_asked", "occlusion_other",
             "chance_asked", "chance_other")  # fmt: skip
    return {name: round(float(value), 4) for name, value in zip(names, np.mean(rows, axis=0), strict=True)}


def swapped():
    """Shares over PAIRS scenes asked twice, as they are and with the colours exchanged: right, right both times, the
    same both times."""
    model, processor = dsvl_min.load("tiny")
    right = both = same = 0
    for number in range(PAIRS):
        scenes = two_things(number), swap_colors(two_things(number))
        shape = scenes[0].things[0].shape
        talks = [
            [
                {
                    "role": "User",
                    "content": f"<image_placeholder>\nWhat colour is the {shape}?",
                    "images": [render(s, 128)],
                }
            ]
            for s in scenes
        ]
        said = [processor.decode(ids) for ids in model.generate(**processor(talks), max_new_tokens=8)]
        told = [color_of(s, shape) for s in scenes]
        right += sum(a == b for a, b in zip(said, told, strict=True))
        both += said == told
        same += said[0] == said[1]
    shares = {"right": right / 2 / PAIRS, "both": both / PAIRS, "same": same / PAIRS}
    return {name: round(share, 4) for name, share in shares.items()}


if __name__ == "__main__":
    found = measure()
    recorded.write(
        "maps",
        "Over many scenes, what share of an attention map and of an occlusion map falls on the object asked about?",
        "python figures/record_maps.py",
        seeds=[0],
        data={"scenes": SCENES, "mean": found, "pairs": PAIRS, "swapped": swapped()},
        weights=recorded.weights_in(WEIGHTS / "tiny"),
    )
    print(found)
