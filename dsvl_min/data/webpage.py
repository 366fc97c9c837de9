"""Web pages of a small, exactly specified part of HTML, and what draws them.

    <body>                  around everything, once
    <h1> <p> <div> <button> a heading, a paragraph, a box as wide as the page, a button; each holds words or nothing
    <ul> <li>               a list of items, each of which holds words
    style="…"               on any of them but <ul>: background and color, each a name of painter.PALETTE

Blocks stand below each other, words are broken at spaces where the line is full, and what is lower than the page is
cut off, as in a browser's window.  Anything else is refused by name and line.  Colours are the world's own.
"""

from dataclasses import asdict, dataclass
from html.parser import HTMLParser

from .lettering import text_width
from .painter import PALETTE, Box, Words, paint

PIXEL = 1 / 128  # the unit of the layout below: a pixel of the tiny model's picture
MARGIN, GAP, PAD = 6 * PIXEL, 5 * PIXEL, 5 * PIXEL
HEIGHTS = {"h1": 19 * PIXEL, "p": 14 * PIXEL, "div": 14 * PIXEL, "button": 14 * PIXEL, "li": 14 * PIXEL}
LEADING = 1.2
TAGS = ("body", "ul", *HEIGHTS)
PARENTS = {"body": (None,), "ul": ("body",), "li": ("ul",)}  # the others stand in the body
EMPTY_BOX = 16 * PIXEL


@dataclass(frozen=True)
class Block:
    """One block of a page: its tag, its words and its colours ("" where none is given)."""

    tag: str
    words: str = ""
    background: str = ""
    color: str = ""


@dataclass(frozen=True)
class WebPage:
    """A page as its HTML.  Raises ValueError where that is not of the part of HTML that is drawn."""

    html: str

    def __post_init__(self):
        parse(self.html)

    def draw(self, size=128):
        """A PIL RGB image, size × size."""
        body, blocks = parse(self.html)
        boxes, words, _ = layout(blocks, body.color or "black")
        return paint(body.background or "white", boxes, words, size)

    def to_dict(self):
        """Plain dictionary, ready for json."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data):
        """The inverse of `to_dict`."""
        return cls(**data)


def parse(html):
    """HTML -> (the body, its blocks in order), each a `Block`.  Raises ValueError naming line and fault."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if reader.open or reader.body is None:
        reader.refuse(f"<{reader.open[-1][0]}> is never closed" if reader.open else "there is no <body>")
    return reader.body, reader.blocks


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.body, self.blocks = [], None, []  # open: [tag, colours, words] of tags not yet closed

    def refuse(self, why):
        raise ValueError(f"web page, line {self.getpos()[0]}: {why}")

    def handle_starttag(self, tag, attrs):
        if tag not in TAGS:
            self.refuse(f"<{tag}> is not drawn; these are: {', '.join(TAGS)}")
        parent = self.open[-1][0] if self.open else None
        if parent not in PARENTS.get(tag, ("body",)) or tag == "body" and self.body:
            self.refuse(f"<{tag}> can't stand {f'in <{parent}>' if parent else 'there'}")
        self.open.append([tag, self.colors(tag, attrs), []])
        if tag == "body":
            self.body = Block("body", **self.open[-1][1])

    def colors(self, tag, attrs):
        """The style attribute as {"background": name, "color": name}."""
        found = {}
        for name, value in attrs:
            if name != "style" or tag == "ul":
                self.refuse(f"<{tag}> takes {'no attribute' if tag == 'ul' else 'style alone'}, got {name}")
            for rule in filter(str.strip, (value or "").split(";")):
                key, _, color = (part.strip() for part in rule.partition(":"))
                if key not in ("background", "color") or color not in PALETTE:
                    names = ", ".join(PALETTE)
                    self.refuse(f"style {rule.strip()!r} is not drawn; background and color are, in {names}")
                found[key] = color
        return found

    def handle_endtag(self, tag):
        if not self.open or self.open[-1][0] != tag:
            self.refuse(f"</{tag}> closes {f'<{self.open[-1][0]}>' if self.open else 'nothing'}")
        _, colors, words = self.open.pop()
        if tag in HEIGHTS:
            self.blocks.append(Block(tag, " ".join("".join(words).split()), **colors))

    def handle_data(self, data):
        if not data.strip():
            return
        if not self.open or self.open[-1][0] not in HEIGHTS:
            self.refuse(f"words outside a block: {data.strip()!r}")
        self.open[-1][2].append(data)

    def handle_decl(self, decl):
        self.refuse(f"<!{decl}> is not drawn")

    def handle_comment(self, data):
        self.refuse("comments are not drawn")

    def handle_pi(self, data):
        self.refuse(f"<?{data}> is not drawn")

    def unknown_decl(self, data):
        self.refuse(f"<![{data}]> is not drawn")


def broken(words, height, width):
    """Words broken at spaces into lines no wider than width, where no single word is."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, height) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def layout(blocks, ink="black"):
    """Blocks -> (boxes, words, where the last block ends), in fractions of the picture's side."""
    boxes, lines, top = [], [], MARGIN
    for block in blocks:
        height, color = HEIGHTS[block.tag], block.color or ink
        pad = PAD if block.background or block.tag in ("div", "button") else 0.0
        left = MARGIN + pad + (9 * PIXEL if block.tag == "li" else 0.0)
        texts = broken(block.words, height, 1 - MARGIN - pad - left)
        tall = (len(texts) * height * LEADING if block.words else EMPTY_BOX) + 2 * (pad and PIXEL)
        right = 1 - MARGIN
        if block.tag == "button":
            right = left + max(text_width(text, height) for text in texts) + pad
            boxes.append(Box(MARGIN, top, right, top + tall, block.background or "pale", 3 * PIXEL, "line"))
        elif block.background:
            boxes.append(Box(MARGIN, top, right, top + tall, block.background))
        if block.tag == "li":
            y = top + 0.5 * height * LEADING
            boxes.append(Box(MARGIN + 2 * PIXEL, y - 2 * PIXEL, MARGIN + 6 * PIXEL, y + 2 * PIXEL, color, 2 * PIXEL))
        for k, text in enumerate(texts):
            if text:
                y = top + (pad and PIXEL) + (k + 0.5) * height * LEADING
                lines.append(Words(text, left, y, height, color))
        top += tall + (PIXEL if block.tag == "li" else GAP)
    return boxes, lines, top
