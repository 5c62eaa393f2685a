"""What is compiled keeps to what the compiler does right."""

import ast
from collections.abc import Callable, Iterator
from glob import glob
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def compiled() -> list[Path]:
    """The modules that setup.py compiles."""
    lists: dict[str, Any] = {}
    for statement in ast.parse((ROOT / "setup.py").read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) in ("COMPILED", "STAY_PYTHON"):
            exec(compile(ast.Module([statement], []), "setup.py", "exec"), lists)
    files = {file for pattern in lists["COMPILED"] for file in glob(pattern, root_dir=ROOT)}
    return [ROOT / file for file in sorted(files - lists["STAY_PYTHON"])]


def waits_in_handlers(tree: ast.AST) -> Iterator[int]:
    """The lines in `except` and `finally` that wait."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Try):
            for handling in (*node.finalbody, *node.handlers):
                for part in ast.walk(handling):
                    if isinstance(part, ast.Await | ast.AsyncWith | ast.AsyncFor):
                        yield part.lineno


def slices_to_what_is_found(tree: ast.AST) -> Iterator[int]:
    """The lines that take a part, not from the beginning, that ends where something is found, if it is."""
    for node in ast.walk(tree):
        match node:
            case ast.Slice(lower=ast.expr(), upper=ast.Call(func=ast.Attribute(attr="find" | "rfind"))):
                yield node.lineno


def faults(find: Callable[[ast.AST], Iterator[int]]) -> list[str]:
    """Where they are in all that is compiled."""
    return [
        f"{file.relative_to(ROOT)}:{line}"
        for file in compiled()
        for line in find(ast.parse(file.read_text(encoding="utf-8")))
    ]


def test_nothing_compiled_waits_in_except_or_finally() -> None:
    # Cancelled there, compiled code leaves its exception behind, and the next such wait of anybody else raises it.
    assert len(compiled()) > 100
    assert faults(waits_in_handlers) == []


def test_nothing_compiled_takes_bytes_up_to_what_may_not_be_there() -> None:
    # Where nothing is found the part may end before it begins: none for the interpreter, an error in compiled code.
    assert faults(slices_to_what_is_found) == []
