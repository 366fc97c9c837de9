"""Table 1's "image captions": naming an object, counting several, naming each of many, telling where they are."""

from .sample import Sample
from .words import NUMBERS, article, capital, listed, plural
from .world import BACKGROUNDS, OBJECT_COLORS, SHAPES, Scene, Thing

OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}
CLASH = {"slate": ("brown", "purple", "blue"), "sand": ("yellow",), "paper": ("yellow",)}


def any_background(rng, difficulty):
    """A background's name: grey where it must be easy."""
    return rng.choice(list(BACKGROUNDS)) if difficulty > 0.2 else "grey"


def colors_on(background):
    """The objects' colours that stand out from a background."""
    return [c for c in OBJECT_COLORS if c not in CLASH.get(background, ())]


def any_color(rng, background):
    """An object's colour that stands out from its background."""
    return rng.choice(colors_on(background))


def _angle(rng, shape, difficulty):
    """A small tilt; shapes with a direction also face any of four ways, which no caption tells."""
    quarter = 90 * rng.randrange(4) if shape in ("triangle", "arrow", "heart") and difficulty > 0.2 else 0
    return quarter + rng.uniform(-10, 10) * difficulty


def _filled(rng, shape, difficulty):
    return shape in ("circle", "ring") or difficulty < 0.3 or rng.random() < 0.75


def any_thing(rng, background, difficulty, x, y, size, shape=None, color=None):
    """An object at a place; tilt, filling and what isn't given are drawn at random."""
    shape = shape or rng.choice(SHAPES)
    return Thing(
        shape, color or any_color(rng, background), x, y, size,
        _angle(rng, shape, difficulty), _filled(rng, shape, difficulty),
    )  # fmt: skip


def grain(rng, difficulty):
    """A scene's grain, as keywords of `Scene`."""
    return dict(noise=rng.uniform(0, 6) * difficulty, noise_seed=rng.randrange(2**31))


def naming(rng, difficulty=1.0):
    """One object: what is it, which colour, which shape?

    difficulty 0: large, centred, on grey; 1: 0.5 to 0.72 of the side, anywhere, any background,
    tilted, at times hollow, with grain.
    """
    background = any_background(rng, difficulty)
    size = rng.uniform(0.64 - 0.14 * difficulty, 0.72)
    free = (0.5 - size / 2) * difficulty
    x, y = 0.5 + rng.uniform(-free, free), 0.5 + rng.uniform(-free, free)
    thing = any_thing(rng, background, difficulty, x, y, size)
    name = article(f"{thing.color} {thing.shape}")
    turns = [
        ("What is in the image?", name),
        ("What colour is the object?", thing.color),
        ("What shape is the object?", thing.shape),
        ("Describe this image.", f"{name[0].upper()}{name[1:]}."),
    ]
    rng.shuffle(turns)
    scene = Scene(background, (thing,), **grain(rng, difficulty))
    return Sample(
        "naming", (scene,), tuple(turns), turns_caption(turns), truth={"color": thing.color, "shape": thing.shape}
    )


def turns_caption(turns):
    """The answer to "Describe this image."."""
    return dict(turns)["Describe this image."]


def cells(rng, difficulty, count, grid=3):
    """Centres of `count` different cells of a grid × grid, jittered."""
    spots = rng.sample([(i, j) for i in range(grid) for j in range(grid)], count)
    free = 0.25 / grid * difficulty
    return [
        ((i + 0.5) / grid + rng.uniform(-free, free), (j + 0.5) / grid + rng.uniform(-free, free)) for i, j in spots
    ]


def counting(rng, difficulty=1.0):
    """One to five objects of a shape, at higher difficulty among up to two of another shape.

    difficulty 0: up to three, one colour, no others; 1: up to five, mixed colours, others.
    """
    background = any_background(rng, difficulty)
    most = 3 if difficulty < 0.3 else 5
    count = rng.randint(1, most)
    shape, other = rng.sample(SHAPES, 2)
    mixed = difficulty > 0.5 and rng.random() < 0.5
    others = rng.randint(0, 2) if difficulty > 0.7 else 0
    color = any_color(rng, background)
    places = cells(rng, difficulty, count + others)
    things = []
    for i, (x, y) in enumerate(places):
        size = rng.uniform(0.24 - 0.04 * difficulty, 0.27)
        kind = shape if i < count else other
        tint = any_color(rng, background) if mixed or i >= count else color
        things.append(any_thing(rng, background, min(difficulty, 0.25), x, y, size, kind, tint))
    order = list(things)
    rng.shuffle(order)
    noun = shape if count == 1 else plural(shape)
    words = f"{NUMBERS[count]} {noun}" if mixed else f"{NUMBERS[count]} {color} {noun}"
    if others:
        words += f" and {NUMBERS[others]} {other if others == 1 else plural(other)}"
    turns = [
        (f"How many {plural(shape)} are there?", str(count)),
        ("How many objects are there?", str(count + others)),
        ("Describe this image.", words[0].upper() + words[1:] + "."),
    ]
    if others:
        turns.append((f"How many {plural(other)} are there?", str(others)))
    rest = turns[1:]
    rng.shuffle(rest)
    scene = Scene(background, tuple(order), **grain(rng, difficulty))
    return Sample("counting", (scene,), (turns[0], *rest), turns_caption(turns), truth={"shape": shape, "count": count})


def inventory(rng, difficulty=1.0):
    """One to six objects of up to three shapes, named one after another as a page is read; then questions about them.

    difficulty 0: up to two, on grey; 1: up to six, off the middle of their places, any background.
    """
    background = any_background(rng, difficulty)
    count = rng.randint(1, 2 + round(4 * difficulty))
    spots = rng.sample([(row, column) for row in range(3) for column in range(3)], count)
    shapes = rng.sample(SHAPES, min(count, rng.randint(1, 3)))
    kinds = shapes + [rng.choice(shapes) for _ in range(count - len(shapes))]
    rng.shuffle(kinds)
    things, names = [], []
    for (row, column), shape in zip(sorted(spots), kinds, strict=True):
        size = rng.uniform(0.27 - 0.07 * difficulty, 0.29)
        free = (1 / 3 - size) / 2 * difficulty
        x, y = ((v + 0.5) / 3 + rng.uniform(-free, free) for v in (column, row))
        things.append(any_thing(rng, background, min(difficulty, 0.25), x, y, size, shape))
        names.append(article(f"{things[-1].color} {shape}"))
    text = f"There is {', '.join(names)}."
    shape = rng.choice(shapes)
    turns = [("What is there?", text), (f"How many {plural(shape)} are there?", str(kinds.count(shape)))]
    alone = [thing for thing in things if kinds.count(thing.shape) == 1]
    if alone:
        thing = rng.choice(alone)
        turns.append((f"What colour is the {thing.shape}?", thing.color))
    rng.shuffle(turns)
    scene = Scene(background, tuple(things), **grain(rng, difficulty))
    return Sample("inventory", (scene,), tuple(turns), text, truth={"things": names})


def relations(rng, difficulty=1.0):
    """Two objects: on which side of one is the other?

    difficulty 0: far apart and aligned; 1: anywhere, though never closer to a diagonal than 25°.
    """
    background = any_background(rng, difficulty)
    side = rng.choice(list(OPPOSITE))
    shape, other = rng.sample(SHAPES, 2)
    size = rng.uniform(0.26, 0.36 - 0.04 * difficulty)
    apart = rng.uniform(0.52 - 0.1 * difficulty, 0.56)
    across = rng.uniform(-0.3, 0.3) * difficulty * apart
    middle = [0.5 + rng.uniform(-1, 1) * max(0.0, 0.48 - (abs(d) + size) / 2) for d in (apart, across)]
    a = (middle[0] - apart / 2, middle[1] - across / 2)
    b = (middle[0] + apart / 2, middle[1] + across / 2)
    if side in ("above", "below"):
        a, b = a[::-1], b[::-1]
    if side in ("right", "below"):
        a, b = b, a
    first = any_thing(rng, background, min(difficulty, 0.25), *a, size, shape)
    second = any_thing(rng, background, min(difficulty, 0.25), *b, size, other)
    where = {"left": "left of", "right": "right of"}
    names = [article(f"{t.color} {t.shape}") for t in (first, second)]
    turns = [
        (f"Where is the {shape}: left, right, above or below the {other}?", side),
        (f"Where is the {other}: left, right, above or below the {shape}?", OPPOSITE[side]),
        (f"What colour is the {shape}?", first.color),
        (f"What colour is the {other}?", second.color),
        ("Describe this image.", f"{names[0][0].upper()}{names[0][1:]} {where.get(side, side)} {names[1]}."),
    ]
    rest = turns[1:]
    rng.shuffle(rest)
    scene = Scene(background, (first, second), **grain(rng, difficulty))
    return Sample(
        "relations", (scene,), (turns[0], *rest), turns_caption(turns),
        truth={"first": shape, "second": other, "side": side},
    )  # fmt: skip


PLACES = (
    ("at the top left", "at the top", "at the top right"),
    ("on the left", "in the middle", "on the right"),
    ("at the bottom left", "at the bottom", "at the bottom right"),
)  # rows from above, each from the left


def detailed(rng, difficulty=1.0):
    """Two to four objects, large or small, each in a third of its own: what is where?

    difficulty 0: two, in the middle of their places, on grey; 1: up to four, off the middle, any background.
    """
    background = any_background(rng, difficulty)
    count = rng.randint(2, 2 + round(2 * difficulty))
    spots = rng.sample([(row, column) for row in range(3) for column in range(3)], count)
    *kinds, absent = rng.sample([(c, s) for c in colors_on(background) for s in SHAPES], count + 1)
    things, told = [], []
    for (row, column), (color, shape) in zip(sorted(spots), kinds, strict=True):
        name = rng.choice(("large", "small"))
        size = rng.uniform(0.25, 0.28) if name == "large" else rng.uniform(0.13, 0.15)
        free = (1 / 3 - size) / 2 * 0.8 * difficulty
        x, y = ((v + 0.5) / 3 + rng.uniform(-free, free) for v in (column, row))
        things.append(any_thing(rng, background, min(difficulty, 0.25), x, y, size, shape, color))
        told.append((f"{name} {color} {shape}", PLACES[row][column]))
    names = listed([article(what) for what, _ in told])
    long = listed([f"{article(what)} {where}" for what, where in told])
    (what, where), sought = rng.choice(told), rng.choice((kinds[0], absent))
    text = f"{capital(NUMBERS[count])} objects on a {background} ground: {long}."
    turns = [
        ("Describe this image in detail.", text),
        ("Describe this image.", f"{capital(names)}."),
        (f"What is {where}?", article(what)),
        (f"Where is the {' '.join(what.split()[1:])}?", where),
        (f"Is there {article(' '.join(sought))}?", "yes" if sought in kinds else "no"),
    ]
    rng.shuffle(turns)
    scene = Scene(background, tuple(things), **grain(rng, difficulty))
    return Sample("detailed-captions", (scene,), tuple(turns), text, truth={"things": [list(what) for what in told]})
