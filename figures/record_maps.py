"""Record where two maps of an answer fall, over many scenes: the chapter's one picture may be a kind one.

    python figures/record_maps.py            # writes figures/results/maps.json; about 2 minutes on two cores

Two objects, one question about the colour of one of them.  Every scene counts, right answer or wrong.
"""

import random

import numpy as np
import recorded

import dsvl_min
from dsvl_min.checkpoint import WEIGHTS
from dsvl_min.data.world import OBJECT_COLORS, SHAPES, Scene, Thing, render
from dsvl_min.explain.maps import ask, attention_map, occlusion_map, share_on
from dsvl_min.explain.picture import object_mask

SCENES, SEED = 60, 0


def scene(rng):
    """Two objects side by side; the first is asked about."""
    shapes, colors = rng.sample(list(SHAPES), 2), rng.sample(list(OBJECT_COLORS), 2)
    places = rng.sample([0.27, 0.74], 2)
    return Scene(
        "grey",
        tuple(Thing(s, c, x, rng.uniform(0.3, 0.7), 0.42) for s, c, x in zip(shapes, colors, places, strict=True)),
    )


def measure():
    """Means over the scenes: share of right answers, and each map's share on the asked and on the other object."""
    model, processor = dsvl_min.load("tiny")
    rng, rows = random.Random(SEED), []
    for _ in range(SCENES):
        drawn = scene(rng)
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


if __name__ == "__main__":
    found = measure()
    recorded.write(
        "maps",
        "Over many scenes, what share of an attention map and of an occlusion map falls on the object asked about?",
        "python figures/record_maps.py",
        seeds=[SEED],
        data={"scenes": SCENES, "mean": found},
        weights=recorded.weights_in(WEIGHTS / "tiny"),
    )
    print(found)
