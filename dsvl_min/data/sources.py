"""Every source by name, and the samples it gives."""

import functools
import hashlib
import json
from dataclasses import replace

from . import (
    captions,
    charts,
    documents,
    drills,
    handwriting,
    interleaved,
    scenetext,
    taxonomy,
    text,
    unanswerable,
    webcode,
)
from .instructions import general, text_only
from .sample import Sample, generator
from .world import BACKGROUNDS, COLORS, SHAPES

IMAGE_SOURCES = {
    "naming": captions.naming,
    "counting": captions.counting,
    "relations": captions.relations,
    "documents": documents.documents,
    "free-documents": documents.free_documents,
    "signs": scenetext.signs,
    "digits": handwriting.digits,
    "several-digits": handwriting.several_digits,
    "detailed-captions": captions.detailed,
    "interleaved": interleaved.interleaved,
    "stories": interleaved.stories,
    "in-context": interleaved.in_context,
    "charts": charts.charts,
    "tables": charts.tables,
    "web-code": webcode.web_code,
    "plots": webcode.plots,
    "scene-text": scenetext.scene_text,
    "markdown": documents.markdown,
}
# They show handwriting: each split has its own.
BY_SPLIT = ("digits", "several-digits", "interleaved", "in-context", "taxonomy", "unanswerable")
TEXT_SOURCES = {
    "grid": drills.grid,
    "lists": drills.lists,
    "repeats": drills.repeats,
    "chinese-lists": drills.chinese_lists,
}
PARAGRAPHS = {"english": text.english, "chinese": lambda split: text.chinese()}
DIALOGUES = {
    "taxonomy": taxonomy.taxonomy,
    "general": general.general,
    "instructions": text_only.instructions,
    "unanswerable": unanswerable.unanswerable,
    "inventory": captions.inventory,
    "chart-values": charts.chart_values,
}
# Raise it when places, sizes or drawing change: weights made before are then refused.
WORLD = 1
SOURCES = (*IMAGE_SOURCES, *TEXT_SOURCES, *PARAGRAPHS, *DIALOGUES, *taxonomy.DRAWN)


def sample(source, seed, index, split="train", difficulty=1.0):
    """Sample number `index` of a source: the same for the same arguments, on any machine.

    split: "train" or "held-out", which never share a random stream, a handwritten digit or a
    paragraph of English (there are too few Chinese sentences to hold any back).  difficulty: 0 to 1, as each
    source explains.  Raises ValueError for a source or
    split that does not exist.
    """
    rng = generator(split, seed, index, source)
    if source in PARAGRAPHS:
        made = Sample(source, text=rng.choice(PARAGRAPHS[source](split)))
    elif source in TEXT_SOURCES:
        made = TEXT_SOURCES[source](rng, difficulty)
    elif source in taxonomy.DRAWN:
        made = taxonomy.make(source, rng, difficulty, split)
    elif source in IMAGE_SOURCES or source in DIALOGUES:
        make = IMAGE_SOURCES.get(source) or DIALOGUES[source]
        made = make(rng, difficulty, split) if source in BY_SPLIT else make(rng, difficulty)
    else:
        raise ValueError(f"no source {source!r}; the sources are {', '.join(SOURCES)}")
    return replace(made, difficulty=difficulty)


@functools.lru_cache(maxsize=1)
def world_hash():
    """What the world tells, in 16 characters: weights carry it, and those that an older world made are refused.

    Of the facts and words of some samples of the miniature's sources, and of `WORLD`; not of places and pixels, whose
    last digits differ between versions of the font library.
    """
    names = (*list(IMAGE_SOURCES)[:8], *list(TEXT_SOURCES)[:3])
    made = [sample(name, 0, index, difficulty=index / 3) for name in names for index in range(4)]
    told = [WORLD, SHAPES, COLORS, BACKGROUNDS, [[m.source, m.turns, m.text, m.context, m.truth] for m in made]]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def sample_scene(seed, index, source=None, split="train", difficulty=1.0):
    """Scene number `index` of the micro-world: the first picture of a source that draws scenes, or of eight in turn."""
    names = list(IMAGE_SOURCES)[:8]  # the order is that of the first scenes ever drawn, which recorded results name
    return sample(source or names[index % len(names)], seed, index, split, difficulty).images[0]
