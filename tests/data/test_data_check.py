"""Every fault a record can have is planted, and must be found, at its line and field, with the ones after it."""

import json
import re
import struct
import zlib

import pytest
from PIL import Image

from dsvl_min.cli import main
from dsvl_min.data.check import check
from dsvl_min.data.records import write_parquet
from dsvl_min.data.sample import Sample
from dsvl_min.processor import InputError

TAG = "<image_placeholder>"


def png(width, height, data=b""):
    """The bytes of a PNG that says it has this size."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


@pytest.fixture
def folder(tmp_path):
    Image.effect_noise((40, 30), 80).convert("RGB").save(tmp_path / "good.jpg")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "good.jpg").read_bytes()[:-400])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "words.png").write_text("a cat")
    (tmp_path / "huge.png").write_bytes(png(30_000, 30_000))
    (tmp_path / "flat.png").write_bytes(png(0, 5))
    (tmp_path / "photos").mkdir()
    return tmp_path


def dialogue(question="What?", answer="A cat.", **fields):
    said = [{"role": "User", "content": question}, {"role": "Assistant", "content": answer}]
    return {"images": ["good.jpg"], "messages": said, **fields}


def said(*messages):
    return {"messages": [{"role": role, "content": content} for role, content in messages]}


GOOD = [
    dialogue(),
    dialogue(""),  # an image may be the whole question
    dialogue(f"{TAG} and {TAG}?", images=["good.jpg", "good.jpg"]),
    {"images": ["good.jpg"], "text": f"Before {TAG} after."},
    {"text": "Only words.", "images": None, "truth": {"n": 1}},
    said(("User", "Hi"), ("Assistant", "Hello"), ("User", "And?"), ("Assistant", "So.")),
]
# fault -> (record, field, part of the reason)
FAULTS = {
    "not JSON": ("{'text': 'a'}", "record", "is not JSON: Expecting property name"),
    "cut off": ('{"text": "a', "record", "is not JSON: Unterminated string"),
    "two on a line": ('{"text": "a"} {"text": "b"}', "record", "is not JSON: Extra data at character 15"),
    "not UTF-8": (b'{"text": "caf\xe9"}', "record", "is not UTF-8: invalid continuation byte at byte 14"),
    "NaN": ('{"text": "a", "difficulty": NaN}', "record", "NaN is not a number"),
    "overflow": ('{"text": "a", "difficulty": 1e999}', "record", "1e999 is not a number"),
    "endless digits": ('{"text": "a", "difficulty": ' + "9" * 5000 + "}", "record", "digits"),
    "large": ('{"text": "a", "difficulty": ' + "9" * 400 + "}", "difficulty", "not between 0 and 1"),
    "deep": ("[" * 100_000, "record", "nested too deeply"),
    "twice": ('{"text": "a", "text": "b"}', "record", "'text' twice"),
    "no object": ('["text"]', "record", "is a list, not an object"),
    "null": ("null", "record", "is null"),
    "misspelt": ({"mesages": [], "text": "a"}, "mesages", "did you mean messages?"),
    "unknown": ({"text": "a", "wéird\n": 1}, "'wéird\\n'", "is no field"),
    "no words": ({"images": ["good.jpg"]}, "record", "neither messages nor text"),
    "text a list": ({"text": ["a"]}, "text", "is a list, must be text"),
    "truth a list": ({"text": "a", "truth": [1]}, "truth", "must be an object"),
    "difficulty true": ({"text": "a", "difficulty": True}, "difficulty", "must be a number"),
    "image a word": (dialogue(images="good.jpg"), "images", "is text, must be a list"),
    "image a number": (dialogue(images=[7]), "images[0]", "is a number"),
    "image unnamed": (dialogue(images=[""]), "images[0]", "is empty"),
    "messages empty": ({"messages": []}, "messages", "is empty"),
    "message a word": ({"messages": ["Hi", "Hello"]}, "messages[0]", "is text, must be an object"),
    "no content": ({"messages": [{"role": "User"}, {"role": "Assistant", "content": "a"}]}, "messages[0]", "content"),
    "extra": ({"messages": [{"role": "User", "content": "a", "name": "b"}]}, "messages[0]", "the field 'name'"),
    "content null": (said(("User", None), ("Assistant", "a")), "messages[0].content", "is null"),
    "small letters": (said(("user", "a"), ("assistant", "b")), "messages[0].role", "is 'user'; the roles are"),
    "role a list": (said((["User"], "a"), ("Assistant", "b")), "messages[0].role", "the roles are"),
    "answer first": (said(("Assistant", "a"), ("User", "b")), "messages[0].role", "User speaks there"),
    "twice the same": (said(("User", "a"), ("User", "b")), "messages[1].role", "Assistant speaks there"),
    "unanswered": (said(("User", "a")), "messages[0]", "without its answer"),
    "empty answer": (dialogue(answer=" \n"), "messages[1].content", "empty answer"),
    "empty question": (dialogue("", images=[]), "messages[0].content", "empty question"),
    "empty text": ({"text": " "}, "text", "no words"),
    "only places": ({"text": TAG, "images": ["good.jpg"]}, "text", "no words"),
    "too many places": (dialogue(f"{TAG}{TAG}?"), "messages", "2 of <image_placeholder> for 1 image:"),
    "too few places": (dialogue(f"{TAG}?", images=["good.jpg"] * 3), "messages", "for 3 images"),
    "places, no image": ({"text": f"a {TAG}"}, "text", "for 0 images"),
    "place in answer": (dialogue(answer=TAG), "messages[1].content", f"special token {TAG}"),
    "end token": (dialogue("<｜end▁of▁sentence｜>"), "messages[0].content", "special token <｜end"),
    "begin token": ({"text": "<｜begin▁of▁sentence｜>"}, "text", "special token <｜begin"),
    "half a pair": ('{"text": "ab\\ud83d"}', "text", "half of a surrogate pair at character 2"),
    "absent": (dialogue(images=["nowhere.jpg"]), "images[0]", "nowhere.jpg) does not exist"),
    "second absent": (dialogue(images=["good.jpg", "nowhere.jpg"]), "images[1]", "does not exist"),
    "a folder": (dialogue(images=["photos"]), "images[0]", "is a folder"),
    "an address": (dialogue(images=["https://example.org/a.jpg"]), "images[0]", "is an address"),
    "null byte": ('{"text": "a", "images": ["a\\u0000.png"]}', "images[0]", "cannot be read"),
    "half a name": ('{"text": "a", "images": ["\\ud800.png"]}', "images[0]", "cannot be read"),
    "long name": (dialogue(images=["a" * 5000]), "images[0]", "cannot be read"),
    "no image": (dialogue(images=["words.png"]), "images[0]", "is not an image"),
    "zero bytes": (dialogue(images=["empty.png"]), "images[0]", "zero bytes"),
    "truncated": (dialogue(images=["cut.jpg"]), "images[0]", "truncated"),
    "absurdly large": (dialogue(images=["huge.png"]), "images[0]", "pixels; make it smaller"),
    "no pixels": (dialogue(images=["flat.png"]), "images[0]", ""),
    "no leaf": ({"text": "a", "leaf": "Cuonting"}, "leaf", "'Cuonting' is no leaf"),
}


def line_of(record):
    text = record if isinstance(record, (str, bytes)) else json.dumps(record)
    return text if isinstance(text, bytes) else text.encode()


def write(folder, records):
    (folder / "records.jsonl").write_bytes(b"".join(line_of(record) + b"\n" for record in records))
    return folder


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault, folder):
    record, field, reason = FAULTS[fault]
    found = [(line, p) for line, problems in check(write(folder, [record]), leaves={"Counting"}) for p in problems]
    assert any(line == 1 and p.field == field and reason in p.message for line, p in found), found
    assert all("\n" not in str(p) and str(p).isprintable() for _, p in found)
    str(found).encode()  # can be printed


def test_it_never_stops_at_the_first(folder):
    records = [record for fault in FAULTS.values() for record in (*GOOD, fault[0])]
    bad = [line for line, problems in check(write(folder, records), leaves={"Counting"}) if problems]
    assert bad == [(len(GOOD) + 1) * (i + 1) for i in range(len(FAULTS))]


def test_what_is_too_long_for_a_model_is_measured_only_if_asked(folder, tiny):
    write(folder, [GOOD[0], dialogue(answer="cat " * 600), {"text": "cat " * 600}, dialogue(images=["good.jpg"] * 20)])
    assert not any(problems for _, problems in check(folder))
    found = {line: problems for line, problems in check(folder, tiny[1]) if problems}
    assert list(found) == [2, 3, 4]
    for (problem,) in found.values():
        assert problem.kind == "length" and re.search(r"\d+ tokens .*the model takes 512", problem.message)


def test_leaves_may_be_known_by_a_function(folder):
    write(folder, [{"text": "a", "leaf": "Map"}, {"text": "a", "leaf": "Mop"}])
    assert [line for line, problems in check(folder, leaves="Map".__eq__) if problems] == [2]


def test_blank_lines_and_a_mark_at_the_beginning_are_no_records(folder):
    (folder / "records.jsonl").write_bytes(b'\xef\xbb\xbf{"text": "a"}\r\n\r\n  \n{"text": "b"}')
    assert list(check(folder)) == [(1, []), (4, [])]


def test_a_table_is_checked_by_its_lines(folder):
    rows = ["image,question,answer,photographer", 'good.jpg,"What,\nthen?",A cat,', "nowhere.jpg,What?,A cat,",
            ",What?,,", "good.jpg,What?,A cat,Ansel", "good.jpg,What?,A cat,,,more"]  # fmt: skip
    (folder / "photos.csv").write_bytes("\n".join(rows).encode() + b"\n,caf\xe9,a,\n,Hi,Hello,\n")
    found = {line: [str(p) for p in problems] for line, problems in check(folder / "photos.csv")}
    assert [line for line, problems in found.items() if not problems] == [3, 9]
    assert "does not exist" in found[4][0] and "empty answer" in found[5][0]
    assert found[6][0].startswith("photographer: is no field") and "more cells" in found[7][0]
    assert "half of a surrogate pair" in found[8][0]
    (folder / "photos.csv").write_text("image,answer,answer\n")
    with pytest.raises(InputError, match="two columns have one name"):
        list(check(folder / "photos.csv"))


def test_a_parquet_file_is_checked_by_its_rows(folder):
    pytest.importorskip("pyarrow")
    samples = [Sample("a", (folder / "good.jpg",), text="x"), Sample("a", text=" "), Sample("a", turns=(("a", "b"),))]
    write_parquet(samples, folder / "a.parquet")
    assert [line for line, problems in check(folder / "a.parquet") if problems] == [2]
    (folder / "b.parquet").write_bytes((folder / "a.parquet").read_bytes()[:-9])
    with pytest.raises(InputError, match="b.parquet is not a Parquet file"):
        list(check(folder / "b.parquet"))


def test_the_command_prints_every_line_and_the_sums(folder, capsys):
    write(folder, [*GOOD, dialogue(answer=""), dialogue(images=["cut.jpg"]), dialogue(answer="cat " * 600)])
    assert main(["data", "check", str(folder), "--size", "tiny"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines[:3]] == ["line 7", "line 8", "line 9"]
    assert lines[3] == "6 accepted, 3 rejected"
    assert {line.strip() for line in lines[4:]} == {"1  empty", "1  image", "1  length"}


@pytest.mark.parametrize(("size", "status"), [("tiny", 1), ("mini", 0)])
def test_a_larger_size_takes_longer_records(size, status, folder, capsys):
    write(folder, [{"text": "cat " * 400}])
    assert main(["data", "check", str(folder / "records.jsonl"), "--size", size, "--quiet"]) == status


def test_the_command_is_content_with_good_records_and_names_a_missing_file(folder, capsys):
    assert main(["data", "check", str(write(folder, GOOD))]) == 0
    assert capsys.readouterr().out == f"{len(GOOD)} accepted, 0 rejected\n"
    assert main(["data", "check", str(folder / "photos")]) == 2
    assert "there is no file" in capsys.readouterr().err
