"""A bad sample stops everything or is counted; what is accepted can be learnt from."""

import pickle
from dataclasses import replace

import pytest
from PIL import Image

from dsvl_min.config import ConfigError
from dsvl_min.data.collate import dialogue, page
from dsvl_min.data.quarantine import Report, accept
from dsvl_min.data.records import read
from dsvl_min.data.sample import Sample
from dsvl_min.data.sources import SOURCES, sample
from dsvl_min.processor import InputError

RED = Image.new("RGB", (6, 4), "red")
ASKED = Sample("good", (RED,), (("What?", "red"),), "red")
BAD = {
    "image": replace(ASKED, images=(b"nothing",)),
    "placeholders": replace(ASKED, turns=(("<image_placeholder><image_placeholder>?", "red"),)),
    "empty": replace(ASKED, turns=(("What?", " "),)),
    "length": replace(ASKED, turns=(("What?", "red " * 600),)),
    "special token": replace(ASKED, turns=(("What?", "<｜end▁of▁sentence｜>"),)),
    "characters": replace(ASKED, turns=(("What?", "\ud800"),)),
    "form": replace(ASKED, turns=(("What?", 7),)),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_sample_stops_everything_and_is_named(kind, tiny):
    samples = accept([ASKED, BAD[kind]], tiny[1])
    assert next(samples).turns == ASKED.turns
    with pytest.raises(InputError, match=r"^sample 2 \(good\): \w"):
        next(samples)


def test_or_it_is_counted_by_kind_and_the_others_pass(tiny):
    report = Report(examples=2)
    samples = [s for bad in BAD.values() for s in (bad, ASKED, bad, bad)]
    passed = list(accept(samples, tiny[1], policy="skip", report=report))
    assert len(passed) == report.accepted == len(BAD)
    assert report.rejected == dict.fromkeys(BAD, 3)
    assert all(len(lines) == 2 and ": " in lines[0] for lines in report.kept.values())
    printed = str(report)
    assert printed.startswith(f"{len(BAD)} accepted, {3 * len(BAD)} rejected\n")
    assert "sample 1 (good): images[0]: is not an image" in printed and all(kind in printed for kind in BAD)


def test_reports_of_workers_add_up(tiny):
    whole, parts = Report(), [Report(), Report()]
    samples = [*BAD.values(), ASKED] * 3
    list(accept(samples, tiny[1], policy="skip", report=whole))
    for part, own in zip(parts, (samples[:5], samples[5:]), strict=True):
        list(accept(own, tiny[1], policy="skip", report=part))
    first, second = (pickle.loads(pickle.dumps(part)) for part in parts)
    first.merge(second)
    assert (first.accepted, first.rejected) == (whole.accepted, whole.rejected)
    assert {kind: len(lines) for kind, lines in first.kept.items()} == {k: len(v) for k, v in whole.kept.items()}


def test_what_passes_has_its_images_read(tmp_path, tiny):
    RED.convert("RGBA").save(tmp_path / "a.png")
    (one,) = accept([replace(ASKED, images=(tmp_path / "a.png",))], tiny[1])
    assert (one.images[0].mode, one.images[0].tobytes()) == ("RGB", RED.tobytes())


def test_a_form_asks_for_its_words(tiny):
    talk, text = Sample("a", turns=(("a", "b"),)), Sample("a", text="a")
    report = Report()
    assert list(accept([talk, text], tiny[1], dialogue, "skip", report)) == [talk]
    assert list(accept([talk, text], tiny[1], page, "skip", report)) == [text]
    assert report.rejected == {"empty": 2}
    assert len(list(accept([replace(text, text="a " * 600)], tiny[1], page, "skip", report))) == 0


def test_everything_the_sources_make_is_accepted(tiny):
    for source in SOURCES:
        made = sample(source, 1, 2)
        if len(made.text) < 1000:  # a paragraph of English may be longer than the context
            assert list(accept([made], tiny[1], dialogue if made.turns else page))


def test_nothing_may_be_left_out_in_silence(tiny, tmp_path):
    (tmp_path / "r.jsonl").write_text("nonsense\n")
    for use in (lambda **policy: accept([], tiny[1], **policy), lambda **policy: read(tmp_path / "r.jsonl", **policy)):
        with pytest.raises(ConfigError, match="report"):
            use(policy="skip")
        with pytest.raises(ConfigError, match="no policy 'ignore'; there are raise and skip"):
            use(policy="ignore")
    report = Report()
    assert list(read(tmp_path / "r.jsonl", "skip", report)) == []
    assert "r.jsonl, line 1: record: is not JSON" in str(report)
