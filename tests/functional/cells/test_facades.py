"""What the offered modules import only when they are called: the sealed cell has it all the same."""

from __future__ import annotations

import pytest

from battui.contracts.activation import MethodText
from battui.contracts.offered import offered
from battui.kernel.cells.cells import CellBlock
from tests.functional.cells.conftest import send

NUMBERS = "[3, 1, 2, 2]"
OTHER_ARGUMENTS = {
    "correlation": f"{NUMBERS}, {NUMBERS}",
    "covariance": f"{NUMBERS}, {NUMBERS}",
    "linear_regression": f"{NUMBERS}, {NUMBERS}",
    "StatisticsError": "'none'",
}
CALLS = [
    *(
        f"statistics.{name}({OTHER_ARGUMENTS.get(name, NUMBERS)})"
        for name in sorted(offered().facades["statistics"])
    ),
    "datetime.datetime.strptime('2024-05-01 10:30', '%Y-%m-%d %H:%M')",
    "datetime.date(2024, 5, 1).strftime('%A %d %B')",
    "datetime.date.fromisoformat('2024-05-01').isocalendar()",
    "re.sub('(?i)[äA-Z]+', lambda found: found.group().lower(), 'ÄB')",
    "json.loads(json.dumps({'a': [1.5, None, 'ä']}, indent=2, sort_keys=True))",
    "'ä'.encode('utf-8').decode('latin-1').casefold()",
]


@pytest.mark.parametrize("call", CALLS)
async def test_an_offered_function_can_be_called(block: CellBlock, call: str) -> None:
    answer = await send(block, "x", trial=MethodText(f"def x(self):\n    return str({call})"))
    assert answer.failure is None
    assert answer.result
