"""A master's Markdown as any notebook shows it: no directives, no roles, pictures and links by absolute address."""

import functools
import re

import yaml
from claims import claims
from master import directives, prose
from project import BOOK, DRAWN, RAW, REPOSITORY, SITE, TAG
from pybtex.database import parse_file

NAMES = {"tip": "Tip", "note": "Note", "warning": "Warning", "important": "Important", "hint": "Hint"}
LABEL = re.compile(r"^\(([\w.-]+)\)=[ \t]*\n?", re.MULTILINE)


@functools.lru_cache(maxsize=1)
def bibliography():
    """{key: how a work is cited: [Tong et al. 2024](address)}."""
    cited = {}
    for key, entry in parse_file(BOOK / "references.bib").entries.items():
        names = [" ".join(person.last_names) for person in entry.persons["author"]]
        who = names[0] if len(names) == 1 else f"{names[0]} and {names[1]}" if len(names) == 2 else f"{names[0]} et al."
        text = f"{who} {entry.fields['year']}"
        arxiv = re.search(r"arXiv:(\d{4}\.\d{5})", entry.fields.get("journal", ""))
        url = f"https://arxiv.org/abs/{arxiv[1]}" if arxiv else f"{SITE}/book/references.html"
        cited[key] = f"[{text}]({url})"
    return cited


@functools.lru_cache(maxsize=1)
def pages():
    """({page: its title}, {label: the page it stands on})."""
    titles, labels = {}, {}
    for path in BOOK.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        title = re.search(r"^# (.+)$", text, re.MULTILINE)
        titles[path.stem] = title[1].strip() if title else path.stem
        labels |= {label: path.stem for label in LABEL.findall(text)}
    ledger = BOOK / "deviations.yml"
    if ledger.exists():
        labels |= {e["id"]: "deviations" for e in yaml.safe_load(ledger.read_text(encoding="utf-8"))}
    return titles, labels


def drawings_before(path):
    """How many figures the book has before a chapter: Sphinx numbers them through, the landing page's first."""
    earlier = [BOOK / "index.md", *(p for p in sorted(BOOK.glob("[0-9][0-9]-*.md")) if p.name < path.name)]
    texts = [p.read_text(encoding="utf-8") for p in earlier] if path.parent == BOOK else []
    return sum(len(re.findall(r"^`{3,}\{drawing\}", text, re.MULTILINE)) for text in texts)


class Plain:
    """Turns one master's Markdown cells, in order, into plain Markdown.

    solutions: keep the text of solutions (the solutions notebook) or leave them out.
    """

    def __init__(self, master, solutions=False):
        self.master, self.solutions = master, solutions
        self.figures = {}  # a drawing's name -> its number, which is that of the page
        first = drawings_before(master.path)
        for cell in master.cells:
            if cell.kind == "markdown":
                for d in directives(cell.source, master.path, cell.line):
                    if d.name == "drawing":
                        self.figures[d.options.get("name", d.argument)] = first + len(self.figures) + 1

    def __call__(self, cell):
        """The cell's text; "" where nothing is left of it."""
        return self.text(cell.source, cell.line).strip()

    def text(self, source, line):
        lines, out, at = source.splitlines(), [], 0
        for directive in directives(source, self.master.path, line):
            out.append(self.inline("\n".join(lines[at : directive.start])))
            out.append(self.directive(directive, line))
            at = directive.end
        out.append(self.inline("\n".join(lines[at:])))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(out))

    def directive(self, d, line):
        body = d.body if d.name == "math" else self.text(d.body, line + d.body_start).strip()
        if d.name == "math":
            return f"\n$$\n{body.strip()}\n$$\n"
        if d.name == "drawing":
            number = self.figures[d.options.get("name", d.argument)]
            drawn = f"![{d.options['alt']}]({RAW}/figures/drawn/{d.argument}.svg)"
            return f"\n{drawn}\n\n**Figure {number}.** {body}{recorded(d.argument)}\n"
        if d.name == "exercise":
            exercise = self.master.exercises[d.options["name"]]
            head = f"### Exercise {exercise.number}: {self.inline(exercise.title)}"
            return f"\n{head}\n\n*{stars(exercise.difficulty)}, about {exercise.minutes} minutes*\n\n{body}\n"
        if d.name == "solution":
            number = self.master.exercises[d.argument].number
            return f"\n**Solution {number}.** {body}\n" if self.solutions else ""
        title = self.inline(d.argument) or NAMES.get(d.name, "")
        quoted = "\n".join(f"> {row}".rstrip() for row in body.splitlines())
        return f"\n> **{title}**\n>\n{quoted}\n"

    def inline(self, text):
        """Roles, claims, labels, comments and links of a text without directives."""
        spans, plain, at, out = [], prose(text), 0, []
        pattern = re.compile(
            r"(?P<role>\{(?P<name>[\w:+-]+)\}`(?P<content>[^`]*)`)|\{\{\s*(?P<claim>.*?)\s*\}\}"
            r"|(?<!!)\[(?P<shown>[^\]\[]*)\]\((?P<target>[^)\s]+)\)|(?P<label>^\([\w.-]+\)=[ \t]*$)|(?P<comment>^%.*$)",
            re.MULTILINE,
        )
        for match in pattern.finditer(plain):
            spans.append((match.start(), match.end(), self.one(match)))
        for start, end, new in spans:
            out += [text[at:start], new]
            at = end
        return "".join([*out, text[at:]])

    def one(self, match):
        if match["label"] is not None or match["comment"] is not None:
            return ""
        if match["claim"] is not None:
            return claims()[match["claim"]]
        if match["target"] is not None:
            return self.link(match["shown"], match["target"])
        name, content = match["name"], match["content"]
        if name.startswith("cite"):
            cited = ", ".join(bibliography()[key.strip()] for key in content.split(","))
            return cited if name == "cite:t" else f"({cited})"
        if name == "numref":
            return f"Figure {self.figures[content]}"
        if name == "eq":
            return f"equation ({content})"
        shown, _, target = content.partition("<")
        target, shown = target.rstrip("> ") or content, shown.strip()
        if name == "term":
            return f"[{shown}]({SITE}/book/glossary.html)"
        if name.startswith("py:"):
            return f"[`{shown.lstrip('~').rpartition('.')[2]}`]({SITE}/book/api.html#{target.lstrip('~')})"
        return self.link(shown if shown != target else "", target if name == "doc" else f"#{target}")

    def link(self, shown, target):
        """[shown](target) as an absolute link; the page's title where nothing is shown."""
        if re.match(r"[a-z]+:", target):
            return f"[{shown}]({target})"
        titles, labels = pages()
        page, _, anchor = target.partition("#")
        if page.endswith(".ipynb") or "/" in page:
            return f"[{shown}]({target})"
        page = page.removesuffix(".md") or (labels.get(anchor) if anchor else None) or labels.get(target)
        if page is None and target in self.figures:
            return f"Figure {self.figures[target]}"
        page = page or self.master.stem
        if page not in titles and page not in labels:
            raise KeyError(f"{self.master.path.name}: the link to {target!r} leads nowhere")
        page = page if page in titles else labels[page]
        return f"[{shown or anchor or titles[page]}]({SITE}/book/{page}.html{f'#{anchor}' if anchor else ''})"


def recorded(name):
    """Where a drawing's numbers were recorded, as the end of its caption; "" if it draws none."""
    sources = re.findall(r"figures/results/[\w-]+\.json", (DRAWN / f"{name}.svg").read_text(encoding="utf-8")[:4000])
    links = [f"[{s.split('/')[-1]}]({REPOSITORY}/blob/{TAG}/{s})" for s in sorted(set(sources))]
    return f" *Recorded: {', '.join(links)}.*" if links else ""


def stars(difficulty):
    """Difficulty as words a screen reader says well: "difficulty 2 of 5"."""
    return f"difficulty {difficulty} of 5"
