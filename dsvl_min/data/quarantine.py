"""What becomes of a bad sample: it stops everything, or it is left out, counted and reported.  Never silence."""

from collections import Counter
from dataclasses import dataclass, field

from ..config import ConfigError
from ..processor import InputError
from .collate import dialogue
from .problems import decoded, of_length, of_sample

POLICIES = ("raise", "skip")


@dataclass
class Report:
    """What a policy let through and left out at one step.  str() is a table to print.

    examples: how many of each kind it keeps.  Plain data: it can be pickled, and those of several workers merged.
    """

    examples: int = 3
    accepted: int = 0
    rejected: Counter = field(default_factory=Counter)  # records by the kind of their first problem
    kept: dict = field(default_factory=dict)  # kind -> lines

    def reject(self, where, problems):
        """Count a record as rejected.  where: which it is; problems: what is wrong with it, most telling first."""
        kind = problems[0].kind
        self.rejected[kind] += 1
        kept = self.kept.setdefault(kind, [])
        if len(kept) < self.examples:
            kept.append(f"{where}: {problems[0]}")

    def merge(self, other):
        """Add another report's counts to this one."""
        self.accepted += other.accepted
        self.rejected += other.rejected
        for kind, lines in other.kept.items():
            self.kept[kind] = (self.kept.get(kind, []) + lines)[: self.examples]

    def __str__(self):
        lines = [f"{self.accepted:,} accepted, {self.rejected.total():,} rejected"]
        for kind, count in self.rejected.most_common():
            lines += [f"{count:>9,}  {kind}", *(f"{'':11}{line}" for line in self.kept[kind])]
        return "\n".join(lines)


def policy_of(policy, report):
    """The Report to count in.  Raises ConfigError for an unknown policy, or one that would leave things out unseen."""
    if policy not in POLICIES:
        raise ConfigError(f"no policy {policy!r}; there are {' and '.join(POLICIES)}")
    if policy == "skip" and report is None:
        raise ConfigError('the policy "skip" counts what it leaves out: give it a report=Report() and print that')
    return Report() if report is None else report


def judge(where, problems, policy, report):
    """Is the record let in?  Counts it; with the policy "raise", problems raise InputError with the first of them."""
    if problems and policy == "raise":
        raise InputError(f"{where}: {problems[0]}")
    if problems:
        report.reject(where, problems)
    else:
        report.accepted += 1
    return not problems


def examine(sample, processor=None, row=None, leaves=None):
    """(the sample with its images read, its Problems): words first, and only if they are right images and length.

    processor: None leaves its length unmeasured; row, leaves: as `of_length` and `of_sample` take them.
    """
    problems = list(of_sample(sample, leaves))
    if not problems and processor:
        problems = list(of_length(sample, processor, row and (row,)))
    return (sample, problems) if problems else decoded(sample)


def accept(samples, processor, row=dialogue, policy="raise", report=None, leaves=None):
    """The samples that a model can learn from, their images read.

    row: dialogue or page, the form they are learnt in.  policy: "raise" stops at the first bad one with an InputError
    that names it; "skip" counts it in `report` (a Report of one's own for each step) and goes on.
    """
    report = policy_of(policy, report)

    def admitted():
        for number, sample in enumerate(samples, 1):
            sample, problems = examine(sample, processor, row, leaves)
            if judge(f"sample {number} ({sample.source})", problems, policy, report):
                yield sample

    return admitted()
