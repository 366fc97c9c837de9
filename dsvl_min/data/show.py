"""A contact sheet: samples of a source with their questions and answers, as one picture.

Pillow alone draws it.  Look at it before you train on what it shows.
"""

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont, ImageOps

from ..config import IMAGE_PLACEHOLDER, require
from ..processor import load_image
from .feeds import Generated

WORDS, LINES, GAP, FONT = 280, 24, 10, 12  # width of the text, most lines of a card; pixels but for the lines
LINE = 16
WIDEST = 1300
INK, QUIET, ANSWER, GROUND, RULE = (30, 30, 30), (120, 120, 120), (25, 85, 165), (255, 255, 255), (222, 222, 222)
# A font with Chinese characters, where the machine has one; Pillow's own has none.
CHINESE_FONTS = (
    "NotoSansCJK-Regular.ttc", "NotoSansSC-Regular.otf", "wqy-microhei.ttc", "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf", "PingFang.ttc", "Hiragino Sans GB.ttc", "msyh.ttc", "simsun.ttc",
)  # fmt: skip


def draws(source, count, seed=0, split="train"):
    """The first `count` samples of a source, difficulty running over all its range.  ConfigError for another source."""
    make = Generated(source, split=split)
    return [make(seed, index) for index in range(count)]


def sheet(samples, size=128, lines=LINES, widest=WIDEST):
    """A PIL image of all samples, each a card: its pictures side by side, size × size, and its words beside them.

    lines: of words on a card, at most; widest: how wide, in pixels, several columns may be.
    Raises ConfigError for no samples or a size below 1.
    """
    require(samples, "a sheet shows at least 1 sample, got none")
    require(size >= 1, f"a picture's size must be a positive whole number, got {size!r}")
    cards = [card(sample, size, lines) for sample in samples]
    width = max(one.width for one in cards)
    columns = max(1, min(len(cards), widest // (width + GAP)))
    rows = [cards[i : i + columns] for i in range(0, len(cards), columns)]
    heights = [max(one.height for one in row) for row in rows]
    out = Image.new("RGB", (columns * (width + GAP) + GAP, sum(heights) + GAP * (len(rows) + 1)), GROUND)
    pen, y = ImageDraw.Draw(out), GAP
    for row, height in zip(rows, heights, strict=True):
        for column, one in enumerate(row):
            out.paste(one, (GAP + column * (width + GAP), y))
        y += height + GAP
        pen.line([(GAP, y - GAP // 2), (out.width - GAP, y - GAP // 2)], fill=RULE)
    return out


def card(sample, size=128, most=LINES):
    """One sample as a picture: source, leaf and difficulty above, then images and words."""
    pictures = [fitted(picture, size) for picture in sample.pictures(size)]
    shown = len(pictures) * (size + GAP)
    title = " · ".join(part for part in (sample.source, sample.leaf, f"difficulty {sample.difficulty:.2f}") if part)
    lines = [(line, ink) for text, ink in words(sample) for line in wrap(text, WORDS if pictures else WORDS + size)]
    if len(lines) > most:
        lines = [*lines[: most - 1], (f"… and {len(lines) - most + 1} more lines", QUIET)]
    width = max(shown, GAP) + (WORDS if pictures else WORDS + size)
    out = Image.new("RGB", (width, LINE + max(size if pictures else 0, len(lines) * LINE) + 2), GROUND)
    pen = ImageDraw.Draw(out)
    pen.text((0, 0), title, QUIET, font())
    for at, picture in enumerate(pictures):
        out.paste(picture, (at * (size + GAP), LINE))
    for number, (line, ink) in enumerate(lines, 1):
        pen.text((shown, number * LINE), line, ink, font(is_chinese(line)))
    return out


def words(sample):
    """(text, colour) of what a sample says: context (its lines joined by /), questions and answers, its page's text."""
    out = [(f"[{sample.context}]".replace("\n", "/"), QUIET)] if sample.context else []
    for question, answer in sample.turns:
        out += [(question, INK), (answer, ANSWER)]
    out += [(sample.text, QUIET if sample.turns else ANSWER)] if sample.text else []
    return [(text.replace(IMAGE_PLACEHOLDER, "[image]"), ink) for text, ink in out]


def fitted(picture, size):
    """A picture in the middle of a square, size × size, its proportions kept."""
    square = Image.new("RGB", (size, size), RULE)
    small = ImageOps.contain(load_image(picture), (size, size))
    square.paste(small, ((size - small.width) // 2, (size - small.height) // 2))
    return square


def wrap(text, width):
    """A text's lines, none wider than `width` pixels: broken at spaces, and inside a word only where it must be."""
    out = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in pieces(paragraph, width):
            if line and measured(line + piece.rstrip()) > width:
                out.append(line.rstrip())
                line = ""
            line += piece
        out.append(line.rstrip())
    return out


def pieces(paragraph, width):
    """Words with the space behind them; indentation is part of the first; a word too wide falls into letters."""
    held = ""
    for word in paragraph.split(" "):
        held += word + " "
        if word:
            yield from [held] if measured(held.rstrip()) <= width else held
            held = ""


def measured(text):
    """How wide a text is drawn, in pixels."""
    return font(is_chinese(text)).getlength(text)


def is_chinese(text):
    """Does the text hold characters that only a Chinese font has?"""
    return any("\u2e80" <= c <= "\ufaff" or "\uff00" <= c <= "\uffef" for c in text)


@lru_cache(maxsize=2)
def font(chinese=False):
    """Pillow's font, or one with Chinese characters; where there is none, Pillow's again, which shows boxes."""
    for name in CHINESE_FONTS if chinese else ():
        try:
            return ImageFont.truetype(name, FONT)
        except OSError:
            continue
    return ImageFont.load_default(FONT)


def lacks_font(samples):
    """Do samples say something that no font here can show?"""
    return font(True) is font() and any(is_chinese(text) for s in samples for text, _ in words(s))
