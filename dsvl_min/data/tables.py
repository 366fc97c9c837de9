"""The paper's two tables of data, as data: what DeepSeek-VL read, and what stands for it here.

Source: paper Tables 1 and 2.
"""

from dataclasses import dataclass

from .mixture import Row
from .taxonomy import DRAWN  # the leaves that have a generator


@dataclass(frozen=True)
class TableRow:
    """One row: slug, the paper's name for it, its share in percent, the paper's sources and ours.

    weights: how ours divide the row, evenly if not given; text: it holds no images.
    """

    slug: str
    name: str
    share: float
    paper: tuple
    here: tuple
    weights: tuple = ()
    text: bool = False


PRETRAINING = (
    TableRow(
        "interleaved", "Interleaved image-text", 13.1,
        ("MMC4", "Wikipedia EN & CN", "Wikihow", "in-house PDF and Epub textbooks"),
        ("interleaved", "stories", "in-context"),
    ),
    TableRow(
        "captions", "Image caption", 11.1,
        ("Capsfusion", "TaiSu", "Detailed Caption"),
        ("naming", "counting", "relations", "detailed-captions"),
    ),
    TableRow(
        "charts", "Table & chart", 2.1,
        (
            "Chart2text", "Geo170K", "Ureader", "Unichart", "M-paper", "ScienceQA", "ScreenQA", "SciGraphQA-295K",
            "Paper2figure100k", "Widget Captioning", "Screen2words", "Refexp",
        ),
        ("charts", "tables"),
    ),
    TableRow(
        "web-code", "Web code", 0.4,
        ("Websight", "python plots from GitHub notebooks"),
        ("web-code", "plots"),
    ),
    TableRow(
        "scene-text", "Scene-text OCR", 1.2,
        (
            "ArT", "MLT-17", "LSVT", "UberText", "Coco-text", "RCTW-17", "ReCTS", "TextOCR", "OpenVINO", "HierText",
        ),
        ("scene-text", "signs"),
    ),
    TableRow(
        "documents", "Document OCR", 2.1,
        ("arXiv rendered markdown",),
        ("documents", "free-documents", "markdown", "digits", "several-digits"),
    ),
    TableRow(
        "text", "Text-only", 70.0,
        ("DeepSeek-LLM 2T corpus",),
        ("english", "chinese", "grid", "lists", "chinese-lists", "repeats"),
        weights=(2, 0.2, 1, 2, 0.4, 1),  # the Chinese sentences are few
        text=True,
    ),
)  # fmt: skip
INSTRUCTIONS = (
    TableRow(
        "taxonomy", "In-house data", 10.5,
        ("in-house, by the taxonomy of Table 3",),
        DRAWN,
    ),
    TableRow(
        "general", "General multimodal", 35.5,
        ("ShareGPT4V", "LAION-GPTV", "LVIS-Instruct4V", "textOCR-GPT4V", "LLaVA1.6-GPT4V", "IconQA"),
        ("general",),
    ),
    TableRow("charts", "Table & chart", 4.1, ("Ureader", "Geo170K", "ScienceQA"), ("charts", "tables")),
    TableRow("web-code", "Web code", 2.0, ("Screen-to-code", "ScreenQA"), ("web-code", "plots")),
    TableRow(
        "text", "Text-only SFT", 47.9, ("DeepSeek-LLM SFT data",), ("instructions", "lists", "repeats"), text=True
    ),
)  # fmt: skip
TABLES = {"pretraining": PRETRAINING, "instructions": INSTRUCTIONS}


def rows(table):
    """A table as rows of a mixture, each divided among its sources."""
    return tuple(Row(row.slug, row.share, row.here, row.weights, row.text) for row in table)
