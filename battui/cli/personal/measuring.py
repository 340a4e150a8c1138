"""What two experts are worth on the same tasks: `battui bench jit` in a temporary image that has both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from battui.cli.bench.borrowed_model import borrowed_model
from battui.cli.bench.examination import Verdict
from battui.cli.bench.measurement import measure, settings_of_measurement
from battui.cli.bench.report import Report
from battui.cli.bench.tasks import Task, read_tasks
from battui.contracts.settings import Settings
from battui.image.image import Image
from battui.kernel.experts.incarnation import add_adapter


@dataclass(frozen=True, slots=True)
class Worth:
    """Methods that are right at the first candidate, and hidden cases that what was installed passes."""

    methods: int
    right: int
    cases: int
    passed: int

    def __str__(self) -> str:
        return f"{self.right} of {self.methods} methods right, {self.passed} of {self.cases} cases passed"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Before and after, on the image's own held-back methods and on the tasks that were kept from elsewhere."""

    before: Worth
    after: Worth
    kept_before: Worth
    kept_after: Worth

    @property
    def better(self) -> bool:
        """Whether more of one's own comes out right, and elsewhere at most one task in twelve is lost."""
        gained = self.after.passed > self.before.passed and self.after.right >= self.before.right
        lost = self.kept_before.right - self.kept_after.right
        return gained and lost <= max(1, self.kept_before.methods // 12)


def compare(
    settings: Settings, adapter: Path, *, name: str, tasks: Sequence[Path], folder: Path
) -> Comparison | int:
    """Measure the expert in use, then the one in `adapter`; an exit code where a signal ended it.

    `tasks` are two files: the image's own, and those kept from elsewhere. Reports go to `folder`, from which an
    interrupted comparison goes on.
    """
    with borrowed_model(settings_of_measurement(settings, 1)) as (borrowed, _):
        with Image.open(borrowed.image) as image:
            add_adapter(image, adapter, name, borrowed.engine.model)
        found: list[Worth] = []
        for expert in (settings.mission.expert, name):
            asked = replace(borrowed, mission=replace(borrowed.mission, expert=expert))
            for file in tasks:
                report = folder / f"{file.stem}-{expert or 'none'}.jsonl"
                worth = _worth(asked, read_tasks(str(file)), report)
                if isinstance(worth, int):
                    return worth
                found.append(worth)
    before, kept_before, after, kept_after = found
    return Comparison(before, after, kept_before, kept_after)


def _worth(settings: Settings, tasks: Sequence[Task], report: Path) -> Worth | int:
    head = {"bench": "jit", "samples": 1, "visible": False, "expert": settings.mission.expert}
    with Report(report, head, resume=True) as kept:
        code, verdicts = measure(settings, tasks, kept, visible=False, verbose=False)
    return code or _of(verdicts, tasks)


def _of(verdicts: Iterable[Verdict], tasks: Sequence[Task]) -> Worth:
    known = list(verdicts)
    return Worth(
        methods=len(tasks),
        right=sum(verdict.right for verdict in known),
        cases=sum(len(task.hidden) for task in tasks),
        passed=sum(not lacking for verdict in known for lacking in verdict.cases.values()),
    )
