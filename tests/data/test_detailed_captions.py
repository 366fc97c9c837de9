"""Detailed captions: what is where, how large, and what is not there."""

import re

from dsvl_min.data.captions import PLACES
from dsvl_min.data.sources import sample


def described(thing):
    """What is said of an object and of its place, from its numbers alone."""
    size = "large" if thing.size > 0.2 else "small"
    return f"{size} {thing.color} {thing.shape}", PLACES[int(thing.y * 3)][int(thing.x * 3)]


def test_every_object_is_told_with_its_place_and_nothing_else():
    present = 0
    for i in range(200):
        s = sample("detailed-captions", 5, i, difficulty=(i % 11) / 10)
        scene = s.images[0]
        facts = dict(map(described, scene.things))
        assert len(facts) == len(scene.things) == len(set(facts.values()))
        heads = re.split(r", | and ", s.text.rstrip(".").split(": ")[1])
        assert [re.sub("^an? ", "", head) for head in heads] == [f"{what} {where}" for what, where in facts.items()]
        assert s.text.split(" ")[0].lower() == ("two", "three", "four")[len(facts) - 2]
        assert f"a {scene.background} ground" in s.text
        for question, answer in s.turns:
            if question.startswith("Where is the"):
                assert [where for what, where in facts.items() if what.endswith(question[13:-1])] == [answer]
            elif question.startswith("What is"):
                assert facts[re.sub("^an? ", "", answer)] == question[8:-1]
            elif question.startswith("Is there"):
                name = re.sub("^an? ", "", question[9:-1])
                assert (answer == "yes") == any(what.endswith(name) for what in facts)
                present += answer == "yes"
    assert 70 < present < 130


def test_objects_stay_in_their_third_of_the_picture():
    for i in range(100):
        for thing in sample("detailed-captions", 6, i).images[0].things:
            for v in (thing.x, thing.y):
                third = int(v * 3) / 3
                assert third <= v - thing.size / 2 and v + thing.size / 2 <= third + 1 / 3
