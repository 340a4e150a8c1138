"""How often the current prompts find a method: right at the first candidate, and with several.

    python benchmarks/jit_prompt.py MODEL.gguf [--tasks FILE] [--candidates 8] [--every 3] [--show]

Each task is sent as its case 0. A candidate is right when every case comes out; with several candidates the
first that case 0 accepts is judged on the others. Candidates run in a child process with limits on time and memory.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xllamacpp

from battui.contracts.generation import Generated, GenerationRequest
from battui.mind.briefs import MethodBrief
from battui.mind.synthesis import method_requests, method_source

Task = Mapping[str, Any]


class Receiver:
    """Holds a case's slots as attributes."""


def serve(model: Path, threads: int, folder: str) -> xllamacpp.Server:
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.n_ctx = 16384
    params.n_parallel = 4
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
            },
            answers.append,
        )
        for choice in (choice for answer in answers for choice in answer["choices"]):
            finish = "length" if choice["finish_reason"] == "length" else "stop"
            found.append(Generated(len(found), choice["text"], 0, finish))
    return found


def outcome(source: str, selector: str, case: Mapping[str, Any]) -> bool:
    """Whether `source` turns the case's slots into what it says: answer, error, slots afterwards."""
    space: dict[str, Any] = {}
    receiver = Receiver()
    receiver.__dict__.update(json.loads(json.dumps(case["slots"])))
    raised, result = None, None
    try:
        exec(source, space)
        result = space[selector](receiver, **json.loads(json.dumps(case["args"])))
    except Exception as error:
        raised = type(error).__name__
    after = {name: value for name, value in vars(receiver).items() if not name.startswith("_p_")}
    return (
        raised == case.get("raises")
        and after == case["after"]
        and ("result" not in case or result == case["result"])
    )


def _judge(pipe: Any, source: str, task: Task) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (2, 2))
    signal.alarm(4)
    pipe.send([outcome(source, task["selector"], case) for case in task["cases"]])


def judged(source: str, task: Task) -> list[bool]:
    """How each case of the task comes out; all False where the child was stopped."""
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_judge, args=(theirs, source, task))
    child.start()
    theirs.close()
    try:
        verdict: list[bool] = ours.recv()
    except EOFError:
        verdict = [False] * len(task["cases"])
    child.join()
    return verdict


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


def attempt(
    server: xllamacpp.Server, task: Task, options: argparse.Namespace
) -> tuple[bool, bool, list[str]]:
    """Whether the first candidate is right, whether the one chosen by case 0 is, and all sources."""
    brief = brief_of(task)
    requests = method_requests(
        brief,
        request_id=task["id"],
        candidates=options.candidates,
        attempt=0,
        max_tokens=options.max_tokens,
        temperature=options.temperature,
    )
    sources = [method_source(brief, made) for request in requests for made in generate(server, request)]
    verdicts = {source: judged(source, task) for source in dict.fromkeys(sources)}
    accepted = next((source for source in sources if verdicts[source][0]), sources[0])
    return all(verdicts[sources[0]]), all(verdicts[accepted]), sources


def table(rows: Sequence[tuple[int, bool, bool]]) -> str:
    lines = ["tier  tasks  first  chosen"]
    for tier in sorted({row[0] for row in rows}):
        mine = [row for row in rows if row[0] == tier]
        lines.append(f"{tier:4}  {len(mine):5}  {sum(r[1] for r in mine):5}  {sum(r[2] for r in mine):6}")
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
    reader.add_argument("--temperature", type=float, default=0.7)
    reader.add_argument("--max-tokens", type=int, default=120)
    reader.add_argument("--threads", type=int, default=1)
    reader.add_argument("--show", action="store_true", help="print the first candidate of every failed task")
    options = reader.parse_args()
    lines = options.tasks.read_text(encoding="utf-8").splitlines()
    tasks = [json.loads(line) for line in lines][options.skip :: options.every]
    rows = []
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        server = serve(options.model, options.threads, folder)
        for task in tasks:
            first, chosen, sources = attempt(server, task, options)
            rows.append((task["tier"], first, chosen))
            if options.show and not first:
                print(f"--- {task['id']} {'chosen' if chosen else ''}\n{sources[0]}", flush=True)
    print(table(rows))
    print(f"{time.monotonic() - started:.0f} s for {len(tasks)} tasks with {options.candidates} candidates")


if __name__ == "__main__":
    main()
