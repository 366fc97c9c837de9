"""Words that several sources speak: numbers, articles, plurals, lists, and short words to write on things."""

NUMBERS = ("no", "one", "two", "three", "four", "five", "six")
ORDINALS = ("first", "second", "third", "fourth")
# Short, common and unlike each other; none of them is a colour, a shape or a number.
WORDS = tuple(
    "apple bag ball bank bird boat book bread bus cake car card cat chair clock coat cup desk dog door egg farm fish "
    "flag game gate glass hat home horse house ice jam key king lamp leaf map milk moon music nest night park pen "
    "rain river road room rose salt ship shoe shop snow soap song soup sun table tea tent tree wall water wind".split()
)


def article(noun):
    """The noun with "a" or "an" before it."""
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def plural(shape):
    """The shape's name in the plural."""
    return shape + ("es" if shape.endswith(("s", "x")) else "s")


def listed(items):
    """ "a", "a and b", "a, b and c"."""
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last


def capital(text):
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def string(rng, length, symbols):
    """`length` symbols drawn at random."""
    return "".join(rng.choice(symbols) for _ in range(length))
