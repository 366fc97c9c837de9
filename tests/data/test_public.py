"""Each adapter on a small file of its data set's own columns, through the stream that the hub's files take."""

import http.server
import io
import json
import threading

import pytest
from PIL import Image

from dsvl_min.config import ConfigError
from dsvl_min.data import public
from dsvl_min.data.collate import dialogue, page
from dsvl_min.data.public import ADAPTERS, INSTRUCTIONS, PRETRAINING, stream
from dsvl_min.data.quarantine import Report, accept
from dsvl_min.data.records import read, write_jsonl
from dsvl_min.data.sample import Sample
from dsvl_min.processor import InputError, load_image

datasets = pytest.importorskip("datasets")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
TAG = "<image_placeholder>"


def png(color):
    file = io.BytesIO()
    Image.new("RGB", (6, 4), color).save(file, "png")
    return file.getvalue()


RED, BLUE = png("red"), png("blue")
red, blue = {"bytes": RED, "path": "red.png"}, {"bytes": BLUE, "path": None}
string, image = datasets.Value("string"), datasets.Image()
turns_of = {"from": string, "value": string}
box = {name: datasets.Value("float64") for name in ("width", "height", "top_left_x", "top_left_y")}
int64 = datasets.Value("int64")
shown = {"id": string, "image": image, "conversations": [turns_of], "data_source": string}


def word(text, x, y):
    sizes = {"width": 0.1, "height": 0.1, "top_left_x": x, "top_left_y": y}
    return {"word": text, "bounding_box": sizes}


def said(*words, names=("human", "gpt"), keys=("from", "value")):
    return [dict(zip(keys, (names[i % 2], text), strict=True)) for i, text in enumerate(words)]


# name -> the columns of the card, a row, and the Sample it is; {} stands for what the row says nothing of
CARDS = {
    "obelics": (
        {"images": [string], "metadata": string, "general_metadata": string, "texts": [string]},
        {"images": ["https://a.b/red.png", None, "https://a.b/blue.png", None], "texts": [None, "One.", None, "Two."]},
        Sample("obelics", (RED, BLUE), text=f"{TAG}\nOne.\n{TAG}\nTwo."),
    ),
    "flickr30k": (
        {"image": image, "caption": [string], "sentids": [string], "img_id": string, "filename": string},
        {"image": red, "caption": ["A red wall.", "A wall."]},
        Sample("flickr30k", (RED,), (("Describe this image.", "A red wall."),), "A red wall.",
               truth={"captions": ["A red wall.", "A wall."]}),
    ),
    "recap": (
        shown, {"image": red, "conversations": said("<image>\nDescribe.", "Red.")},
        Sample("recap", (RED,), ((f"{TAG}\nDescribe.", "Red."),)),
    ),
    "chartqa": (
        {"image": image, "query": string, "label": [string],
         "human_or_machine": datasets.ClassLabel(names=["human", "machine"])},
        {"image": red, "query": "How many bars?", "label": ["3"], "human_or_machine": 1},
        Sample("chartqa", (RED,), (("How many bars?", "3"),), "How many bars? 3"),
    ),
    "websight": (
        {"image": image, "text": string, "llm_generated_idea": string},
        {"image": red, "text": "<p>Hi</p>", "llm_generated_idea": "A greeting."},
        Sample("websight", (RED,), (("Write the HTML of this page.", "<p>Hi</p>"),), "<p>Hi</p>"),
    ),
    "coco-text": (
        {"image": image, "coco_file_name": string, "image_id": string, "caption": [string], "ocr_tokens": [string],
         "ocr_info": [{"word": string, "bounding_box": box}], "image_width": int64, "image_height": int64},
        {"image": red, "ocr_info": [word("below", 0.1, 0.9), word("right", 0.6, 0.2), word("left", 0.2, 0.2)]},
        Sample("coco-text", (RED,), (("Read the text.", "left\nright\nbelow"),), "left\nright\nbelow"),
    ),
    "arxiv-pages": (
        {"image": image, "markdown": string, "meta": [{"caption": string, "figType": string}]},
        {"image": red, "markdown": "# Title\n$x$", "meta": []},
        Sample("arxiv-pages", (RED,), (("Convert this page to Markdown.", "# Title\n$x$"),), "# Title\n$x$"),
    ),
    "fineweb": (
        {name: string for name in ("text", "id", "dump", "url", "date", "file_path", "language")}
        | {"language_score": datasets.Value("float64"), "token_count": int64},
        {"text": "Some words."}, Sample("fineweb", text="Some words."),
    ),
    "cauldron": (
        {"images": [image], "texts": [{"user": string, "assistant": string, "source": string}]},
        {"images": [red, blue], "texts": [{"user": "Which is red?", "assistant": "the first", "source": "x"},
                                          {"user": "And blue?", "assistant": "the second", "source": "x"}]},
        Sample("cauldron", (RED, BLUE), (("Which is red?", "the first"), ("And blue?", "the second"))),
    ),
    "llava-next": (
        shown, {"image": None, "conversations": said("Hi", "Hello", "Bye", "Goodbye")},
        Sample("llava-next", turns=(("Hi", "Hello"), ("Bye", "Goodbye"))),
    ),
    "scienceqa": (
        {"image": image, "question": string, "choices": [string], "answer": datasets.Value("int8"), "hint": string}
        | {name: string for name in ("task", "grade", "subject", "topic", "category", "skill", "lecture", "solution")},
        {"image": red, "question": "Which?", "choices": ["ice", "fire"], "answer": 1, "hint": ""},
        Sample("scienceqa", (RED,), (("Which?\nA. ice\nB. fire", "B. fire"),)),
    ),
    "screenqa": (
        {"screen_id": string, "question": string, "file_name": string, "image": image, "ground_truth": [
            {"full_answer": string, "ui_elements": [{"bounds": [datasets.Value("float64")], "text": string}]}]},
        {"image": red, "question": "What time is it?", "ground_truth": [
            {"full_answer": "7:30", "ui_elements": [{"bounds": [0.0, 0.1, 0.2, 0.3], "text": "7:30"}]}]},
        Sample("screenqa", (RED,), (("What time is it?", "7:30"),)),
    ),
    "smoltalk": (
        {"messages": [{"content": string, "role": string}], "source": string},
        {"messages": [{"role": "system", "content": "Be brief."}, *said(
            "Hi", "Hello", names=("user", "assistant"), keys=("role", "content"))], "source": "x"},
        Sample("smoltalk", turns=(("Be brief.\n\nHi", "Hello"),)),
    ),
}  # fmt: skip


def table(path, columns, rows, leave_out=()):
    """Rows in a Parquet file as the hub has them, its features noted inside."""
    columns = {name: kind for name, kind in columns.items() if name not in leave_out}
    rows = [{name: row.get(name) for name in columns} for row in rows]
    pq.write_table(pa.Table.from_pylist(rows, datasets.Features(columns).arrow_schema), path)
    return path


def fetch(url):
    return {"https://a.b/red.png": RED, "https://a.b/blue.png": BLUE}[url]


def test_every_row_of_both_tables_has_a_data_set():
    assert list(PRETRAINING) == ["interleaved", "captions", "charts", "web-code", "scene-text", "documents", "text"]
    assert list(INSTRUCTIONS) == ["taxonomy", "general", "charts", "web-code", "text"]
    named = {name for rows in (PRETRAINING, INSTRUCTIONS) for names in rows.values() for name in names}
    assert named == set(CARDS) == set(ADAPTERS) - {"llava"}


@pytest.mark.parametrize("name", CARDS)
def test_a_row_of_the_data_set_becomes_its_sample(name, tmp_path, tiny):
    columns, row, expected = CARDS[name]
    samples = list(stream(name, table(tmp_path / "a.parquet", columns, [row, row]), fetch=fetch))
    assert samples == [expected, expected]
    for accepted in accept(samples, tiny[1], dialogue if expected.turns else page):
        assert [picture.size for picture in accepted.images] == [(6, 4)] * len(expected.images)


@pytest.mark.parametrize("name", CARDS)
def test_a_missing_column_is_named_with_those_that_are_there(name, tmp_path):
    columns, row, _ = CARDS[name]
    gone = ADAPTERS[name].columns[-1]
    path = table(tmp_path / "a.parquet", {**columns, "other": string}, [row], {gone})
    with pytest.raises(ConfigError, match=rf"a\.parquet has no column {gone}; its columns are .*other"):
        stream(name, path)


def test_the_hub_is_asked_for_the_adapters_address(monkeypatch):
    asked = []

    def load_dataset(*args, **kwargs):
        asked.append((args, kwargs))
        columns, row, _ = CARDS[names[len(asked) - 1]]
        row = {name: row.get(name) for name in columns}
        return datasets.IterableDataset.from_generator(lambda: iter([row]), features=datasets.Features(columns))

    names = list(CARDS)
    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    for name in names:
        adapter = ADAPTERS[name]
        assert list(stream(name, fetch=fetch)) == [CARDS[name][2]]
        wanted = {"name": adapter.config, "split": adapter.split, "streaming": True}
        assert asked[-1] == ((adapter.dataset,), wanted)
    names.append("cauldron")
    list(stream("cauldron", config="vqav2", split="test", fetch=fetch))
    assert asked[-1][1] == {"name": "vqav2", "split": "test", "streaming": True}


def test_bad_rows_stop_the_stream_or_are_counted(tmp_path):
    columns, row, expected = CARDS["llava-next"]
    bad = [
        {"conversations": said("Hi")}, {"conversations": []}, {"conversations": None},
        {"conversations": said("Hi", "")}, {"conversations": said("<image>?", "red")},
        {"conversations": said("Hi", "Hello", names=("gpt", "human"))}, {"conversations": said("Hi", None)},
    ]  # fmt: skip
    path = table(tmp_path / "a.parquet", columns, [row, *bad, row])
    with pytest.raises(InputError, match=r"a\.parquet, row 2: row: is not what llava-next expects: .*human speak"):
        list(stream("llava-next", path))
    report = Report(examples=9)
    assert list(stream("llava-next", path, policy="skip", report=report)) == [expected, expected]
    assert (report.accepted, report.rejected) == (2, {"form": 5, "empty": 1, "placeholders": 1})
    with pytest.raises(ConfigError, match="report"):
        stream("llava-next", path, policy="skip")


def test_a_broken_image_does_not_end_the_stream(tmp_path, tiny):
    columns, row, _ = CARDS["chartqa"]
    broken = {**row, "image": {"bytes": RED[:40], "path": None}}
    path, report = table(tmp_path / "a.parquet", columns, [row, broken, row]), Report()
    assert len(list(accept(stream("chartqa", path), tiny[1], policy="skip", report=report))) == 2
    assert report.rejected == {"image": 1}


def test_an_image_that_is_gone_from_the_web_is_counted(tmp_path):
    columns, row, _ = CARDS["obelics"]
    path, report = table(tmp_path / "a.parquet", columns, [row, row]), Report()

    def gone(url):
        raise InputError(f"{url} can't be fetched: 404")

    assert list(stream("obelics", path, policy="skip", report=report, fetch=gone)) == []
    assert report.rejected == {"image": 2} and "red.png can't be fetched: 404" in str(report)


def test_the_stream_reads_no_further_than_it_is_asked(tmp_path):
    columns, row, expected = CARDS["fineweb"]
    path = table(tmp_path / "a.parquet", columns, [row, row, {"text": " "}])
    assert list(stream("fineweb", path, limit=2)) == [expected, expected]


def test_json_lines_have_the_same_columns(tmp_path):
    columns, row, expected = CARDS["fineweb"]
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n")
    assert list(stream("fineweb", tmp_path / "a.jsonl")) == [expected]
    with pytest.raises(ConfigError, match="no column messages; its columns are text"):
        stream("smoltalk", tmp_path / "a.jsonl")


def test_a_file_of_llava_becomes_records(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)  # it needs no library
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "red.png").write_bytes(RED)
    rows = [
        {"id": "1", "image": "red.png", "conversations": said("<image>\nWhat?", "Red.", "Sure?", "Yes.")},
        {"id": "2", "conversations": said("Hi", "Hello")},
        {"id": "3", "image": ["red.png", "red.png"], "conversations": said("<image><image>\nSame?", "Yes.")},
    ]
    (tmp_path / "llava.json").write_text(json.dumps(rows))
    samples = list(stream("llava", tmp_path / "llava.json", folder=tmp_path / "photos"))
    write_jsonl(samples, tmp_path / "mine")
    again = list(read(tmp_path / "mine"))
    assert [s.turns for s in again] == [s.turns for s in samples]
    assert again[0].turns == ((f"{TAG}\nWhat?", "Red."), ("Sure?", "Yes."))
    assert [len(s.images) for s in again] == [1, 0, 2]
    assert load_image(again[0].images[0]).tobytes() == Image.open(io.BytesIO(RED)).tobytes()


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda folder: stream("imagenet"), "no adapter 'imagenet'; there are obelics"),
        (lambda folder: stream("llava"), "give path="),
        (lambda folder: stream("fineweb", folder / "a.txt"), r"a\.txt: a local file must be"),
        (lambda folder: stream("fineweb", folder / "b.parquet"), r"there is no file .*b\.parquet"),
        (lambda folder: stream("llava", folder / "a.json"), r"a\.json is not JSON"),
        (lambda folder: stream("llava", folder / "o.json"), r"o\.json holds no list"),
        (lambda folder: stream("fineweb", policy="ignore"), "no policy"),
    ],
)
def test_a_mistake_is_named_at_once(ask, said, tmp_path):
    for name, text in (("a.txt", "a"), ("a.json", "{"), ("o.json", "{}")):
        (tmp_path / name).write_text(text)
    with pytest.raises((ConfigError, InputError), match=said):
        ask(tmp_path)


def test_without_the_library_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    with pytest.raises(InputError, match=r"pip install \"dsvl-min\[data\]\""):
        stream("fineweb")


class Served(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/red.png" else 404)
        self.end_headers()
        self.wfile.write(RED)

    def log_message(self, *_):
        pass


def test_an_address_is_fetched_or_named(monkeypatch):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Served)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        assert public.download(f"{address}/red.png") == RED
        with pytest.raises(InputError, match=r"gone\.png can't be fetched: HTTP Error 404"):
            public.download(f"{address}/gone.png")
        monkeypatch.setattr(public, "LARGEST", 10)
        with pytest.raises(InputError, match="more than 10 bytes"):
            public.download(f"{address}/red.png")
    finally:
        server.shutdown()
    with pytest.raises(InputError, match="can't be fetched"):
        public.download("http://a b")
