"""What tests of drawings ask of their marks."""


def words(drawing):
    """(word, x, y) from the top down, then from left to right."""
    found = [(m.string, *m.points[0]) for m in drawing.marks if m.kind == "word"]
    return sorted(found, key=lambda w: (round(w[2], 3), w[1]))


def of_kind(drawing, kind, **facts):
    return [m for m in drawing.marks if m.kind == kind and all(getattr(m, k) == v for k, v in facts.items())]


def centre(mark):
    return tuple(sum(c) / len(mark.points) for c in zip(*mark.points, strict=True))
