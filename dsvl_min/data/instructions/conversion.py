"""Conversion: a picture into code, or into other text."""

from ..captions import any_background, grain
from ..words import listed
from ..world import Scene, Text, Thing, text_width
from .diagrams import INKS, LABELS, chain, chart, fitted, step_box
from .drawing import Drawing, arrow, box, disc, line, polygon, word
from .scenery import different, instruction, paper
from .wording import BACKGROUND_NAMES, TOPICS, WORDS, one, turn, yes


def ui(rng, difficulty=1.0):
    """A small window's elements, from the top down, as HTML."""
    number = 1 + round(3 * difficulty)
    marks, code, y = [box(0.04, 0.04, 0.96, 0.96, "#666666", "white")], [], 0.16
    for kind in rng.sample(("h1", "p", "button", "input", "checkbox"), number):
        name = rng.choice(WORDS)
        wide = text_width(name, 0.12)
        if kind == "h1":
            marks.append(word(name, 0.12 + text_width(name, 0.17) / 2, y, 0.17))
            code.append(f"<h1>{name}</h1>")
        elif kind == "p":
            marks.append(word(name, 0.12 + text_width(name, 0.11) / 2, y, 0.11, "#444444"))
            code.append(f"<p>{name}</p>")
        elif kind == "button":
            marks.append(box(0.12, y - 0.085, 0.2 + wide, y + 0.085, "", "#2c6fb7"))
            marks.append(word(name, 0.16 + wide / 2, y, 0.12, "white"))
            code.append(f"<button>{name}</button>")
        elif kind == "input":
            marks.append(box(0.12, y - 0.085, 0.88, y + 0.085, "#888888", "#f3f3f3"))
            marks.append(word(name, 0.16 + wide / 2, y, 0.12, "#999999"))
            code.append(f'<input placeholder="{name}">')
        else:
            ticked = rng.random() < 0.5
            marks += [box(0.12, y - 0.06, 0.24, y + 0.06, "black", "white"), word(name, 0.3 + wide / 2, y, 0.12)]
            if ticked:
                marks.append(line((0.145, y), (0.175, y + 0.035), (0.225, y - 0.045), color="#2c6fb7", width=0.025))
            code.append(f'<input type="checkbox"{" checked" * ticked}>{name}')
        y += 0.22
    questions = ("Write this page in HTML.", "Give the HTML of this window.", "Turn the picture into HTML.")
    image = paper(rng, difficulty, *marks)
    return instruction("conversion/image-to-code/ui", image, [turn(rng, questions, "\n".join(code))])


def chart_to_code(rng, difficulty=1.0):
    """A bar or line chart of whole numbers as the line of Python that draws it."""
    number = rng.randint(2, 3 + round(2 * difficulty))
    top = 5 if difficulty < 0.4 else 9
    values, kind = [rng.randint(1, top) for _ in range(number)], rng.choice(("bar", "barh", "plot"))
    labels = rng.sample(LABELS, number) if difficulty > 0.3 else list(LABELS[:number])
    names = ", ".join(f'"{label}"' for label in labels)
    answer = f"plt.{kind}([{names}], {values})"
    shown = labels[::-1] if kind == "barh" else labels  # matplotlib's first bar is the lowest
    marks = chart(values[::-1] if kind == "barh" else values, shown, kind, rng.choice(INKS), top)
    questions = ("Write the call that draws this chart.", "Which Python draws this chart?", "Turn the chart into code.")
    image, turns = paper(rng, difficulty, *marks), [turn(rng, questions, answer)]
    return instruction("conversion/image-to-code/chart", image, turns, values=values, labels=labels, kind=kind)


def svg(rng, difficulty=1.0):
    """One to three flat shapes on a board of eight by eight, as a small SVG file that draws the very same."""
    number = rng.randint(1, 1 + round(2 * difficulty))
    spots = sorted(rng.sample([(2, 2), (6, 2), (2, 6), (6, 6)], number), key=lambda at: at[::-1])  # as one reads
    marks, code = [], []
    for (cx, cy), color in zip(spots, rng.sample(("red", "green", "blue", "yellow"), number), strict=True):
        r = rng.choice((1, 2)) if difficulty > 0.4 else 2
        hue = {"red": "#ff0000", "green": "#008000", "blue": "#0000ff", "yellow": "#ffff00"}[color]
        kind = rng.choice(("circle", "rect", "polygon"))
        x, y, s = cx / 8, cy / 8, r / 8
        if kind == "circle":
            marks.append(disc(x, y, s, "", hue))
            code.append(f'<circle cx="{cx}" cy="{cy}" r="{r}" fill="{color}"/>')
        elif kind == "rect":
            marks.append(box(x - s, y - s, x + s, y + s, "", hue))
            code.append(f'<rect x="{cx - r}" y="{cy - r}" width="{2 * r}" height="{2 * r}" fill="{color}"/>')
        else:
            marks.append(polygon((x, y - s), (x + s, y + s), (x - s, y + s), color="", fill=hue))
            code.append(f'<polygon points="{cx},{cy - r} {cx + r},{cy + r} {cx - r},{cy + r}" fill="{color}"/>')
    answer = '<svg viewBox="0 0 8 8">' + "".join(code) + "</svg>"
    questions = ("Write this picture as SVG.", "Give the SVG code of the image.", "Turn the image into an SVG.")
    image = Drawing(Scene("paper"), tuple(marks))
    return instruction("conversion/image-to-code/svg", image, [turn(rng, questions, answer)])


def _term(rng, difficulty, x, y):
    """A term of a formula at x: (LaTeX, Python, marks, width)."""
    a, b = rng.sample("abcxyz", 2)
    n = rng.randint(2, 9)
    size, small = 0.2, 0.13
    kind = rng.choice(("power", "fraction", "root", "product") if difficulty > 0.2 else ("power", "fraction"))
    wide = {s: text_width(s, size) for s in (a, b, str(n))}
    if kind == "power":
        marks = [word(a, x + wide[a] / 2, y, size), word(n, x + wide[a] + 0.05, y - 0.09, small)]
        return f"{a}^{n}", f"{a}**{n}", marks, wide[a] + 0.1
    if kind == "fraction":
        half = 0.08
        marks = [word(a, x + half, y - 0.12, size), line((x, y), (x + 2 * half, y)), word(b, x + half, y + 0.11, size)]
        return rf"\frac{{{a}}}{{{b}}}", f"{a}/{b}", marks, 2 * half
    if kind == "root":
        reach = 0.09 + wide[a] + 0.04
        roof = line((x, y + 0.02), (x + 0.03, y + 0.1), (x + 0.07, y - 0.13), (x + reach, y - 0.13))
        return rf"\sqrt{{{a}}}", f"sqrt({a})", [roof, word(a, x + 0.09 + wide[a] / 2, y, size)], reach
    marks = [word(n, x + wide[str(n)] / 2, y, size), word(a, x + wide[str(n)] + wide[a] / 2, y, size)]
    return f"{n}{a}", f"{n}*{a}", marks, wide[str(n)] + wide[a]


def formula(rng, difficulty=1.0):
    """A printed formula of one to three terms as LaTeX or Python."""
    number = 1 + round(rng.random() * 2 * difficulty)
    x, y, latex, python, marks = 0.06, 0.5 + rng.uniform(-0.2, 0.2) * difficulty, [], [], []
    for i in range(number):
        if i:
            sign = rng.choice("+-")
            marks.append(line((x + 0.03, y), (x + 0.11, y)))
            if sign == "+":
                marks.append(line((x + 0.07, y - 0.04), (x + 0.07, y + 0.04)))
            latex, python, x = [*latex, f" {sign} "], [*python, f" {sign} "], x + 0.15
        tex, code, drawn, wide = _term(rng, difficulty, x, y)
        latex, python, marks, x = [*latex, tex], [*python, code], [*marks, *drawn], x + wide + 0.02
    form = rng.choice(("LaTeX", "Python"))
    questions = ("Write the formula in {form}.", "Turn the formula into {form}.", "Give the formula as {form}.")
    latex, python = "".join(latex), "".join(python)
    turns = [turn(rng, questions, latex if form == "LaTeX" else python, form=form)]
    image = paper(rng, difficulty, *marks)
    return instruction("conversion/image-to-code/formula", image, turns, latex=latex, python=python)


def flowchart_to_code(rng, difficulty=1.0):
    """A flow chart of assignments, with one choice at higher difficulty, as Python."""
    start, low = rng.randint(2, 9), rng.randint(2, 9)
    first, change = f"x = {start}", f"x = x {rng.choice('+-*')} {rng.randint(2, 5)}"
    if difficulty < 0.5:
        steps = [first, change, "print(x)"] if rng.random() < 0.7 else [first, "print(x)"]
        marks, code = chain(steps, width=0.66), steps
    else:
        test = f"x {rng.choice('<>')} {low}"
        code = [first, f"if {test}:", f"    {change}", "print(x)"]
        marks = [*arrow(0.35, 0.16, 0.35, 0.24), *arrow(0.35, 0.47, 0.35, 0.55), *arrow(0.35, 0.72, 0.35, 0.81)]
        marks += [line((0.66, 0.38), (0.86, 0.38), (0.86, 0.92)), *arrow(0.86, 0.92, 0.68, 0.92)]
        marks += step_box(first, 0.35, 0.09, 0.5, 0.14) + step_box(test, 0.35, 0.38, 0.64, 0.2, choice=True)
        marks += step_box(change, 0.35, 0.66, 0.6, 0.14) + step_box("print(x)", 0.35, 0.92, 0.56, 0.13)
        marks += [word("yes", 0.48, 0.52, 0.085), word("no", 0.76, 0.32, 0.085)]
    questions = (
        "Write the flow chart in Python.",
        "Turn the flow chart into code.",
        "Which program is this flow chart?",
    )
    image = paper(rng, difficulty, *marks)
    return instruction("conversion/image-to-code/flowchart", image, [turn(rng, questions, "\n".join(code))])


def prompt(rng, difficulty=1.0):
    """The words that would make an image generator draw this scene: things from left to right, then the ground."""
    background, number = any_background(rng, difficulty), 1 + round(2 * difficulty)
    kinds = different(rng, background, number)
    size, things = 0.27, []
    for i, (shape, color) in enumerate(kinds):
        free = 0.3 * difficulty
        x = 0.5 if number == 1 else (0.17 + 0.66 * i / (number - 1))
        things.append(Thing(shape, color, x, 0.5 + rng.uniform(-free, free), size))
    image = Scene(background, tuple(things), **grain(rng, difficulty))
    questions = (
        "Write a prompt that would make an image generator draw this.", "Which prompt gives this image?",
        "Describe the image, left to right, as a prompt.",
    )  # fmt: skip
    answer = f"{listed([one(t) for t in things])} on a {BACKGROUND_NAMES[background][0]} background"
    return instruction("conversion/image-to-text/prompt", image, [turn(rng, questions, answer)])


def summary(rng, difficulty=1.0):
    """What a list is about, in a word or two, and how long it is."""
    topic = rng.choice(list(TOPICS))
    number = rng.randint(3, 4 + round(2 * difficulty))
    words = rng.sample(TOPICS[topic], number)
    height = rng.uniform(0.13 - 0.03 * difficulty, 0.13)
    left = 0.05 + rng.uniform(0, 0.4) * difficulty
    texts = (Text(w, left, 0.09 + i * 0.155, height) for i, w in enumerate(words))
    image = Scene("paper", texts=tuple(texts), **grain(rng, difficulty))
    questions = ("What is this list about?", "Sum up the list in a word or two.", "What do the words have in common?")
    turns = [turn(rng, questions, topic)]
    if rng.random() < 0.4:
        turns.append(turn(rng, ("How long is the list?", "How many words does it have?"), number))
    return instruction("conversion/image-to-text/summary", image, turns, topic=topic, words=words)


def _rule(rng):
    """A sign and a question about it: (lines of the sign, question, yes or no)."""
    allowed = rng.random() < 0.5
    kind = rng.choice(("no", "only", "max", "open"))
    if kind in ("no", "only"):
        whom, other = rng.sample(("DOGS", "CARS", "BIKES", "BALLS", "BOATS"), 2)
        asked = (other if allowed else whom) if kind == "no" else (whom if allowed else other)
        question = rng.choice((f"Are {asked.lower()} allowed here?", f"May {asked.lower()} be here?"))
        return [kind.upper(), whom], question, allowed
    # The number asked about is drawn first, so that it alone doesn't tell the answer.
    if kind == "max":
        speed = 10 * rng.randint(3, 9)
        most = speed + 10 * rng.randint(0, 2) if allowed else speed - 10 * rng.randint(1, 2)
        return ["MAX", str(most)], rng.choice((f"May I drive at {speed} here?", f"Is {speed} allowed here?")), allowed
    hour, near, far = rng.randint(8, 15), rng.randint(1, 3), rng.randint(4, 7)
    if allowed:
        first, last = hour - near, hour + rng.randint(1, 7)
    else:
        first, last = rng.choice(((hour + near, hour + far), (hour - far, hour - near)))
    question = rng.choice((f"Is it open at {hour}?", f"May I come in at {hour}?"))
    return ["OPEN", f"{first}-{last}"], question, allowed


def interpretation(rng, difficulty=1.0):
    """What a sign means for someone: may one do this here?"""
    lines, question, allowed = _rule(rng)
    free = 0.15 * difficulty
    x, y = 0.5 + rng.uniform(-free, free), 0.5 + rng.uniform(-free, free)
    color = rng.choice(("#c0392b", "#2c6fb7", "#2e8b57"))
    marks = [box(x - 0.33, y - 0.25, x + 0.33, y + 0.25, color, "white", 0.03)]
    marks += [word(s, x, y + dy, fitted(s, 0.56, 0.19)) for s, dy in zip(lines, (-0.11, 0.11), strict=True)]
    image = Drawing(Scene(any_background(rng, difficulty), **grain(rng, difficulty)), tuple(marks))
    return instruction("conversion/image-to-text/interpretation", image, [(question, yes(allowed))], sign=lines)
