"""Table 1's "web code": web pages and their HTML, plots and the code that drew them."""

from .charts import CALLED, any_chart
from .sample import MOST, Sample
from .webpage import Block, WebPage, layout
from .words import WORDS, capital, string
from .world import ALPHABET

GROUNDS = ("white", "yellow", "pink", "mint")  # black words can be read on each
FILLS = ("red", "green", "blue", "purple", "brown")  # and white ones on these


def web_code(rng, difficulty=1.0):
    """A small web page; the page under it is its HTML.

    difficulty 0: a heading and a coloured box on white; 1: up to six blocks of any kind on any ground.
    """
    ground = rng.choice(GROUNDS) if difficulty >= 0.3 else "white"
    kinds = ["div", "p", "button", "ul"] if difficulty >= 0.3 else ["div"]
    blocks = [Block("h1", _name(rng, difficulty))]
    for kind in rng.sample(kinds, rng.randint(1, min(len(kinds), 1 + round(3 * difficulty)))):
        more = _blocks(rng, kind, difficulty)
        if sum(len(b.words) for b in (*blocks, *more)) <= MOST and layout([*blocks, *more])[2] <= 1:
            blocks += more
    html = html_of(ground, blocks)
    words = {tag: [b.words for b in blocks if b.tag == tag] for tag in ("h1", "p", "div", "button", "li")}
    turns = [("Write the HTML of this page.", html), ("What does the heading say?", words["h1"][0])]
    if difficulty >= 0.3:
        turns.append(("Which colour is the page?", ground))
    turns += [("What does the button say?", said) for said in words["button"]]
    turns += [("Read the paragraph.", said) for said in words["p"]]
    if words["li"]:
        turns.append(("How many items are in the list?", str(len(words["li"]))))
    turns += [("Which colour is the box?", b.background) for b in blocks if b.tag == "div"]
    names = {"h1": "a heading", "p": "a paragraph", "div": "a box", "button": "a button", "li": "a list"}
    *first, last = [names[tag] for tag, said in words.items() if said]
    turns.append(("Describe this image.", f"A web page with {', '.join(first)}{' and ' if first else ''}{last}."))
    rng.shuffle(turns)
    return Sample("web-code", (WebPage(html),), tuple(turns), html, truth={"words": words, "ground": ground})


def _name(rng, difficulty):
    return string(rng, rng.randint(2, 5), ALPHABET) if rng.random() < 0.4 * difficulty else capital(rng.choice(WORDS))


def _blocks(rng, kind, difficulty):
    if kind == "p":
        return [Block("p", " ".join(rng.sample(WORDS, rng.randint(1, 1 + round(2 * difficulty)))))]
    if kind == "div":
        words = rng.choice(WORDS) if rng.random() < difficulty else ""
        return [Block("div", words, rng.choice(FILLS), "white" if words else "")]
    if kind == "button":
        return [Block("button", _name(rng, difficulty))]
    return [Block("li", word) for word in rng.sample(WORDS, rng.randint(2, 3))]


def html_of(ground, blocks):
    """The HTML of a page with these blocks, list items that follow each other in one list; one line a tag."""
    lines = [f'<body style="background:{ground}">']
    for before, block, after in zip([None, *blocks], blocks, [*blocks[1:], None], strict=False):
        item = block.tag == "li"
        if item and not (before and before.tag == "li"):
            lines.append("<ul>")
        rules = [f"{key}:{color}" for key, color in (("background", block.background), ("color", block.color)) if color]
        style = f' style="{";".join(rules)}"' if rules else ""
        lines.append(f"<{block.tag}{style}>{block.words}</{block.tag}>")
        if item and not (after and after.tag == "li"):
            lines.append("</ul>")
    return "\n".join([*lines, "</body>"])


def plots(rng, difficulty=1.0):
    """A chart; the page under it is the short pyplot code that drew it (see `Chart.code`)."""
    chart = any_chart(rng, difficulty)
    code = chart.code()
    turns = [
        ("Write the code that drew this.", code),
        ("Which function draws this?", code.split("(")[0]),
        ("Describe this image.", f"A {CALLED[chart.kind]} of {chart.title}."),
    ]
    rng.shuffle(turns)
    return Sample("plots", (chart,), tuple(turns), code, truth={"code": code})
