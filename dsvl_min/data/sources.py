"""Every source by name, and the samples it gives."""

from dataclasses import replace

from . import drills, handwriting, objects, pages, taxonomy, text
from .instructions import general, words
from .sample import Sample, generator

IMAGE_SOURCES = {
    "naming": objects.naming,
    "counting": objects.counting,
    "relations": objects.relations,
    "documents": pages.documents,
    "free-documents": pages.free_documents,
    "signs": pages.signs,
    "digits": handwriting.digits,
    "several-digits": handwriting.several_digits,
}
TEXT_SOURCES = {"grid": drills.grid, "lists": drills.lists, "repeats": drills.repeats}
PARAGRAPHS = {"english": text.english, "chinese": lambda split: text.chinese()}
DIALOGUES = {"taxonomy": taxonomy.taxonomy, "general": general.general, "instructions": words.instructions}
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
    elif source == "taxonomy":
        made = taxonomy.taxonomy(rng, difficulty, split)
    elif source in DIALOGUES:
        made = DIALOGUES[source](rng, difficulty)
    elif source in ("digits", "several-digits"):
        made = IMAGE_SOURCES[source](rng, difficulty, split)
    elif source in IMAGE_SOURCES:
        made = IMAGE_SOURCES[source](rng, difficulty)
    else:
        raise ValueError(f"no source {source!r}; the sources are {', '.join(SOURCES)}")
    return replace(made, difficulty=difficulty)


def sample_scene(seed, index, source=None, split="train", difficulty=1.0):
    """Scene number `index` of the micro-world, of one image source or of each in turn."""
    names = list(IMAGE_SOURCES)
    return sample(source or names[index % len(names)], seed, index, split, difficulty).images[0]
