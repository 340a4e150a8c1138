"""How often the current prompts find a method: right at the first candidate, and with several.

    python benchmarks/jit_prompt.py MODEL.gguf [--tasks FILE] [--candidates 8] [--every 3] [--show]

Each task is sent as its case 0. A method is right when every case comes out. `first` counts right first candidates,
`judged` right choices where case 0 is the sender's expectation, `blind` right choices without any expectation.
Candidates run in a child process with limits on time and memory.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import resource
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import xllamacpp

from battui.contracts.generation import FinishReason, Generated, GenerationRequest
from battui.mind.briefs import MethodBrief
from battui.mind.choice import Candidate, best
from battui.mind.synthesis import method_requests, method_source

Task = Mapping[str, Any]
Case = Mapping[str, Any]


class Receiver:
    """Holds a case's slots as attributes."""


def serve(model: Path, threads: int, folder: str) -> xllamacpp.Server:
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.n_ctx = 24576
    params.n_parallel = 8
    params.hostnames = [f"{folder}/engine.sock"]
    params.cpuparams.n_threads = threads
    return xllamacpp.Server(params)


def generate(server: xllamacpp.Server, request: GenerationRequest) -> list[Generated]:
    """The request's candidates: a greedy one first where it asks for it, then the sampled ones."""
    found: list[Generated] = []
    sampling = request.sampling
    runs = [(0.0, 1)] if request.first_greedy else []
    rest = request.candidates - len(runs)
    runs += [(sampling.temperature, rest)] if rest else []
    for temperature, count in runs:
        answers: list[Mapping[str, Any]] = []
        server.handle_completions(
            {
                "prompt": request.prompt,
                "n_predict": request.max_tokens,
                "temperature": temperature,
                "top_p": sampling.top_p,
                "top_k": sampling.top_k,
                "seed": sampling.seed,
                "stop": list(request.stop),
                "n": count,
                "cache_prompt": True,
                **({"grammar": request.grammar} if request.grammar else {}),
            },
            answers.append,
        )
        for choice in (choice for answer in answers for choice in answer["choices"]):
            finish: FinishReason = "length" if choice["finish_reason"] == "length" else "stop"
            found.append(Generated(len(found), choice["text"], 0, finish))
    return found


@dataclass(frozen=True)
class Trial:
    """How one source fared: right on each case, and what it did in case 0."""

    right: tuple[bool, ...]
    ran: bool = False
    outcome: str = ""


def tried(source: str, selector: str, case: Case) -> Trial:
    """Whether `source` turns the case's slots into what it says: answer, error, slots afterwards."""
    space: dict[str, Any] = {}
    receiver = Receiver()
    receiver.__dict__.update(json.loads(json.dumps(case["slots"])))
    raised, result = None, None
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(source, space)
            result = space[selector](receiver, **json.loads(json.dumps(case["args"])))
    except Exception as error:
        raised = type(error).__name__
    after = {name: value for name, value in vars(receiver).items() if not name.startswith("_p_")}
    right = (
        raised == case.get("raises")
        and after == case["after"]
        and ("result" not in case or result == case["result"])
    )
    changed = after != case["slots"]
    return Trial((right,), raised is None, repr((result, after)) if changed or result is not None else "")


def _judge(pipe: Any, source: str, task: Task) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (2, 2))
    signal.alarm(4)
    trials = [tried(source, task["selector"], case) for case in task["cases"]]
    pipe.send(Trial(tuple(trial.right[0] for trial in trials), trials[0].ran, trials[0].outcome))


def judged(source: str, task: Task) -> Trial:
    """The trial of `source` in a child process; nothing is right where the child was stopped."""
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_judge, args=(theirs, source, task))
    child.start()
    theirs.close()
    try:
        trial: Trial = ours.recv()
    except EOFError:
        trial = Trial((False,) * len(task["cases"]))
    child.join()
    return trial


def brief_of(task: Task) -> MethodBrief:
    case = task["cases"][0]
    return MethodBrief(
        selector=task["selector"],
        parameters=tuple(task["params"]),
        arguments=case["args"],
        intent=task["intent"],
        expectation="",
        slots=case["slots"],
        understood=(),
    )


@dataclass(frozen=True)
class Row:
    """What became of one task."""

    tier: int
    first: bool
    judged: bool
    blind: bool
    source: str


def attempt(server: xllamacpp.Server, task: Task, options: argparse.Namespace) -> Row:
    """Send the task's case 0 and choose among the candidates as a mission would."""
    brief = brief_of(task)
    requests = method_requests(
        brief,
        request_id=task["id"],
        candidates=options.candidates,
        attempt=0,
        max_tokens=options.max_tokens,
        temperature=options.temperature,
        constrained=not options.free,
    )
    sources = [method_source(brief, made) for request in requests for made in generate(server, request)]
    trials = {source: judged(source, task) for source in dict.fromkeys(sources)}
    if options.record:
        tried_sources = [{"source": source, **asdict(trials[source])} for source in sources]
        with options.record.open("a", encoding="utf-8") as record:
            record.write(json.dumps({"id": task["id"], "tier": task["tier"], "tried": tried_sources}) + "\n")

    def right_choice(with_case: bool) -> bool:
        candidates = [
            Candidate(
                index,
                source,
                accepted=True,
                ran=trials[source].ran,
                met=trials[source].right[0] if with_case else None,
                outcome=trials[source].outcome,
            )
            for index, source in enumerate(sources)
        ]
        chosen = best(candidates)
        return chosen is not None and all(trials[chosen.source].right)

    return Row(
        task["tier"], all(trials[sources[0]].right), right_choice(True), right_choice(False), sources[0]
    )


def table(rows: Sequence[Row]) -> str:
    lines = ["tier  tasks  first  judged  blind"]
    for tier in sorted({row.tier for row in rows}):
        mine = [row for row in rows if row.tier == tier]
        counts = (
            sum(row.first for row in mine),
            sum(row.judged for row in mine),
            sum(row.blind for row in mine),
        )
        lines.append(f"{tier:4}  {len(mine):5}  {counts[0]:5}  {counts[1]:6}  {counts[2]:5}")
    return "\n".join(lines)


def main() -> None:
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("model", type=Path)
    reader.add_argument("--tasks", type=Path, default=Path("tests/data/jit_development.jsonl"))
    reader.add_argument("--candidates", type=int, default=8)
    reader.add_argument("--every", type=int, default=1, help="take every n-th task only")
    reader.add_argument("--skip", type=int, default=0, help="leave out the first tasks")
    reader.add_argument("--temperature", type=float, default=0.8)
    reader.add_argument("--max-tokens", type=int, default=120)
    reader.add_argument("--threads", type=int, default=1)
    reader.add_argument("--free", action="store_true", help="without the grammar of known names")
    reader.add_argument("--record", type=Path, help="append every candidate and its trial to this file")
    reader.add_argument("--show", action="store_true", help="print the first candidate of every failed task")
    options = reader.parse_args()
    lines = options.tasks.read_text(encoding="utf-8").splitlines()
    tasks = [json.loads(line) for line in lines][options.skip :: options.every]
    rows = []
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        server = serve(options.model, options.threads, folder)
        for task in tasks:
            row = attempt(server, task, options)
            rows.append(row)
            if options.show and not row.first:
                print(f"--- {task['id']} judged {row.judged} blind {row.blind}\n{row.source}", flush=True)
    print(table(rows))
    print(f"{time.monotonic() - started:.0f} s for {len(tasks)} tasks with {options.candidates} candidates")


if __name__ == "__main__":
    main()
