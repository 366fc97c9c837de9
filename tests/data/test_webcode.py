"""Web pages: the picture is a function of the HTML, and what is asked is true of it."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsvl_min.data.painter import PALETTE
from dsvl_min.data.sources import sample
from dsvl_min.data.webpage import TAGS, WebPage, broken, layout, parse

PAGE = """<body style="background:mint">
<h1>Tea</h1>
<p>bread and jam</p>
<div style="background:red; color:white">open</div>
<button>Go</button>
<ul><li>one</li><li>two</li></ul>
</body>"""


def made(count=120):
    return [sample("web-code", 5, i, "train" if i % 2 else "held-out", (i % 11) / 10) for i in range(count)]


def pixels(html, size=128):
    return np.asarray(WebPage(html).draw(size), int)


def shows(picture, name, tolerance=2):
    return np.abs(picture - np.array(PALETTE[name])).max(axis=2) <= tolerance


def test_answers_are_true_of_the_html():
    asked = set()
    for s in made():
        html = s.images[0].html
        assert html == s.text == dict(s.turns)["Write the HTML of this page."]
        found = {tag: re.findall(rf"<{tag}[^>]*>([^<]*)</{tag}>", html) for tag in ("h1", "p", "div", "button", "li")}
        for question, answer in s.turns:
            asked.add(question)
            if question == "What does the heading say?":
                assert [answer] == found["h1"]
            elif question == "What does the button say?":
                assert [answer] == found["button"]
            elif question == "Read the paragraph.":
                assert [answer] == found["p"]
            elif question == "How many items are in the list?":
                assert int(answer) == len(found["li"])
            elif question == "Which colour is the box?":
                assert f'<div style="background:{answer}' in html
            elif question == "Which colour is the page?":
                assert f'<body style="background:{answer}">' in html
            elif question == "Describe this image.":
                for tag, name in {"h1": "heading", "p": "paragraph", "div": "box", "button": "button"}.items():
                    assert (name in answer) == bool(found[tag])
    assert len(asked) == 8


def test_colours_asked_for_are_in_the_picture():
    for s in made(40):
        picture = np.asarray(s.pictures(128)[0], int)
        for question, answer in s.turns:
            if question == "Which colour is the box?":
                assert shows(picture, answer).sum() > 800
            if question == "Which colour is the page?":
                assert (
                    shows(picture, answer).mean() > 0.3 and shows(picture, answer)[[0, 0, -1, -1], [0, -1, 0, -1]].all()
                )


def test_the_whole_page_lies_in_the_picture():
    for s in made():
        boxes, words, bottom = layout(parse(s.text)[1])
        assert bottom <= 1 and all(0 <= b.left and b.right <= 1 for b in boxes)
        ground = re.search(r"background:(\w+)", s.text)[1]
        picture = np.asarray(s.pictures(128)[0], int)
        assert shows(picture[:, -4:], ground).all() and shows(picture[-2:], ground).all()
        assert len({round(word.y, 4) for word in words}) == len(words)  # no line is written over another


def test_an_edit_of_the_html_changes_the_picture_there_alone():
    plain = pixels(PAGE)
    for old, new, above, below in (("red", "blue", 50, 80), ("Tea", "Ton", 0, 32), ("two", "toe", 100, 128)):
        rows = np.flatnonzero((plain != pixels(PAGE.replace(old, new))).any(axis=(1, 2)))
        assert len(rows) and above <= rows.min() and rows.max() < below, (old, rows)
    assert np.array_equal(plain, pixels(PAGE.replace("; ", " ;\n").replace("bread and jam", " bread\n and  jam ")))


def test_entities_and_spaces_are_read_as_html_reads_them():
    body, (block,) = parse("<body><p> a &amp;\n b </p></body>")
    assert (block.words, body.background) == ("a & b", "")


def test_words_are_broken_where_the_line_is_full():
    lines = broken("some words that are too long for a line", 0.1, 0.6)
    assert len(lines) > 2 and " ".join(lines) == "some words that are too long for a line"
    assert broken("", 0.1, 0.6) == [""] and broken("incomprehensibilities", 0.1, 0.2) == ["incomprehensibilities"]


@pytest.mark.parametrize(
    "html,message",
    [
        ("", "there is no <body>"),
        ("<p>a</p>", "line 1: <p> can't stand there"),
        ("<body>\n<img src='a.png'></body>", "line 2: <img> is not drawn; these are: body"),
        ("<body>\n\n<p>a</body>", "line 3: </body> closes <p>"),
        ("<body><p>a</p>", "<body> is never closed"),
        ("<body>a</body>", "words outside a block: 'a'"),
        ("<body><li>a</li></body>", "<li> can't stand in <body>"),
        ("<body><p><p>a</p></p></body>", "<p> can't stand in <p>"),
        ("<body></body><body></body>", "<body> can't stand there"),
        ("<body><p class='x'>a</p></body>", "<p> takes style alone, got class"),
        ("<body><ul style='color:red'></ul></body>", "<ul> takes no attribute"),
        ("<body><p style='color:mauve'>a</p></body>", "style 'color:mauve' is not drawn"),
        ("<body><p style='font-size:9px'>a</p></body>", "style 'font-size:9px' is not drawn"),
        ("<!DOCTYPE html><body></body>", "<!DOCTYPE html> is not drawn"),
        ("<body><!-- a --></body>", "comments are not drawn"),
        ("<body></p></body>", "</p> closes <body>"),
        ("</p>", "</p> closes nothing"),
    ],
)
def test_what_is_not_drawn_is_refused_by_name_and_line(html, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        WebPage(html)


tags = st.sampled_from(
    [*(f"<{t}>" for t in TAGS), *(f"</{t}>" for t in TAGS), '<p style="color:red">', "words", "<", "&lt"]
)


@given(st.lists(tags | st.text(max_size=3), max_size=12))
@settings(max_examples=120, deadline=None)
def test_any_text_is_drawn_or_refused(pieces):
    for html in ("".join(pieces), "<body>" + "".join(pieces) + "</body>"):
        try:
            page = WebPage(html)
        except ValueError as error:
            assert str(error).startswith("web page, line ")
        else:
            assert page.draw(16).size == (16, 16)
