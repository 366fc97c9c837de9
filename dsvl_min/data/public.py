"""Public data sets as Samples, streamed: at least one for each row of the paper's Tables 1 and 2.

An adapter is an address on the Hugging Face hub, the columns it needs, and a function from a row to a Sample.  The
columns were taken from the card (`dataset_info` in the README) at the address in each function's docstring.
"""

import http.client
import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from ..config import IMAGE_PLACEHOLDER, ConfigError
from ..processor import InputError
from .problems import Problem, of_sample
from .quarantine import judge, policy_of
from .sample import Sample

LARGEST = 50_000_000  # bytes of an image that are fetched at most


@dataclass(frozen=True)
class Adapter:
    """dataset: its hub id; columns: those `make` needs; make(row) -> Sample, with images as the row has them."""

    dataset: str
    columns: tuple
    make: Callable
    config: str | None = None
    split: str = "train"


def obelics(row):
    """https://huggingface.co/datasets/HuggingFaceM4/OBELICS: images and texts are lists of one length.

    At each place one of the two is null; images are addresses on the web, many of them gone by now.
    """
    pieces = [IMAGE_PLACEHOLDER if text is None else text for text in row["texts"]]
    return Sample("", tuple(url for url in row["images"] if url is not None), text="\n".join(pieces))


def flickr30k(row):
    """https://huggingface.co/datasets/lmms-lab/flickr30k: five captions for each photograph, in one split, test."""
    first = row["caption"][0]
    turns = (("Describe this image.", first),)
    return Sample("", (row["image"],), turns, first, truth={"captions": row["caption"]})


def chartqa(row):
    """https://huggingface.co/datasets/HuggingFaceM4/ChartQA: label is a list of answers, in practice of one."""
    question, answer = row["query"], row["label"][0]
    return Sample("", (row["image"],), ((question, answer),), f"{question} {answer}")


def websight(row):
    """https://huggingface.co/datasets/HuggingFaceM4/WebSight: text is the HTML of the page in the image."""
    return Sample("", (row["image"],), (("Write the HTML of this page.", row["text"]),), row["text"])


def coco_text(row):
    """https://huggingface.co/datasets/howard-hou/COCO-Text: ocr_info lists words with their boxes, in no set order."""

    def from_the_top(info):
        return info["bounding_box"]["top_left_y"], info["bounding_box"]["top_left_x"]

    words = "\n".join(info["word"] for info in sorted(row["ocr_info"], key=from_the_top))
    return Sample("", (row["image"],), (("Read the text.", words),), words)


def arxiv_pages(row):
    """https://huggingface.co/datasets/AdithyaSK/Arxiv_MD_v2_clean: pages of arXiv articles and their Markdown."""
    return Sample("", (row["image"],), (("Convert this page to Markdown.", row["markdown"]),), row["markdown"])


def fineweb(row):
    """https://huggingface.co/datasets/HuggingFaceFW/fineweb: text, and where it was found."""
    return Sample("", text=row["text"])


def cauldron(row):
    """https://huggingface.co/datasets/HuggingFaceM4/the_cauldron: fifty data sets of one form, each a configuration."""
    turns = tuple((turn["user"], turn["assistant"]) for turn in row["texts"])
    return Sample("", tuple(row["images"]), turns)


def llava(row):
    """https://huggingface.co/datasets/lmms-lab/LLaVA-NeXT-Data, lmms-lab/LLaVA-ReCap-558K, and files of that form.

    In a file `image` is a name, or a list of them: docs/Finetune_Custom_Data.md of github.com/haotian-liu/LLaVA.
    """
    image = row.get("image")
    images = image if isinstance(image, list) else [] if image is None else [image]
    said = [(turn["from"], turn["value"].replace("<image>", IMAGE_PLACEHOLDER)) for turn in row["conversations"]]
    return Sample("", tuple(images), _by_turns(said, "human", "gpt"))


def scienceqa(row):
    """https://huggingface.co/datasets/lmms-lab/ScienceQA: answer is an index into choices; image may be null."""
    choices = [f"{letter}. {choice}" for letter, choice in zip("ABCDEFGH", row["choices"], strict=False)]
    question = "\n".join(part for part in (row["hint"], row["question"], *choices) if part)
    images = () if row["image"] is None else (row["image"],)
    return Sample("", images, ((question, choices[row["answer"]]),))


def screenqa(row):
    """https://huggingface.co/datasets/rootsautomation/RICO-ScreenQA: ground_truth lists what several people said."""
    return Sample("", (row["image"],), ((row["question"], row["ground_truth"][0]["full_answer"]),))


def smoltalk(row):
    """https://huggingface.co/datasets/HuggingFaceTB/smoltalk: role is user, assistant or, at the beginning, system."""
    said = [(message["role"], message["content"]) for message in row["messages"]]
    told = said.pop(0)[1] if said and said[0][0] == "system" else ""
    (first, answer), *rest = _by_turns(said, "user", "assistant")
    return Sample("", turns=((f"{told}\n\n{first}" if told else first, answer), *rest))


def _by_turns(said, asks, answers):
    """(speaker, words) in order -> (question, answer) pairs; ValueError if they don't take turns."""
    speakers = [speaker for speaker, _ in said]
    if not said or speakers != [asks, answers] * (len(said) // 2):
        raise ValueError(f"{' and '.join(speakers) or 'nobody'} speak, not {asks} and {answers} by turns")
    words = [words for _, words in said]
    return tuple(zip(words[::2], words[1::2], strict=True))


ADAPTERS = {
    "obelics": Adapter("HuggingFaceM4/OBELICS", ("images", "texts"), obelics, "opt_out_docs_removed_2023_07_12"),
    "flickr30k": Adapter("lmms-lab/flickr30k", ("image", "caption"), flickr30k, split="test"),
    "recap": Adapter("lmms-lab/LLaVA-ReCap-558K", ("image", "conversations"), llava),
    "chartqa": Adapter("HuggingFaceM4/ChartQA", ("image", "query", "label"), chartqa),
    "websight": Adapter("HuggingFaceM4/WebSight", ("image", "text"), websight, "v0.2"),
    "coco-text": Adapter("howard-hou/COCO-Text", ("image", "ocr_info"), coco_text),
    "arxiv-pages": Adapter("AdithyaSK/Arxiv_MD_v2_clean", ("image", "markdown"), arxiv_pages),
    "fineweb": Adapter("HuggingFaceFW/fineweb", ("text",), fineweb, "sample-10BT"),
    "cauldron": Adapter("HuggingFaceM4/the_cauldron", ("images", "texts"), cauldron, "ai2d"),
    "llava-next": Adapter("lmms-lab/LLaVA-NeXT-Data", ("image", "conversations"), llava),
    "scienceqa": Adapter(
        "lmms-lab/ScienceQA", ("image", "question", "choices", "answer", "hint"), scienceqa, "ScienceQA-IMG"
    ),
    "screenqa": Adapter("rootsautomation/RICO-ScreenQA", ("image", "question", "ground_truth"), screenqa),
    "smoltalk": Adapter("HuggingFaceTB/smoltalk", ("messages",), smoltalk, "all"),
    "llava": Adapter("", ("conversations",), llava),  # a file of one's own
}
# Rows of the paper's tables -> adapters.  What DeepSeek-VL was trained on, where it is public; else the nearest.
PRETRAINING = {
    "interleaved": ("obelics",), "captions": ("flickr30k", "recap"), "charts": ("chartqa",), "web-code": ("websight",),
    "scene-text": ("coco-text",), "documents": ("arxiv-pages",), "text": ("fineweb",),
}  # fmt: skip
INSTRUCTIONS = {
    "taxonomy": ("cauldron",),  # the paper's own was never published; this one spans the most kinds of question
    "general": ("llava-next",), "charts": ("scienceqa",), "web-code": ("screenqa",), "text": ("smoltalk",),
}  # fmt: skip


def download(url):
    """The bytes at an address.  Raises InputError that names it."""
    try:
        asked = urllib.request.Request(url, headers={"User-Agent": "dsvl-min"})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            data = answer.read(LARGEST + 1)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise InputError(f"{url} can't be fetched: {error}") from None
    if len(data) > LARGEST:
        raise InputError(f"{url} has more than {LARGEST:,} bytes")
    return data


def stream(
    name, path=None, limit=None, policy="raise", report=None, config=None, split=None, folder=None, fetch=download
):
    """The Samples of a public data set, one after the other; nothing is downloaded that isn't looked at.

    name: of ADAPTERS.  path: a local file of the same columns instead (.parquet, .jsonl, .csv; .json for a list).
    folder: where names of images begin, by default beside the file.  limit: stop after so many samples.  config, split:
    other than the adapter's.  policy, report: as for `records.read`; images are fetched where rows hold addresses, and
    read by `quarantine.accept`.  Raises ConfigError for an unknown name and for a missing column, with those there are.
    """
    if name not in ADAPTERS:
        raise ConfigError(f"no adapter {name!r}; there are {', '.join(ADAPTERS)}")
    adapter, report = ADAPTERS[name], policy_of(policy, report)
    called = str(path or adapter.dataset)
    if not called:
        raise ConfigError(f"{name} is a form, not a data set: give path=, a file in that form")
    rows, columns = _rows(adapter, path, config, split)
    if missing := [column for column in adapter.columns if column not in columns]:
        raise ConfigError(f"{called} has no column {', '.join(missing)}; its columns are {', '.join(columns)}")
    folder = Path(folder or Path(path or "").parent)

    def samples():
        for number, row in enumerate(rows, 1):
            sample, problems = _sample(adapter, name, row, folder, fetch)
            if judge(f"{called}, row {number}", problems, policy, report):
                yield sample

    return islice(samples(), limit)


def _rows(adapter, path, config, split):
    """(rows, names of their columns)."""
    kinds = {".parquet": "parquet", ".jsonl": "json", ".csv": "csv"}
    suffix = Path(path).suffix if path else ""
    if path and not Path(path).is_file():
        raise InputError(f"there is no file {path}")
    if suffix == ".json":  # read as it is, since its rows need not have one set of fields
        try:
            rows = json.loads(Path(path).read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path} is not JSON: {error}") from None
        if not isinstance(rows, list):
            raise InputError(f"{path} holds no list of rows")
        return rows, list(dict.fromkeys(column for row in rows if isinstance(row, dict) for column in row))
    if path and suffix not in kinds:
        raise ConfigError(f"{path}: a local file must be one of {', '.join(kinds)}, .json")
    try:
        import datasets
    except ImportError:
        raise InputError('public data sets need the library datasets: pip install "dsvl-min[data]"') from None
    if path:
        rows = datasets.load_dataset(kinds[suffix], data_files=str(path), split="train", streaming=True)
    else:
        wanted = {"name": config or adapter.config, "split": split or adapter.split}
        rows = datasets.load_dataset(adapter.dataset, **wanted, streaming=True)
    if rows.features:
        rows = rows.decode(False)  # a broken image must not end the stream: `accept` reads them
    return rows, rows.column_names or list(next(iter(rows), {}))


def _sample(adapter, name, row, folder, fetch):
    """(Sample, its Problems); None for a row that isn't of the adapter's form."""
    try:
        sample = adapter.make(row)
        images = tuple(_image(image, folder, fetch) for image in sample.images)
    except InputError as error:
        return None, [Problem("image", "images", str(error))]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        return None, [Problem("form", "row", f"is not what {name} expects: {type(error).__name__}: {error}")]
    sample = replace(sample, source=name, images=images)
    return sample, list(of_sample(sample))


def _image(image, folder, fetch):
    """An image as a row holds it -> bytes or a path."""
    if isinstance(image, dict):
        image = image["bytes"] or image["path"]
    if isinstance(image, str):
        return fetch(image) if image.startswith(("http:", "https:")) else folder / image
    if not isinstance(image, bytes):
        raise ValueError(f"an image is {type(image).__name__}")
    return image
