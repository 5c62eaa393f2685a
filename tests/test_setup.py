"""What is compiled keeps to what the compiler does right."""

import ast
from collections.abc import Iterator
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


def test_nothing_compiled_waits_in_except_or_finally() -> None:
    # Cancelled there, compiled code leaves its exception behind, and the next such wait of anybody else raises it.
    files = compiled()
    assert len(files) > 100
    assert [
        f"{file.relative_to(ROOT)}:{line}"
        for file in files
        for line in waits_in_handlers(ast.parse(file.read_text(encoding="utf-8")))
    ] == []
