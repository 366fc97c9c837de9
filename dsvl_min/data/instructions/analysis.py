"""Analysis: charts and tables, and the diagrams and images of the professions."""

from .diagrams import INKS, LABELS, chain, chart, circuit, fitted, table
from .drawing import box, disc, line, word
from .scenery import instruction, paper
from .wording import TOPICS, turn, turns_of, yes

ROOMS = ("HALL", "BATH", "BED", "DEN")
NOTES = "EFGABCDEFG"  # from the lowest line of the staff up
COMPASS = {"north": (0, -1), "east": (1, 0), "south": (0, 1), "west": (-1, 0)}


def graph(rng, difficulty=1.0):
    """A bar or line chart: its highest and lowest name, a value, a difference, which way it goes."""
    number, top = 3 + round(2 * difficulty), 5 if difficulty < 0.4 else 9
    kind = rng.choice(("bar", "plot", "barh"))
    values, labels = rng.sample(range(1, top + 1), number), list(LABELS[:number])
    if kind == "plot" and rng.random() < 0.5:
        values.sort(reverse=rng.random() < 0.5)
    marks = chart(values, labels, kind, rng.choice(INKS), top)
    a, b = sorted(rng.sample(range(number), 2), key=lambda i: -values[i])
    asked = [
        (("Which has the highest value?", "Which one is the largest?"), labels[values.index(max(values))]),
        (("Which has the lowest value?", "Which one is the smallest?"), labels[values.index(min(values))]),
        (("What is the value of {a}?", "How much is {a}?"), values[a]),
        (("How much more is {a} than {b}?", "How far is {a} above {b}?"), values[a] - values[b]),
    ]
    if kind == "plot":
        rising, falling = values == sorted(values), values == sorted(values, reverse=True)
        trend = "it rises" if rising else "it falls" if falling else "it rises and falls"
        asked.append((("Which way does the line go?", "What is the trend?"), trend))
    turns = turns_of(rng, asked, 2, a=labels[a], b=labels[b])
    image = paper(rng, difficulty, *marks)
    return instruction("analysis/data-chart/graph", image, turns, values=values, labels=labels, kind=kind)


def tabular(rng, difficulty=1.0):
    """A small table of numbers: one cell, the largest of a column, its sum."""
    n, m = (2, 1) if difficulty < 0.3 else (3, 2)
    topic = rng.choice([t for t in TOPICS if t != "numbers"])
    names = rng.sample([w for w in TOPICS[topic] if len(w) < 5], n)
    columns = rng.sample(("MAY", "JUNE", "JULY"), m)
    most = 9 if difficulty < 0.7 else 30
    numbers = [[rng.randint(1, most) for _ in range(m)] for _ in range(n)]
    rows = [["", *columns], *([name, *row] for name, row in zip(names, numbers, strict=True))]
    i, j = rng.randrange(n), rng.randrange(m)
    column = [row[j] for row in numbers]
    asked = [
        (("How many {name} in {month}?", "What does the table give for {name} in {month}?"), numbers[i][j]),
        (("What is the sum of {month}?", "Add up {month}."), sum(column)),
    ]
    if len(set(column)) == n:
        most = names[column.index(max(column))]
        asked.append((("What has the largest number in {month}?", "Which row leads in {month}?"), most))
    turns = turns_of(rng, asked, 2 if difficulty > 0.3 else 1, name=names[i], month=columns[j])
    marks = table(rows, 0.21 if n == 3 else 0.24)
    return instruction("analysis/data-chart/table", paper(rng, difficulty, *marks), turns, rows=rows)


def circuit_diagram(rng, difficulty=1.0):
    """A battery, a lamp and one or two switches, in series or parallel: is the lamp on, which switch is open?"""
    lit, number = rng.random() < 0.5, 1 if difficulty < 0.3 else 2
    parallel = number == 2 and rng.random() < 0.5
    states = [(s,) for s in (True, False)] if number == 1 else [(s, t) for s in (True, False) for t in (True, False)]
    flows = any if parallel else all
    closed = rng.choice([s for s in states if flows(s) == lit])
    turns = [turn(rng, ("Is the lamp on?", "Does the lamp shine?", "Does a current flow through the lamp?"), yes(lit))]
    if number == 2 and rng.random() < 0.5:
        opened = " and ".join(name for name, shut in zip("ST", closed, strict=True) if not shut) or "none"
        turns.insert(rng.randrange(2), turn(rng, ("Which switches are open?", "Name the open switches."), opened))
    image = paper(rng, difficulty, *circuit(closed, parallel))
    return instruction("analysis/professional-chart/circuit", image, turns, closed=closed, parallel=parallel)


def flowchart(rng, difficulty=1.0):
    """Steps of arithmetic in order: what comes out, what follows a step?"""
    number = 1 + round(2 * difficulty)
    start = rng.randint(2, 9)
    steps, value = [], start
    for _ in range(number):
        sign = rng.choice("+-x") if value > 5 else rng.choice("+x")
        n = rng.randint(2, 3 if sign == "x" else 5)
        value = {"+": value + n, "-": value - n, "x": value * n}[sign]
        steps.append(f"{sign} {n}")
    marks = chain([f"IN {start}", *steps, "OUT"])
    turns = [turn(rng, ("Which number comes out?", "What is the result?", "What stands at OUT?"), value)]
    if number > 1 and len(set(steps)) == number and rng.random() < 0.5:
        i = rng.randrange(number - 1)
        questions = ("What is done after {step}?", "Which step follows {step}?")
        turns.insert(0, turn(rng, questions, steps[i + 1], step=steps[i]))
    image = paper(rng, difficulty, *marks)
    return instruction("analysis/professional-chart/flowchart", image, turns, start=start, steps=steps)


def map_of_roads(rng, difficulty=1.0):
    """Towns on a grid and the roads between them, north being up: neighbours, roads, directions."""
    n = 2 if difficulty < 0.4 else 3
    spots = [(i, j) for j in range(n) for i in range(n)]
    used = rng.sample(spots, 4 if n == 2 else rng.randint(5, 7))
    towns = dict(zip(used, rng.sample("ABCDEFGHJK", len(used)), strict=True))
    pairs = [(a, b) for a in used for b in used if (b[0] - a[0], b[1] - a[1]) in ((1, 0), (0, 1))]
    roads = [p for p in pairs if rng.random() < 0.6]
    step = 0.54 if n == 2 else 0.324
    at = {s: tuple(0.5 + (c - (n - 1) / 2) * step for c in s) for s in used}
    marks = [line(at[a], at[b], color="#b07d3a", width=0.05) for a, b in roads]
    for s, name in towns.items():
        marks += [disc(*at[s], 0.075, "black", "white"), word(name, *at[s], 0.11)]
    marks += [word("N", 0.06, 0.06, 0.1), line((0.06, 0.2), (0.06, 0.12))]
    town = rng.choice(used)
    asked = [(("How many roads lead to {c}?", "How many roads meet at {c}?"), sum(town in r for r in roads))]
    a = b = town
    if pairs:
        without = [p for p in pairs if p not in roads]
        a, b = rng.choice(roads if not without or roads and rng.random() < 0.5 else without)
        joined = (a, b) in roads
        a, b = rng.sample((a, b), 2)
        side = next(s for s, (dx, dy) in COMPASS.items() if (a[0] + dx, a[1] + dy) == b)
        asked.append((("Does a road join {a} and {b}?", "Is there a road from {a} to {b}?"), yes(joined)))
        asked.append(((f"Which town lies just {side} of {{a}}?", f"What is the next town {side} of {{a}}?"), towns[b]))
    turns = turns_of(rng, asked, min(len(asked), 2), a=towns[a], b=towns[b], c=towns[town])
    image = paper(rng, difficulty, *marks)
    named = {name: s for s, name in towns.items()}
    return instruction("analysis/professional-chart/map", image, turns, towns=named, roads=roads)


def music(rng, difficulty=1.0):
    """Notes on a staff, a G marking its line as the clef does: their letters."""
    number = rng.randint(1, 2 + round(2 * difficulty))
    low, high = (0, 8) if difficulty > 0.5 else (0, 4)
    notes = [rng.randint(low, high) for _ in range(number)]
    bottom, gap = 0.7, 0.1
    marks = [line((0.03, bottom - k * gap), (0.97, bottom - k * gap), width=0.012) for k in range(5)]
    marks.append(word("G", 0.1, bottom - gap, 0.2))
    for i, note in enumerate(notes):
        x, y = 0.28 + 0.66 * (i + 0.5) / number, bottom - note * gap / 2
        up = note < 4
        stem = x + 0.055 if up else x - 0.055
        marks += [
            disc(x, y, 0.06, "", "black", flat=0.75),
            line((stem, y), (stem, y - 0.3 if up else y + 0.3), width=0.018),
        ]
    letters = " ".join(NOTES[n] for n in notes)
    turns = [turn(rng, ("Name the notes.", "Which notes are written here?", "Read the music."), letters)]
    if number > 1 and notes[0] != notes[-1] and rng.random() < 0.5:
        questions = ("Is the last note higher than the first?", "Does the tune end above its first note?")
        turns.append(turn(rng, questions, yes(notes[-1] > notes[0])))
    return instruction("analysis/professional-chart/music", paper(rng, difficulty, *marks), turns, notes=notes)


def financial(rng, difficulty=1.0):
    """Candlesticks of a few days, green for a price that rose, red for one that fell."""
    number = 3 + round(2 * difficulty)
    price, candles, marks = rng.randint(4, 6), [], []
    for _ in range(number):
        after = rng.choice([p for p in range(price - 3, price + 4) if 1 <= p <= 9 and p != price])
        candles.append((price, after))
        price = after
    for k in range(11):
        y = 0.85 - 0.079 * k
        marks.append(line((0.14, y), (0.98, y), color="#d0d0d0", width=0.006))
        if k % 2 == 0:
            marks.append(word(k, 0.07, y, 0.085))
    for i, (opened, closed) in enumerate(candles):
        x, half = 0.14 + 0.84 * (i + 0.5) / number, 0.24 / number
        top, bottom = max(opened, closed), min(opened, closed)
        color = "#1f8f4d" if closed > opened else "#c0392b"
        wick = [0.85 - 0.079 * (v + d) for v, d in ((top, rng.uniform(0.2, 0.9)), (bottom, -rng.uniform(0.2, 0.9)))]
        marks += [
            line((x, wick[0]), (x, wick[1]), width=0.012),
            box(x - half, 0.85 - 0.079 * top, x + half, 0.85 - 0.079 * bottom, "black", color, 0.01),
        ]
        marks.append(word(i + 1, x, 0.93, 0.1))
    day = rng.randrange(number)
    gains = [closed - opened for opened, closed in candles]
    rose = "it rose" if gains[day] > 0 else "it fell"
    asked = [
        (("Did the price rise or fall on day {d}?", "On day {d}, did the price fall or rise?"), rose),
        (("On how many days did the price rise?", "How many days closed higher?"), sum(g > 0 for g in gains)),
        (("What was the price at the start of day {d}?",), candles[day][0]),
        (("What was the price at the end of day {d}?",), candles[day][1]),
    ]
    for best, question in (
        (max(gains), "On which day did the price rise most?"), (min(gains), "On which day did the price fall most?"),
    ):  # fmt: skip
        if gains.count(best) == 1 and (best > 0) == ("rise" in question):
            asked.append(((question,), gains.index(best) + 1))
    turns = turns_of(rng, asked, 2, d=day + 1)
    return instruction("analysis/professional-chart/financial", paper(rng, difficulty, *marks), turns, candles=candles)


def floor_plan(rng, difficulty=1.0):
    """Four rooms of a flat and the doors between them: which rooms are joined, which is largest?"""
    x, y = ((0.5 + rng.choice((-1, 1)) * rng.uniform(0.04, 0.1)) for _ in range(2))
    rooms = rng.sample(ROOMS, 4)  # top left, top right, bottom left, bottom right
    doors = {pair: rng.random() < 0.5 for pair in ((0, 1), (2, 3), (0, 2), (1, 3))}
    a, b = 0.04, 0.96
    walls = {(0, 1): ((x, a), (x, y)), (2, 3): ((x, y), (x, b)), (0, 2): ((a, y), (x, y)), (1, 3): ((x, y), (b, y))}
    marks = [box(a, a, b, b, "black", "white", 0.03)]
    for pair, ((x0, y0), (x1, y1)) in walls.items():
        marks.append(line((x0, y0), (x1, y1), width=0.03))
        if doors[pair]:
            at = rng.uniform(0.5 - 0.15 * difficulty, 0.5 + 0.15 * difficulty)
            mx, my = x0 + (x1 - x0) * at, y0 + (y1 - y0) * at
            half = 0.08
            along = (half if y0 == y1 else 0.02), (half if x0 == x1 else 0.02)
            marks.append(box(mx - along[0], my - along[1], mx + along[0], my + along[1], "", "white"))
    centres = [
        ((a + x) / 2, (a + y) / 2),
        ((x + b) / 2, (a + y) / 2),
        ((a + x) / 2, (y + b) / 2),
        ((x + b) / 2, (y + b) / 2),
    ]
    wide = (x - a - 0.08, b - x - 0.08) * 2
    marks += [word(name, *at, fitted(name, w, 0.11)) for name, at, w in zip(rooms, centres, wide, strict=True)]
    areas = [(x - a) * (y - a), (b - x) * (y - a), (x - a) * (b - y), (b - x) * (b - y)]
    pair = rng.choice(list(doors))
    i, j = rng.sample(pair, 2)
    asked = [
        (("Is there a door between {a} and {b}?", "Does a door lead from {a} to {b}?"), yes(doors[pair])),
        (("Which room is the largest?", "Which is the biggest room?"), rooms[areas.index(max(areas))]),
        (("How many doors are there between the rooms?", "Count the doors."), sum(doors.values())),
    ]
    turns = turns_of(rng, asked, 2 if difficulty > 0.4 else 1, a=rooms[i], b=rooms[j])
    image = paper(rng, difficulty, *marks)
    joined = [pair for pair in doors if doors[pair]]
    return instruction("analysis/professional-chart/floor-plan", image, turns, rooms=rooms, doors=joined)


def _heat(t):
    """A colour from blue (0) by yellow (0.5) to red (1)."""
    cold, middle, hot = (40, 80, 200), (245, 225, 90), (205, 40, 35)
    a, b, u = (cold, middle, 2 * t) if t < 0.5 else (middle, hot, 2 * t - 1)
    return "#" + "".join(f"{round(p + (q - p) * u):02x}" for p, q in zip(a, b, strict=True))


def sensor(rng, difficulty=1.0):
    """A heat map from blue (cold) to red (hot): where is it hottest, or coldest?"""
    n, corners = 4 + 2 * round(difficulty), ("top left", "top right", "bottom left", "bottom right")
    hot, cold = rng.sample(range(4), 2)
    places = [[c * n / 2 + rng.uniform(0.6, n / 2 - 0.6) for c in (k % 2, k // 2)] for k in (hot, cold)]
    marks, step = [], 0.94 / n
    for j in range(n):
        for i in range(n):
            near = [max(0.0, 1 - ((i + 0.5 - x) ** 2 + (j + 0.5 - y) ** 2) / (0.16 * n * n)) for x, y in places]
            value = 0.5 + 0.5 * near[0] - 0.5 * near[1] + rng.uniform(-0.08, 0.08) * difficulty
            left, top = 0.03 + i * step, 0.03 + j * step
            marks.append(box(left, top, left + step, top + step, "", _heat(min(1.0, max(0.0, value)))))
    what, where = rng.choice((("hottest", hot), ("coldest", cold)))
    questions = ("Which corner is the {x}?", "Where is it {x}?", "In which quarter is the {x} spot?")
    image = paper(rng, difficulty, *marks)
    return instruction("analysis/professional-image/sensor", image, [turn(rng, questions, corners[where], x=what)])
