"""Several pictures on a page: every sentence is true of its picture, and a pattern names one question."""

import re

import pytest

from dsvl_min.config import IMAGE_PLACEHOLDER as IMAGE
from dsvl_min.data.sources import sample
from dsvl_min.data.world import digit_label

WORDS = ("no", "one", "two", "three", "four", "five")


def made(source, count=150):
    return [sample(source, 5, i, "train" if i % 2 else "held-out", (i % 11) / 10) for i in range(count)]


def true_of(name, scene):
    """Whether a name says what the scene shows."""
    if scene.digits:
        return name == f"a handwritten {digit_label(scene.digits[0].index)}"
    if scene.texts:
        (text,) = scene.texts
        return name == f"a {text.plate} sign that says {text.string}"
    if re.match("an? ", name):
        (thing,) = scene.things
        return name.split(" ")[1:] == [thing.color, thing.shape]
    number, *color, noun = name.split(" ")
    shapes = {thing.shape for thing in scene.things}
    assert len(shapes) == 1 and noun.startswith(shapes.pop())
    return len(scene.things) == WORDS.index(number) and all(t.color == c for t in scene.things for c in color)


def test_each_line_of_a_page_is_of_its_picture():
    looked_back, kinds = 0, set()
    for s in made("interleaved"):
        assert 2 <= len(s.images) <= 3
        *lines, last = [line for line in s.text.split("\n") if line != IMAGE]
        if last.startswith("The "):
            _, ordinal, _, _, *name = last.rstrip(".").split(" ")
            assert true_of(" ".join(name), s.images[("first", "second", "third").index(ordinal)])
            looked_back += 1
        else:
            lines.append(last)
        assert len(lines) == len(s.images)
        for line, scene in zip(lines, s.images, strict=True):
            assert true_of(line[0].lower() + line[1:-1], scene)
            kinds.add("digit" if scene.digits else "sign" if scene.texts else len(scene.things) > 1)
        for question, answer in s.turns:
            assert true_of(answer, s.images[("first", "second", "third").index(question.split()[3])])
    assert looked_back > 50 and len(kinds) == 4


def test_a_line_stands_under_its_picture_or_over_it_on_the_whole_page():
    ways = {tuple(line == IMAGE for line in s.text.split("\n")[:4]) for s in made("interleaved")}
    assert ways == {(True, False, True, False), (False, True, False, True)}


def happened(before, after):
    """What becomes of an object from one picture to the next, by its fields."""
    found = []
    dx, dy = after.x - before.x, after.y - before.y
    if abs(dx) > 1e-9 or abs(dy) > 1e-9:
        assert min(abs(dx), abs(dy)) < 1e-9 and max(abs(dx), abs(dy)) > 0.2
        found.append("moves " + (("left", "right")[dx > 0] if abs(dx) > abs(dy) else ("up", "down")[dy > 0]))
    if before.size != after.size:
        assert max(after.size / before.size, before.size / after.size) > 1.3
        found.append("grows" if after.size > before.size else "shrinks")
    if before.color != after.color:
        found.append(f"turns {after.color}")
    assert before.shape == after.shape and before.angle == after.angle
    return found


def test_a_story_tells_what_happens_and_the_object_stays_in_the_picture():
    told = set()
    for s in made("stories"):
        things = [scene.things[0] for scene in s.images]
        assert all(0 <= v - t.size / 2 and v + t.size / 2 <= 1 for t in things for v in (t.x, t.y))
        assert len({scene.background for scene in s.images}) == 1
        changes = [happened(a, b) for a, b in zip(things, things[1:], strict=False)]
        assert all(len(change) == 1 for change in changes)
        first, *rest = [line for line in s.text.split("\n") if line != IMAGE]
        assert first.split(" ")[1:] == [things[0].color, f"{things[0].shape}."]
        assert [line.removeprefix("It ").rstrip(".") for line in rest] == [change[0] for change in changes]
        for (question, answer), line in zip(s.turns, rest, strict=False):
            assert answer == line and question.startswith("What happens from the")
        assert s.turns[-1][1].endswith(", then ".join(change[0] for change in changes) + ".")
        told |= {change[0].split(" ")[0] for change in changes}
    assert told == {"moves", "grows", "shrinks", "turns"}


def answers(scene):
    """Every answer a picture has, by what might be asked."""
    if scene.digits:
        (digit,) = scene.digits
        return {"digit": str(digit_label(digit.index)), "ink": digit.color}
    if scene.texts:
        (text,) = scene.texts
        return {"word": text.string, "colour": text.plate}
    colors, shapes = {t.color for t in scene.things}, {t.shape for t in scene.things}
    assert len(colors) == len(shapes) == 1
    return {"colour": colors.pop(), "shape": shapes.pop(), "count": str(len(scene.things))}


def test_only_one_question_explains_a_pattern_and_the_pictures_have_answers_to_others():
    tasks = set()
    for s in made("in-context"):
        facts = [answers(scene) for scene in s.images]
        told = [answer for _, answer in s.turns]
        assert len(told) == 3 and all(question == IMAGE for question, _ in s.turns)
        explained = [task for task in facts[0] if [fact[task] for fact in facts[:2]] == told[:2]]
        assert len(explained) == 1 and facts[2][explained[0]] == told[2]
        assert all(len(set(fact.values())) == len(fact) > 1 for fact in facts)  # no other question has that answer
        assert s.text.replace(IMAGE + " ", "").split("\n") == told
        tasks |= set(explained)
    assert tasks == {"colour", "shape", "count", "digit", "ink", "word"}


def test_things_of_a_pattern_neither_overlap_nor_leave_the_picture():
    for s in made("in-context"):
        for scene in s.images:
            for i, a in enumerate(scene.things):
                assert all(0 <= v - a.size / 2 and v + a.size / 2 <= 1 for v in (a.x, a.y))
                assert all(max(abs(a.x - b.x), abs(a.y - b.y)) >= a.size for b in scene.things[:i])


@pytest.mark.parametrize("source", ["interleaved", "stories", "in-context"])
def test_a_page_of_pictures_becomes_a_dialogue_with_each_image_once(source):
    for s in made(source, 20):
        messages = s.conversation(32)
        assert sum(len(message.get("images", ())) for message in messages) == len(s.images)
        assert sum(message["content"].count(IMAGE) for message in messages) == len(s.images)
