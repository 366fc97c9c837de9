"""Real English, as Python itself carries it, and a little Chinese.

The sources are the manual pages behind `help()` and the long strings, docstrings mostly, in the standard
library's files: prose about programming, written by people.  They differ slightly from one Python version to the next.
"""

import functools
import re
import sysconfig
import zlib
from pathlib import Path

from .sample import SPLITS

HELD_OUT = 20  # one paragraph in twenty is never trained on
_SKIP = {"site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3", "turtledemo", "ensurepip"}


def _manual():
    from pydoc_data.topics import topics

    for name in sorted(topics):
        yield topics[name]


def _docstrings():
    root = Path(sysconfig.get_path("stdlib"))
    for path in sorted(root.rglob("*.py")):
        if not _SKIP & set(path.relative_to(root).parts):
            source = path.read_text(encoding="utf-8", errors="ignore")
            yield from re.findall(r'"""(.*?)"""', source, re.DOTALL)


def _prose(text):
    """The paragraphs of a text that are sentences rather than code, tables or headings."""
    for block in re.split(r"\n\s*\n", text):
        paragraph = " ".join(block.split())
        letters = sum(c.isalpha() or c == " " for c in paragraph)
        if len(paragraph) >= 80 and letters > 0.88 * len(paragraph) and paragraph[0].isupper():
            yield paragraph


@functools.lru_cache(maxsize=2)
def english(split="train"):
    """Paragraphs of real English, each once, in a fixed order; a tuple of strings."""
    if split not in SPLITS:
        raise ValueError(f"no split {split!r}; there are {' and '.join(SPLITS)}")
    seen = dict.fromkeys(p for text in (*_manual(), *_docstrings()) for p in _prose(text))
    held = split == "held-out"
    return tuple(p for p in seen if (zlib.crc32(p.encode()) % HELD_OUT == 0) == held)


CHINESE_COLORS = {
    "red": "红色", "orange": "橙色", "yellow": "黄色", "green": "绿色",
    "blue": "蓝色", "purple": "紫色", "pink": "粉色", "brown": "棕色",
}  # fmt: skip
CHINESE_SHAPES = {
    "circle": "圆形", "square": "正方形", "triangle": "三角形", "cross": "十字",
    "star": "星形", "ring": "圆环", "arrow": "箭头", "heart": "心形",
}  # fmt: skip
_CHINESE = """\
图里有什么？
图里有几个{shape}？
这个物体是什么颜色的？是{color}的。
这个物体是什么形状的？是{shape}。
请描述这张图片。
这是一个{color}的{shape}。
图中有三个{color}的{shape}和一个{shape}。
{color}的{shape}在{shape}的左边。
{color}的{shape}在{shape}的右边。
{shape}在上面，{shape}在下面。
牌子上写着什么字？
请把图里的文字抄下来。
我看不清楚，这张图片里没有回答。
这本书从零开始教你怎样搭建一个能看图说话的语言模型。
模型先看图片，再读问题，然后一个字一个字地写出回答。
它学会了颜色、形状、数量和位置，也学会了认字和数数。"""


def chinese():
    """Sentences of our own about the world's images; every colour and shape occurs.  A tuple."""
    sentences = []
    for line in _CHINESE.splitlines():
        for color, shape in zip(CHINESE_COLORS.values(), CHINESE_SHAPES.values(), strict=True):
            sentences.append(line.format(color=color, shape=shape))
    return tuple(dict.fromkeys(sentences))
