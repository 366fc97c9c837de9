"""Commonsense reasoning, its last part: states, causes, comparison, illusions, games, what comes next."""

import math

from ..captions import any_background, grain
from ..world import SHAPES, Scene, Thing
from .diagrams import circuit
from .drawing import Drawing, box, disc, line
from .scenery import SIDES, different, face, instruction, paper, tilted, tints, trail
from .wording import PLACES, noun, turn, turns_of, yes

LEVELS = {"empty": 0.0, "half full": 0.5, "full": 0.94}
CAUSES = {"switch": "The switch is open.", "battery": "There is no battery.", "wire": "The wire is broken."}
LINES = ([0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6])


def state(rng, difficulty=1.0):
    """How full a glass is; at higher difficulty one of two glasses."""
    number = 1 if difficulty < 0.5 else 2
    levels, marks = [rng.choice(list(LEVELS)) for _ in range(number)], []
    tall, wide = 0.66 - 0.2 * difficulty, 0.34 - 0.06 * difficulty
    color = rng.choice(("#4a90d9", "#e39b3b", "#7cb342"))
    for level, x in zip(levels, (0.5,) if number == 1 else (0.27, 0.73), strict=True):
        bottom = 0.85 - rng.uniform(0, 0.2) * difficulty
        left, right, fill = x - wide / 2, x + wide / 2, LEVELS[level] * tall
        if fill:
            marks.append(box(left, bottom - fill, right, bottom, "", color))
        marks.append(line((left, bottom - tall), (left, bottom), (right, bottom), (right, bottom - tall), width=0.03))
    which = rng.randrange(number)
    name = "glass" if number == 1 else ("left glass", "right glass")[which]
    questions = ("How full is the {name}?", "What state is the {name} in?", "Is the {name} empty, half full or full?")
    turns = [turn(rng, questions, levels[which], name=name)]
    return instruction("commonsense/other/state", paper(rng, difficulty, *marks), turns, levels=levels)


def cause(rng, difficulty=1.0):
    """Why a lamp stays dark: one fault in its circuit."""
    fault = rng.choice(list(CAUSES))
    places = ((0.5, 0.82),) if difficulty < 0.5 else ((0.5, 0.82), (0.3, 0.82), (0.7, 0.82), (0.27, 0.24))
    cut = rng.choice(places) if fault == "wire" else None
    image = paper(rng, difficulty, *circuit((fault != "switch",), battery=fault != "battery", cut=cut))
    questions = ("Why is the lamp off?", "What keeps the lamp dark?", "The lamp does not shine. Why?")
    return instruction("commonsense/other/cause", image, [turn(rng, questions, CAUSES[fault])], fault=fault)


def attribute_comparison(rng, difficulty=1.0):
    """Two things: do they share colour or shape, and what?"""
    background = any_background(rng, difficulty)
    shapes, hues = rng.sample(SHAPES, 2), tints(rng, background, 2)
    same = {"both": (1, 1), "the colour": (1, 0), "the shape": (0, 1), "neither": (0, 0)}
    common = rng.choice(list(same))
    as_color, as_shape = same[common]
    things = []
    for i, x in enumerate((0.27, 0.73)):
        s = rng.uniform(0.4 - 0.14 * difficulty, 0.4)
        at = (x, 0.5 + rng.uniform(-0.25, 0.25) * difficulty)
        things.append(tilted(rng, difficulty, shapes[i * (1 - as_shape)], hues[i * (1 - as_color)], at, s))
    asked = [
        (("Do the two things have the same colour?", "Are both things of one colour?"), yes(as_color)),
        (("Do the two things have the same shape?", "Are both things of one shape?"), yes(as_shape)),
        (("What do the two share: colour, shape, both or neither?", "What of colour and shape do they share?"), common),
    ]
    image = Scene(background, tuple(things), **grain(rng, difficulty))
    return instruction("commonsense/other/attribute-comparison", image, turns_of(rng, asked, rng.randint(1, 2)))


def illusion(rng, difficulty=1.0):
    """Two lines with fins, or two discs among others: equal, whatever they seem, or not?"""
    difference = rng.choice((0, 0, -1, 1)) * (0.34 - 0.14 * difficulty)
    flip, lines, marks = rng.choice((-1, 1)), rng.random() < 0.5, []
    x, y = (0.5 + rng.uniform(-0.08, 0.08) * difficulty for _ in range(2))
    sizes = [1 + max(0, -difference), 1 + max(0, difference)]
    if lines:
        base = rng.uniform(0.2, 0.22)
        for size, dy, out in zip(sizes, (-0.2, 0.2), (-flip, flip), strict=True):
            marks.append(line((x - base * size, y + dy), (x + base * size, y + dy), width=0.02))
            for side, up in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
                end = x + side * base * size
                marks.append(line((end + side * out * 0.09, y + dy + up * 0.08), (end, y + dy), width=0.02))
        names = ("the upper", "the lower")
        questions = ("Which line is longer, not counting the fins?", "Are the level lines equal, or which is longer?")
    else:
        x = 0.5
        for size, dx, small in zip(sizes, (-0.26, 0.26), (flip > 0, flip < 0), strict=True):
            marks.append(disc(x + dx, y, 0.065 * size, "", "#e08a1e"))
            for k in range(6):
                angle, far = math.tau * k / 6, 0.13 if small else 0.16
                at = (x + dx + far * math.cos(angle), y + far * math.sin(angle))
                marks.append(disc(*at, 0.03 if small else 0.065, "", "#6b7a8f"))
        names = ("the left", "the right")
        questions = ("Which orange disc is larger?", "Are the orange discs equal, or which is larger?")
    answer = "equal" if not difference else names[difference > 0]
    image = paper(rng, difficulty, *marks)
    return instruction("commonsense/other/illusion", image, [turn(rng, questions, answer)], difference=difference)


def _winner(board):
    """Who has three in a row: "X", "O" or ""."""
    return next((board[a] for a, b, c in LINES if board[a] and board[a] == board[b] == board[c]), "")


def games(rng, difficulty=1.0):
    """Noughts and crosses: who has won, and where X wins next."""
    wanted = rng.choice(("X", "O", ""))
    while True:
        board, order = [""] * 9, rng.sample(range(9), 9)
        for move, square in enumerate(order[: rng.randint(6, 6 + round(2 * difficulty))]):
            board[square] = "XO"[move % 2]
            if _winner(board):
                break
        if _winner(board) == wanted:
            break
    marks = []
    for k in (0.34, 0.66):
        marks += [line((k, 0.03), (k, 0.97), color="#888888"), line((0.03, k), (0.97, k), color="#888888")]
    for k, sign in enumerate(board):
        x, y = 0.18 + 0.32 * (k % 3), 0.18 + 0.32 * (k // 3)
        if sign == "X":
            for up in (-0.09, 0.09):
                marks.append(line((x - 0.09, y - up), (x + 0.09, y + up), color="#c0392b", width=0.03))
        elif sign:
            marks.append(disc(x, y, 0.1, "#2c6fb7", "", 0.03))
    questions = ("Who has won?", "Which player has three in a row?", "Who is the winner?")
    turns = [turn(rng, questions, wanted or "nobody")]
    winning = [k for k in range(9) if not board[k] and _winner([*board[:k], "X", *board[k + 1 :]]) == "X"]
    if not wanted and len(winning) == 1:
        place = PLACES[winning[0] % 3, winning[0] // 3][0]
        turns.append(turn(rng, ("Where must X play to win?", "Where does X win?"), place))
    return instruction("commonsense/other/games", paper(rng, difficulty, *marks), turns, board=board)


def _around(rng, background, difficulty):
    """A thing on each side, some sides empty at higher difficulty: {side: Thing}."""
    sides = rng.sample(list(SIDES), 4 if difficulty < 0.5 else rng.randint(3, 4))
    kinds = different(rng, background, len(sides))
    return {
        side: Thing(*kind, 0.5 + 0.37 * SIDES[side][0], 0.5 + 0.37 * SIDES[side][1], 0.22)
        for side, kind in zip(sides, kinds, strict=True)
    }


def intention(rng, difficulty=1.0):
    """What a face is looking at, told by its eyes: one of the things around it, or none."""
    background = any_background(rng, difficulty)
    around, side = _around(rng, background, difficulty), rng.choice(list(SIDES))
    marks = face(0.5, 0.5, 0.24, "happy", SIDES[side])
    questions = ("What is the face looking at?", "What does the face want?", "Which thing do the eyes turn to?")
    answer = f"the {noun(around[side])}" if side in around else "nothing"
    image = Drawing(Scene(background, tuple(around.values()), **grain(rng, difficulty)), tuple(marks))
    return instruction("commonsense/other/intention", image, [turn(rng, questions, answer)], side=side)


def prediction(rng, difficulty=1.0):
    """A moving ball: what will it hit, one of the things around it or the edge?"""
    background = any_background(rng, difficulty)
    around, side = _around(rng, background, difficulty), rng.choice(list(SIDES))
    ball = Thing("circle", "black", 0.5, 0.5, 0.16)
    questions = ("What will the black ball hit?", "Where does the ball end up?", "What happens to the ball next?")
    answer = f"It hits the {noun(around[side])}." if side in around else "It hits the edge."
    image = Drawing(Scene(background, (*around.values(), ball), **grain(rng, difficulty)), tuple(trail(ball, side)))
    return instruction("commonsense/other/prediction", image, [turn(rng, questions, answer)], side=side)
