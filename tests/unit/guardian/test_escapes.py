"""Ways out of a jail that Python's own features offer. Every one is refused by the allow-list."""

from __future__ import annotations

import pytest

from battui.guardian import Rules, review

EXPRESSIONS = {
    "class": "self.__class__",
    "class through a literal": "().__class__.__bases__[0].__subclasses__()",
    "mro": "int.mro()",
    "dictionary": "self.__dict__",
    "function globals": "self.deposit_.__globals__",
    "builtins": "__builtins__",
    "import function": "__import__('os')",
    "name": "__name__",
    "getattr": "getattr(self, 'a')",
    "getattr by another name": "(lambda f: f(self, 'a'))(getattr)",
    "getattr in a list": "[getattr][0]",
    "setattr": "setattr(self, '_p_changed', False)",
    "type": "type(self)",
    "three-argument type": "type('A', (), {})",
    "object": "object()",
    "super": "super()",
    "eval": "eval('1')",
    "exec": "exec('1')",
    "compile": "compile('1', '', 'eval')",
    "open": "open('/etc/passwd')",
    "globals": "globals()",
    "locals": "locals()",
    "vars": "vars(self)",
    "dir": "dir(self)",
    "input": "input()",
    "breakpoint": "breakpoint()",
    "help": "help()",
    "memoryview": "memoryview(b'a')",
    "generator frame": "(x for x in [1]).gi_frame",
    "generator code": "(x for x in [1]).gi_code",
    "generator frame globals": "(x for x in [1]).gi_frame.f_back.f_globals",
    "code": "(lambda: 1).func_code",
    "format reads attributes": "'{0.a}'.format(self)",
    "format of the type": "str.format('{0.a}', self)",
    "format map": "'{a}'.format_map(self)",
    "format method by map": "list(map('{0.a}'.format, [self]))",
    "dunder in text": "'__class__'",
    "dunder in escaped text": "'\\x5f\\x5fclass\\x5f\\x5f'",
    "dunder in unicode escapes": "'\\u005f\\u005fclass'",
    "dunder in named characters": "'\\N{LOW LINE}\\N{LOW LINE}class'",
    "dunder in joined text": "'_' '_class_' '_'",
    "dunder in wide characters": "'\uff3f\uff3fclass\uff3f\uff3f'",
    "dunder in bytes": "b'__class__'",
    "dunder in an f-string": "f'__class__{self}'",
    "dunder in an escaped f-string": "f'\\x5f\\x5fclass'",
    "dunder in an f-string by name": "f'\\N{LOW LINE}\\N{LOW LINE}class'",
    "dunder in a plain and an f-string": "'_' f'_class'",
    "dunder in a format": "f'{1:\\x5f\\x5fclass}'",
    "offered class changed in a comprehension": "[1 for datetime.date.today in [2]]",
    "dunder within an f-string": "f'{self.__class__}'",
    "dunder within a format": "f'{1:{self.__class__}}'",
    "name within an f-string": "f'{open}'",
    "wide letters": "\uff45\uff56\uff41\uff4c('1')",
    "wide underscores": "self.\uff3f\uff3fclass\uff3f\uff3f",
    "ligature": "self.\ufb01eld._x",
    "private attribute": "self._slots",
    "mangled attribute": "self._UvmObject__data",
    "database connection": "self._p_jar",
    "underscore keyword": "self.send_(_p_jar=1)",
    "facade passed on": "[math]",
    "facade renamed": "(lambda m: m)(math)",
    "facade's own import": "json.decoder",
    "facade's module": "statistics.math",
    "deeper in a facade": "re.sre_parse",
    "system through datetime": "datetime.sys",
    "traceback frame": "self.error.tb_frame",
    "with traceback": "ValueError().with_traceback(None)",
    "comprehension hides a name": "[[open for open in [1]], open('a')][1]",
    "lambda hides a name": "[(lambda open: open)(1), open('a')]",
    "walrus binds an underscore": "(_x := 1)",
    "await": "await self",
    "yield": "(yield 1)",
    "yield from": "(yield from [1])",
    "async comprehension": "[x async for x in self.rows]",
    "unknown name": "os.system('a')",
    "own name": "method(self)",
    "exception group": "BaseException()",
    "class method": "classmethod(print)",
}


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_escape_by_expression_is_refused(expression: str) -> None:
    assert not review(f"def method(self):\n    return {expression}\n", rules=Rules(covenant="off")).accepted


STATEMENTS = {
    "import": "import os",
    "import of a facade": "import math",
    "import from": "from os import system",
    "star import": "from os import *",
    "relative import": "from . import x",
    "class": "class A:\n        pass",
    "global": "global x",
    "nonlocal": "x = 1\n    def go():\n        nonlocal x",
    "async function": "async def go():\n        pass",
    "async for": "async for x in self.rows:\n        pass",
    "async with": "async with self.lock:\n        pass",
    "decorator": "@print\n    def go():\n        pass",
    "generator": "def go():\n        yield 1",
    "attribute pattern": "match self:\n        case int(__class__=c):\n            return c",
    "attribute pattern by method": "match self:\n        case str(mro=m):\n            return m",
    "class pattern of an unknown name": "match self:\n        case object(x=c):\n            return c",
    "underscore capture": "match self:\n        case _x:\n            return 1",
    "exception group": "try:\n        pass\n    except* ValueError:\n        pass",
    "exception's name": "try:\n        pass\n    except ValueError as _x:\n        pass",
    "exception's traceback": "try:\n        pass\n    except ValueError as x:\n        return x.__traceback__",
    "annotation": "x: open = 1",
    "annotation of a parameter": "def go(x: eval):\n        pass",
    "default of a parameter": "def go(x=eval):\n        pass",
    "underscore function": "def __init__(self):\n        pass",
    "underscore parameter": "def go(__class__):\n        pass",
    "nested default hides a name": "def go(open=1):\n        return open\n    return open('a')",
    "deleted name": "del __builtins__",
    "assigned builtins": "__builtins__ = {}",
    "assigned class": "self.__class__ = 1",
    "for target": "for self.__class__ in [1]:\n        pass",
    "with target": "with self.lock as self.__dict__:\n        pass",
    "augmented": "self.__dict__ |= {}",
    "state kept in an offered function": "json.loads.memory = []",
    "state kept in a tuple of targets": "json.loads.memory, x = [], 1",
    "offered class changed": "datetime.date.today = print",
    "offered class changed in place": "datetime.date.today += 1",
    "offered class deleted from": "del datetime.date.today",
    "offered class changed by a loop": "for datetime.date.today in [1]:\n        pass",
    "offered class changed by with": "with self.lock as datetime.date.today:\n        pass",
    "offered class changed by annotation": "datetime.date.today: int = 1",
    "item of what is offered": "json.loads.memory[0] = 1",
    "encoding of another kind": "# -*- coding: utf_7 -*-\n    pass",
    "type alias": "type X = int",
    "docstring": "'''__class__'''",
    "semicolon": "x = 1; import os",
    "continued line": "import \\\n        os",
    "statement after a carriage return": "x = 1 # \r    import os",
}


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_escape_by_statement_is_refused(statement: str) -> None:
    assert not review(f"def method(self):\n    {statement}\n", rules=Rules(covenant="off")).accepted


@pytest.mark.parametrize("character", ["\x00", "\x0c", "\x1b", "\u202e", "\u2066", "\x85", "\u2028"])
def test_hidden_characters_are_refused(character: str) -> None:
    assert not review(f"def method(self):\n    return '{character}'\n").accepted


def test_every_line_of_help_is_given_for_an_import() -> None:
    (finding,) = review("def method(self):\n    import os\n").errors
    assert finding.line == 2
    assert "math" in finding.remedy
