"""The taxonomy as a table, and what holds for every leaf that can be drawn."""

import json
from collections import Counter
from dataclasses import asdict

import pytest

from dsvl_min.data import taxonomy
from dsvl_min.data.collate import dialogue
from dsvl_min.data.instructions.drawing import Drawing
from dsvl_min.data.problems import of_length, of_sample, undrawn
from dsvl_min.data.sources import sample
from dsvl_min.data.world import Scene, digit_count

DIALOGUES = (*taxonomy.DRAWN, "general", "instructions")
DIALS = (0.0, 0.3, 0.5, 0.7, 1.0)
UNANSWERABLE = ("I can't tell from the image.", "从图里看不出来。")


def made(source, count, seed=2):
    return [sample(source, seed, i, difficulty=DIALS[i % len(DIALS)]) for i in range(count)]


def test_the_table_has_the_papers_88_leaves():
    assert len(taxonomy.LEAVES) == 88 == sum(taxonomy.COUNTS.values())
    assert {main: leaves for main, (leaves, _) in taxonomy.per_class().items()} == taxonomy.COUNTS
    assert sum(f.name == "Others" for f in taxonomy.LEAVES.values()) == 2  # both are among the 88
    assert all(len(slug.split("/")) == (2 if leaf.secondary == "" else 3) for slug, leaf in taxonomy.LEAVES.items())
    assert len(taxonomy.as_table()) == 88 and all(all(row[::2]) and row[3] for row in taxonomy.as_table())


def test_every_leaf_has_either_a_generator_or_a_reason_and_real_data():
    for leaf in taxonomy.LEAVES.values():
        assert (leaf.make is None) == bool(leaf.reason) == bool(leaf.real), leaf
    makers = [leaf.make for leaf in taxonomy.LEAVES.values() if leaf.make]
    assert len(set(makers)) == len(makers) == len(taxonomy.DRAWN) >= 40


def test_a_leaf_that_does_not_exist_or_cannot_be_drawn_is_named():
    assert taxonomy.leaf("safety/prompt-injection").name == "Prompt Injection"
    with pytest.raises(KeyError, match="no leaf 'safety/x'; there are safety/suggestive-questioning"):
        taxonomy.leaf("safety/x")
    with pytest.raises(ValueError, match="food is told by texture; real data: Food-101"):
        taxonomy.make("recognition/global/food", None)


@pytest.mark.parametrize("source", DIALOGUES)
def test_a_dialogue_is_the_same_on_every_call_and_its_pictures_after_json(source):
    for index, dial in enumerate(DIALS):
        s, again = (sample(source, 3, index, difficulty=dial) for _ in range(2))
        assert asdict(s) == asdict(again) and s.turns and not s.text
        assert s.leaf == (source if source in taxonomy.DRAWN else "")
        for image in s.images:
            kind = Drawing if isinstance(image, Drawing) else Scene
            assert kind.from_dict(json.loads(json.dumps(image.to_dict()))) == image
        assert all(picture.size == (64, 64) for picture in s.pictures(64))


@pytest.mark.parametrize("source", DIALOGUES)
def test_only_answers_are_supervised_token_by_token(tiny, source):
    processor = tiny[1]
    end = processor.tokenizer.specials[1]
    for s in made(source, 10):
        ids, labels = dialogue(s, processor)
        assert len(ids) <= processor.config.decoder.max_positions
        assert ids.count(processor.config.image_token_id) == 36 * len(s.images)
        assert all(label in (-100, token) for token, label in zip(ids, labels, strict=True))
        runs, run = [], []
        for label in [*labels, -100]:
            if label != -100:
                run.append(label)
            elif run:
                runs.append(processor.tokenizer.decode(run, skip_special=False))
                run = []
        assert runs == [f" {answer}{end}" for _, answer in s.turns]


@pytest.mark.parametrize("source", DIALOGUES)
def test_the_validator_finds_nothing_wrong(tiny, source):
    for s in made(source, 10, seed=6):
        assert not [*of_sample(s, taxonomy.LEAVES), *of_length(s, tiny[1])]
        assert json.loads(json.dumps(s.truth)) is not None and all(map(undrawn, s.images))


def size_of(s):
    """How much there is to see: things, marks, letters, grain; without a picture, to read."""
    seen = 0
    for image in s.images:
        scene = image.scene if isinstance(image, Drawing) else image
        seen += len(scene.things) + len(scene.digits) + sum(len(t.string) for t in scene.texts) + scene.noise
        seen += len(image.marks) if isinstance(image, Drawing) else 0
    return seen if s.images else sum(len(question) + len(answer) for question, answer in s.turns)


@pytest.mark.parametrize("source", DIALOGUES)
def test_difficulty_changes_what_is_seen(source):
    easy, hard = ([sample(source, 4, i, difficulty=d) for i in range(40)] for d in (0.0, 1.0))
    different = sum(
        asdict(a)["images"] != asdict(b)["images"] or a.turns != b.turns for a, b in zip(easy, hard, strict=True)
    )
    assert different >= 32
    assert len({repr(s.images) for s in hard}) > 20 or not hard[0].images
    # A landscape has no grain and no number: there the dial moves horizon, sun and subject.
    if source not in ("recognition/global/scene", "commonsense/environment/state"):
        assert sum(map(size_of, hard)) > sum(map(size_of, easy))


@pytest.mark.parametrize("source", DIALOGUES)
def test_no_answer_is_most_of_the_answers(source):
    answers = Counter(answer for s in made(source, 250) for _, answer in s.turns)
    assert answers.most_common(1)[0][1] / answers.total() < 0.6


def test_questions_are_worded_in_several_ways():
    for source in taxonomy.DRAWN:
        assert len({question for s in made(source, 40) for question, _ in s.turns}) >= 2, source


def chinese(text):
    return any("\u4e00" <= c <= "\u9fff" for c in text)


def test_where_a_leaf_asks_for_a_language_a_fifth_is_chinese_throughout():
    asked = [s for source in DIALOGUES for s in made(source, 150) if "language" in s.truth]
    sources = {s.leaf or s.source for s in asked}
    described = {f"recognition/global/{kind}" for kind in ("theme", "event", "scene", "mood")}
    copied = {slug for slug in taxonomy.DRAWN if slug.startswith("recognition/transcription/")}
    counted = {"recognition/local/counting", "recognition/local/position"}
    assert sources == described | copied | counted | {"general", "instructions"}
    asked = [s for s in asked if s.leaf != "recognition/transcription/specified-language"]
    assert 0.15 < sum(s.truth["language"] for s in asked) / len(asked) < 0.25
    for s in asked:
        assert all(chinese(question) == bool(s.truth["language"]) for question, _ in s.turns), s
        if "transcription" not in s.leaf and s.source != "instructions":  # what is copied stays as it is
            words = [a for _, a in s.turns if not a.isupper()]
            assert all(chinese(answer) == bool(s.truth["language"]) for answer in words), s


def test_a_tenth_of_the_general_questions_cannot_be_answered_from_the_picture():
    turns = [turn for s in made("general", 1000) for turn in s.turns]
    assert 0.07 < sum(answer in UNANSWERABLE for _, answer in turns) / len(turns) < 0.13
    signs = [answer for question, answer in turns if question in ("What does the sign say?", "Read the sign.")]
    assert 0.1 < sum(answer in UNANSWERABLE for answer in signs) / len(signs) < 0.7  # the question alone doesn't tell


def test_dialogues_have_several_turns_several_pictures_or_none():
    counts = Counter((min(len(s.images), 2), len(s.turns) > 1) for source in DIALOGUES for s in made(source, 20))
    assert set(counts) >= {(0, True), (0, False), (1, True), (1, False), (2, True), (2, False)}
    assert {s.leaf for s in made("taxonomy", 1500)} == set(taxonomy.DRAWN)


def test_held_out_handwriting_stays_held_out():
    source = "recognition/transcription/handwritten"
    seen = {split: set() for split in ("train", "held-out")}
    for split, indices in seen.items():
        for i in range(400):
            for name in (source, "taxonomy"):
                s = sample(name, 0, i, split)
                if s.leaf == source:
                    indices |= {d.index for d in s.images[0].digits}
    assert not seen["train"] & seen["held-out"]
    assert len(seen["train"]) > 300 and max(seen["train"]) < digit_count()
