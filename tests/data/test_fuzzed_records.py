"""Ten thousand records, bent at random: none crashes anything, and each that is turned away is told where and why."""

import copy
import json
import random

import pytest
from PIL import Image

from dsvl_min.data.check import check
from dsvl_min.data.quarantine import Report, accept
from dsvl_min.data.records import read

COUNT = 10_000
TAG = "<image_placeholder>"
KINDS = {
    "json", "form", "roles", "empty", "placeholders", "special token", "characters", "image", "leaf", "length",
}  # fmt: skip
GOOD = (
    {"images": ["a.png"], "messages": [{"role": "User", "content": "What?"}, {"role": "Assistant", "content": "red"}]},
    {"images": ["a.png", "a.png"], "text": f"{TAG} and {TAG}", "source": "own", "leaf": "Counting"},
    {"text": "Words.", "truth": {"boxes": [[0, 1]]}, "difficulty": 0.5, "context": "a b"},
    {"messages": [{"role": r, "content": "so"} for r in ("User", "Assistant", "User", "Assistant")], "source": "talk"},
)
ODD = (
    None, True, 0, -1, 7, 10**30, 1e308, float("nan"), float("inf"), "", " ", "\x00", "a\x00b", "\ud800", "\udc00x",
    "\n\t\x1b[31m", "名前", "🙂", TAG, TAG * 3, "<｜end▁of▁sentence｜>", "<｜begin▁of▁sentence｜>", "cat " * 700,
    [], {}, [[]], [None], {"role": "User"}, [{"role": "User", "content": "a"}], "a.png", ["a.png"], "../a.png", "/",
    "broken.jpg", "cut.png", "empty.png", "absent.png", "data:image/png;base64,iVBOR", "data:,", "https://a.b/c.png",
    "a" * 5000, ".",
)  # fmt: skip


def odd(rng):
    return copy.deepcopy(rng.choice(ODD))


def places(value, at=()):
    """Every place in a record, as a path of keys."""
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield from places(part, (*at, key))


def bend(rng, record):
    """One random change somewhere in a record."""
    at = rng.choice(list(places(record)))
    if not at:
        return rng.choice((odd(rng), [record], {**record, rng.choice(("id", "Text", "image", "", "\x00")): 1}))
    *way, key = at
    holder = record
    for step in way:
        holder = holder[step]
    change = rng.randrange(5)
    if change == 0:
        del holder[key]
    elif change == 1 and isinstance(holder, dict):
        holder[rng.choice((key.upper(), key + "s", key[:-1], "role", "text", "\ud800"))] = holder.pop(key)
    elif change == 2:
        holder[key] = [holder[key]] * rng.choice((1, 2, 30))
    elif change == 3 and isinstance(holder, list):
        holder.insert(key, odd(rng))
    else:
        holder[key] = odd(rng)
    return record


def bent_line(rng, record):
    """The record's line, its bytes now and then damaged as well."""
    line = json.dumps(record, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    for _ in range(rng.choice((0,) * 8 + (1, 3))):
        cut = rng.randrange(len(line) + 1)
        line = rng.choice((
            line[:cut], line[cut:], line[:cut] + bytes([rng.randrange(256)]) + line[cut + 1 :], line * 2,
            line[:cut] + b"[" * 3000 + line[cut:], line.replace(b"0", b"9" * 6000), line.replace(b"0", b"1e999"),
        ))  # fmt: skip
    return line.replace(b"\n", b" ") or b"{"


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzzed")
    Image.effect_noise((8, 8), 80).save(folder / "a.png")
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:-40])
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0nothing")
    (folder / "empty.png").write_bytes(b"")
    lines = []
    for seed in range(COUNT):
        rng = random.Random(seed)
        record = json.loads(json.dumps(rng.choice(GOOD)))
        for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 6))):
            record = bend(rng, record) if isinstance(record, dict) else record
        lines.append(bent_line(rng, record))
    (folder / "records.jsonl").write_bytes(b"\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def found(fuzzed, tiny):
    return list(check(fuzzed, tiny[1], leaves={"Counting"}))


def test_each_is_judged_and_each_rejection_says_where_and_why(found):
    assert [line for line, _ in found] == list(range(1, COUNT + 1))
    rejections = [problem for _, problems in found for problem in problems]
    assert sum(bool(problems) for _, problems in found) > 0.6 * COUNT
    for problem in rejections:
        assert problem.kind and problem.field and problem.message.strip(), problem
        assert str(problem).isprintable() or "名" in str(problem), repr(str(problem))
    assert {
        "json",
        "form",
        "roles",
        "empty",
        "placeholders",
        "special token",
        "characters",
        "image",
        "leaf",
        "length",
    } == {problem.kind for problem in rejections}


def test_what_passes_can_be_read_and_learnt_from(fuzzed, found, tiny):
    report, fit = Report(), Report()
    samples = list(read(fuzzed, "skip", report, leaves={"Counting"}))
    assert report.accepted + report.rejected.total() == COUNT
    talks = [s for s in samples if s.turns and not s.text]
    passed = list(accept(talks, tiny[1], policy="skip", report=fit))
    good = sum(not problems for _, problems in found)
    assert len(passed) + fit.rejected.total() == len(talks) and set(fit.rejected) <= {"image", "length"}
    assert 0 < len(passed) < good <= report.accepted
    tiny[1]([s.conversation() for s in passed[:50]], supervise=True)
