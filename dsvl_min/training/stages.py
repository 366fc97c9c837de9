"""The stages as data: what is trained, on what, for how long.

A stage is a table row, not a branch in a loop.  A part whose learning rate is absent is frozen.
Source: paper sections 3.3 and 4.1, Tables 1, 2 and 4.
"""

from dataclasses import dataclass, field, replace

from ..config import ConfigError
from ..data.sources import SOURCES
from ..data.tables import INSTRUCTIONS, PRETRAINING
from ..data.taxonomy import DRAWN
from ..lora import is_lora
from .loop import SCHEDULES

# The parts a stage may train.  SAM's blocks are never among those of the paper's stages; its necks, the two
# convolutions and alpha sit in SAM's module and are trained with the adaptor.
PARTS = {
    "siglip": ("vision.siglip.",),
    "sam": ("vision.sam.",),
    # deviation: necks-with-the-adaptor
    "necks": ("vision.sam.neck.", "vision.sam.early_neck.", "vision.sam.downsample.", "vision.sam.alpha"),
    "adaptor": ("adaptor.",),
    "decoder": ("decoder.",),
}


LORA = "lora"  # beside the decoder's matrices, where `add_lora` has put it in: a part of its own
APART = ("questions", "turns")  # ways of reading a dialogue as if each turn were the only one
READS = ("pages", "dialogues", *APART)
OWN = "own"  # a share of this name draws from all samples there are, whatever their source


def part_of(name):
    """The part a parameter belongs to; the longest matching prefix decides."""
    if is_lora(name):
        return LORA
    matches = [(len(p), part) for part, prefixes in PARTS.items() for p in prefixes if name.startswith(p)]
    return max(matches)[1]


@dataclass(frozen=True)
class Share:
    """A source's part of the mix.  low, high: its range of difficulty."""

    source: str
    weight: float
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self):
        if self.source not in (*SOURCES, OWN):
            raise ConfigError(f"Share.source: no source {self.source!r}; the sources are {', '.join(SOURCES)}")
        if not self.weight > 0:
            raise ConfigError(f"Share.weight of {self.source} must be positive, got {self.weight!r}")


@dataclass(frozen=True)
class Stage:
    """One row of the table.

    lr: learning rate of each trained part; absent or zero is frozen.  muon: learning rate of a part's matrices where
    Muon trains them, muon_decay: their weight decay there; AdamW trains the rest.  reads: "pages" (image, then text),
    "dialogues" (questions and answers), "turns" (each as if it were the image's only one) or "questions" (the same
    without "Describe this image."); learns: of a dialogue, "answers" or "everything";
    weighs: "tokens" (each token that is predicted counts as much) or "answers" (long ones count less, see
    `collate.root_weights`).
    warmup: steps of linear rise; schedule: what follows, one of `loop.SCHEDULES`.  text_share: of the samples that are
    text alone; ramp: steps over which it falls from 1 to that (modality warm-up); grouped: a step reads text or
    images, never both (modality grouping).  length: tokens of a row, at most (0: as many as the decoder takes);
    packing: rows are packed into sequences of that length.  reader: the weight of a reader's loss, which teaches necks
    and adaptor what lies where (see reader.py); 0: none.
    """

    name: str
    lr: dict
    steps: int
    batch: int
    mix: tuple
    reads: str = "pages"
    learns: str = "answers"
    # deviation: answers-weighed
    weighs: str = "tokens"
    warmup: int = 20
    schedule: str = "cosine"
    betas: tuple = (0.9, 0.95)
    weight_decay: float = 0.0
    clip: float = 1.0
    text_share: float = 0.0
    text_mix: tuple = field(default=())
    ramp: int = 0
    grouped: bool = True
    length: int = 0
    packing: bool = False
    reader: float = 0.0
    # deviation: muon
    muon: dict = field(default_factory=dict)
    muon_decay: dict = field(default_factory=dict)

    def __post_init__(self):
        for rates in ("lr", "muon", "muon_decay"):
            unknown = sorted(set(getattr(self, rates)) - {*PARTS, LORA})
            if unknown:
                raise ConfigError(
                    f"Stage.{rates} of {self.name}: no part {', '.join(unknown)}; the parts are {', '.join(PARTS)}"
                )
        if self.lr.get("sam", 0) > 0:
            raise ConfigError(
                f"Stage.lr of {self.name} trains sam: no stage of the paper does, and what SAM's blocks see is "
                "computed once and kept; necks trains what follows them"
            )
        if not any(rate > 0 for rate in self.lr.values()):
            raise ConfigError(f"Stage.lr of {self.name} trains nothing: every part is frozen")
        if self.steps < 1 or self.batch < 1:
            raise ConfigError(
                f"Stage {self.name} needs at least one step and one sample, got {self.steps} and {self.batch}"
            )
        if self.schedule not in SCHEDULES:
            raise ConfigError(
                f"Stage.schedule of {self.name} must be one of {', '.join(SCHEDULES)}, got {self.schedule!r}"
            )
        if self.length < 0 or self.packing and not self.length:
            raise ConfigError(f"Stage.length of {self.name} must be a number of tokens, got {self.length!r}")
        if self.reader < 0 or self.reader and not any(self.lr.get(part, 0) > 0 for part in ("necks", "adaptor")):
            raise ConfigError(
                f"Stage.reader of {self.name} must be 0, or above 0 where necks or adaptor train; got {self.reader!r}"
            )
        if self.warmup >= self.steps:
            raise ConfigError(
                f"Stage.warmup of {self.name} ({self.warmup}) must be shorter than its {self.steps} steps"
            )
        if not 0 <= self.ramp <= self.steps:
            raise ConfigError(f"Stage.ramp of {self.name} must lie in 0..{self.steps}, its steps; got {self.ramp!r}")
        if self.ramp and not self.text_share:
            raise ConfigError(f"Stage.ramp of {self.name} begins with text alone, and text_share is 0")
        if not 0 <= self.text_share <= 1:
            raise ConfigError(f"Stage.text_share of {self.name} must lie in 0..1, got {self.text_share!r}")
        if self.text_share and not max(self.lr.get("decoder", 0), self.lr.get(LORA, 0)) > 0:
            raise ConfigError(
                f"Stage {self.name} reads text alone with the decoder frozen: nothing could learn from it"
            )
        if self.reads not in READS:
            raise ConfigError(f"Stage.reads of {self.name} must be {' or '.join(READS)}, got {self.reads!r}")
        if self.reads in APART and any(share.source == OWN for share in self.mix):
            raise ConfigError(f"Stage {self.name} reads {self.reads}: records of your own may build on earlier turns")
        if self.reads in APART and (self.packing or self.learns != "answers"):
            raise ConfigError(
                f"Stage {self.name} reads {self.reads}: only answers are learnt of these, and no row is packed"
            )
        if self.learns not in ("answers", "everything"):
            raise ConfigError(f"Stage.learns of {self.name} must be answers or everything, got {self.learns!r}")
        if self.weighs not in ("tokens", "answers"):
            raise ConfigError(f"Stage.weighs of {self.name} must be tokens or answers, got {self.weighs!r}")
        if self.text_share < 1 and not self.mix or self.text_share > 0 and not self.text_mix:
            raise ConfigError(f"Stage {self.name} has a share of batches without a source to fill them")


@dataclass(frozen=True)
class Recipe:
    """The stages of one size and what they read.

    images: (source, count, low, high) rows of the images made beforehand; texts: shares of text_count text-only
    samples.  Without images the recipe is there to be read and reckoned with (`cost`), not to be run.
    practice: stages that may follow as the fourth and so on; they train the decoder alone, over practised images of
    their own.
    """

    stages: tuple
    images: tuple = ()
    texts: tuple = ()
    text_count: int = 0
    practice: tuple = ()
    practised: tuple = ()

    def __post_init__(self):
        for stage in self.practice:
            moved = sorted(part for part, rate in stage.lr.items() if rate > 0)
            if moved != ["decoder"]:
                raise ConfigError(
                    f"Stage.lr of {stage.name} trains {', '.join(moved)}: practice keeps finished image tokens, so "
                    "only the decoder can learn from it"
                )

    @property
    def numbered(self):
        """{number: Stage}, as --stages calls them."""
        return dict(enumerate((*self.stages, *self.practice), 1))

    def drawn(self, chosen):
        """How many images the chosen stages need: {"images": …, "practised": …}."""
        pools = (("images", self.stages, self.images), ("practised", self.practice, self.practised))
        return {
            name: sum(count for _, count, *_ in rows) if any(stage in stages for stage in chosen) else 0
            for name, stages, rows in pools
        }


_TEXTS = (Share("english", 2), Share("chinese", 0.2), Share("grid", 1), Share("lists", 2), Share("repeats", 1))
_THINGS = (
    Share("naming", 2), Share("counting", 0.7), Share("relations", 0.7), Share("digits", 1),
    Share("several-digits", 0.7), Share("free-documents", 0.5), Share("signs", 0.5),
)  # fmt: skip
# Pages of ten symbols first: with them the loss falls within a hundred steps, with all 34 it stands still for three
# hundred.  What was learnt, that a place in the text is a place in the image, carries over.
# deviation: easy-pages-first
# An inventory is to objects what a page is to letters: many names in order, where "three stars" is one word to guess.
_EASY = (*_THINGS, Share("inventory", 4, 0.0, 0.4), Share("documents", 12, 0.0, 0.24))
_PAGES = (*_THINGS, Share("inventory", 4), Share("documents", 5, 0.25, 0.49), Share("documents", 1.5, 0.5, 0.74))
# A page has some forty label tokens, a name two.  Loss is averaged over tokens, as in the paper, so by stage 3
# short answers are asked three times as often as pages are read.  Pages of ten symbols come first here too: in a
# dialogue words stand between image and answer, and without them pages are found again late or, with one seed, not.
# deviation: questions-weighted
_QUESTIONS = (
    Share("naming", 6), Share("counting", 3), Share("relations", 2.5), Share("inventory", 3),
    Share("documents", 2, 0.0, 0.24), Share("documents", 2, 0.25, 0.49), Share("documents", 1, 0.5, 0.74),
    Share("free-documents", 0.5), Share("signs", 1), Share("digits", 6), Share("several-digits", 2),
    # deviation: cannot-tell
    Share("unanswerable", 1.5),
)  # fmt: skip

# Which of two objects is meant, by its shape, and where it lies: it takes more than a hundred thousand questions to
# teach, which is three times these steps.  Then how many there are of a shape.  Then everything, descriptions too, for
# by then all else is forgotten.
_PAIRS = (Share("relations", 1, 0.3, 1.0),)
_COUNTS = (Share("counting", 3, 0.3, 1.0), Share("relations", 1, 0.3, 1.0))
_ALL = (
    Share("relations", 6, 0.3, 1.0), Share("counting", 7, 0.3, 1.0), Share("inventory", 3), Share("naming", 2),
    Share("digits", 1.5), Share("several-digits", 0.4), Share("documents", 0.8, 0.0, 0.74), Share("signs", 0.1),
    Share("free-documents", 0.05), Share("unanswerable", 0.8),
)  # fmt: skip

# Without it the adaptor's matrices grow, and with them the image tokens, to a hundred times a word's length.
_DECAY = {"adaptor": 0.1, "necks": 0.1}

STAGES = {
    # deviation: rates-for-a-miniature
    "tiny": Recipe(
        stages=(
            # The loss stands still, then breaks: below 1 by step 77 with seed 0 (with earlier parts by 161, 83 and 75
            # with three seeds).  220 leave room.
            Stage(
                "stage1", {"adaptor": 5e-3, "necks": 5e-3}, 220, 48, _EASY,
                muon={"adaptor": 0.05, "necks": 0.05}, muon_decay=_DECAY,
            ),
            # deviation: cosine-in-stage-2
            Stage(
                "stage2", {"adaptor": 3e-3, "necks": 3e-3, "decoder": 1e-3}, 260, 48, _PAGES,
                # deviation: less-text-than-the-paper
                muon={"adaptor": 0.03, "necks": 0.03, "decoder": 0.01}, muon_decay=_DECAY, text_share=0.2,
                text_mix=_TEXTS,
            ),
            Stage(
                "stage3", {"adaptor": 3e-3, "necks": 3e-3, "decoder": 1e-3, "siglip": 3e-4}, 440, 48, _QUESTIONS,
                muon={"adaptor": 0.02, "necks": 0.02, "decoder": 0.01, "siglip": 0.006}, muon_decay=_DECAY,
                # deviation: less-text-than-the-paper
                reads="dialogues", text_share=0.15, text_mix=_TEXTS,
            ),
        ),
        images=(
            ("naming", 1000, 0.0, 0.6), ("naming", 2500, 0.6, 1.0), ("counting", 500, 0.0, 0.6),
            ("counting", 1500, 0.6, 1.0), ("relations", 500, 0.0, 0.6), ("relations", 1000, 0.6, 1.0),
            ("inventory", 1200, 0.0, 0.4), ("inventory", 1800, 0.4, 1.0),
            ("digits", 800, 0.0, 0.6), ("digits", 2000, 0.6, 1.0),
            ("documents", 1000, 0.0, 0.24), ("documents", 1500, 0.25, 0.49), ("documents", 1000, 0.5, 0.74),
            ("free-documents", 900, 0.0, 1.0), ("signs", 900, 0.0, 1.0), ("several-digits", 900, 0.0, 1.0),
            ("unanswerable", 900, 0.0, 1.0),
        ),
        texts=_TEXTS,
        text_count=15000,  # with 3,000 the English is read again and again, and what was known besides is lost
        # deviation: practice
        practice=(
            Stage(
                "pairs", {"decoder": 1e-3}, 440, 48, _PAIRS, reads="questions", muon={"decoder": 0.01}, text_share=0.1,
                text_mix=_TEXTS,
            ),
            Stage(
                "counts", {"decoder": 1e-3}, 280, 48, _COUNTS, reads="questions", muon={"decoder": 0.01},
                text_share=0.1, text_mix=_TEXTS,
            ),
            Stage(
                "mixed", {"decoder": 5e-4}, 500, 48, _ALL, reads="turns", muon={"decoder": 0.005},
                text_share=0.15, text_mix=_TEXTS,
            ),
        ),
        practised=(
            ("relations", 8000, 0.3, 1.0), ("counting", 5000, 0.3, 1.0), ("inventory", 3300, 0.0, 1.0),
            ("naming", 1000, 0.0, 1.0), ("digits", 1000, 0.0, 1.0), ("several-digits", 700, 0.0, 1.0),
            ("documents", 700, 0.0, 0.74), ("signs", 300, 0.0, 1.0), ("free-documents", 200, 0.0, 1.0),
            ("unanswerable", 800, 0.0, 1.0),
        ),
    ),
}  # fmt: skip


def longer(recipe, times):
    """The recipe with `times` its steps, over that many times its images and texts."""

    def more(rows):
        return tuple((source, times * count, low, high) for source, count, low, high in rows)

    def on(stage):
        return replace(stage, steps=times * stage.steps, ramp=times * stage.ramp)

    return replace(
        recipe, stages=tuple(map(on, recipe.stages)), images=more(recipe.images), text_count=times * recipe.text_count,
        practice=tuple(map(on, recipe.practice)), practised=more(recipe.practised),
    )  # fmt: skip


def _wider(recipe, times, width):
    """A recipe for a decoder `width` times as wide: AdamW's rates divided by that, `times` the steps and the images."""

    def wider(stage):
        return replace(stage, lr={part: rate / width for part, rate in stage.lr.items()})

    made = longer(recipe, times)
    return replace(made, stages=tuple(map(wider, made.stages)), practice=tuple(map(wider, made.practice)))


# No run of it is recorded yet.
STAGES["mini"] = _wider(STAGES["tiny"], 2, 192 / 128)

# Table 4 of the paper.  What differs between the two sizes, for stages 1, 2 and 3:
_TABLE_4 = {
    "1.3b": {"lr": (1e-3, 3e-5, 2e-5), "steps": (15000, 96000, 10000), "batch": (256, 1024, 256)},
    "7b": {"lr": (1e-3, 4.2e-5, 2e-5), "steps": (15000, 42000, 10000), "batch": (256, 2304, 256)},
}
# Section 3.3.1: 1.25 million captions of ShareGPT4V and 2.5 million pages of rendered text.
_WARM_UP = (Share("detailed-captions", 1.25), Share("markdown", 2.5))


def _of_table(rows):
    """(mix, text share, text mix) of the paper's Table 1 or 2, each row divided among the sources that stand for it."""
    shares = {True: [], False: []}
    for row in rows:
        weights = row.weights or (1,) * len(row.here)
        shares[row.text] += [
            Share(source, row.share * weight / sum(weights))
            for source, weight in zip(row.here, weights, strict=True)
            if source not in DRAWN  # the leaves stand under one name
        ]
        if set(row.here) & set(DRAWN):
            shares[row.text].append(Share("taxonomy", row.share))
    text = sum(row.share for row in rows if row.text) / sum(row.share for row in rows)
    return tuple(shares[False]), round(text, 4), tuple(shares[True])


def _of_the_paper(lr, steps, batch):
    """The paper's three stages (section 3.3, Table 4)."""
    with_adaptor = [{"adaptor": rate, "necks": rate} for rate in lr]
    table_1, table_2 = _of_table(PRETRAINING), _of_table(INSTRUCTIONS)
    return Recipe((
        # deviation: length-without-images
        Stage("stage1", with_adaptor[0], steps[0], batch[0], _WARM_UP, warmup=128, length=512),
        Stage(
            "stage2", {**with_adaptor[1], "decoder": lr[1]}, steps[1], batch[1], table_1[0], warmup=2000,
            schedule="step", text_share=table_1[1], text_mix=table_1[2], length=4096, packing=True,
        ),
        Stage(
            "stage3", {**with_adaptor[2], "decoder": lr[2], "siglip": lr[2]}, steps[2], batch[2], table_2[0],
            reads="dialogues", warmup=256, text_share=table_2[1], text_mix=table_2[2], length=4096,
        ),
    ))  # fmt: skip


STAGES |= {size: _of_the_paper(**rows) for size, rows in _TABLE_4.items()}
