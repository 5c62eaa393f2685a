"""What is built: the C of the SIP sockets and of the RTP engine, and signalling's Python, compiled to C by mypyc.

An editable installation leaves Python as it is, so that edits take effect.
"""

import os
import shutil
from collections.abc import Sequence
from glob import glob
from multiprocessing.pool import ThreadPool

from setuptools import Extension, setup
from setuptools.command.build import build
from setuptools.command.build_ext import build_ext

C_FLAGS = ["-O2", "-std=gnu11", "-Wall", "-Wextra"]

COMPILED = [
    "call_records/event_text.py",
    "call_records/inbox.py",
    "call_records/unwritten.py",
    "sipcore/*.py",
    "sipcore/io/backlog.py",
    "sipcore/io/clock.py",
    "sipcore/io/endpoint.py",
    "sipcore/io/gathering.py",
    "sipcore/io/udp.py",
    "lampfield/call_control/*.py",
    "lampfield/admission.py",
    "lampfield/door.py",
    "lampfield/presence/*.py",
    "lampfield/presence/packages/*.py",
    "lampfield/registrations.py",
    "lampfield/request_desk.py",
    "lampfield/fan_out.py",
    "lampfield/journal.py",
    "lampfield/live_calls.py",
    "lampfield/sounds.py",
    "lampfield/tail.py",
    "lampfield/tokens.py",
    "lampfield/trunk_line.py",
    "media/client.py",
    "media/control_line.py",
    "media/spare_sessions.py",
    *(
        f"routing/{name}.py"
        for name in (
            "attendant",
            "beat",
            "call_flow",
            "caller_leg",
            "conversation",
            "course",
            "dialplan",
            "forwarded",
            "hours_now",
            "menu/typed",
            "menu/visit",
            "places",
            "queue/entertainment",
            "queue/in_line",
            "queue_visits",
            "welcome",
        )
    ),
    *(
        f"presence_pidf/{name}.py"
        for name in (
            "dialog_info",
            "dialog_info_reader",
            "merge_rules",
            "person_state",
            "pidf",
            "pidf_reader",
            "pidf_series",
            "publication",
            "safe_xml",
            "seen",
            "xml_text",
        )
    ),
]
"""Modules that run compiled: those that messages pass through."""
STAY_PYTHON = {
    "lampfield/presence/__init__.py",
    "lampfield/presence/packages/__init__.py",
    "lampfield/presence/person_features.py",
    *(f"lampfield/call_control/{name}.py" for name in ("__init__", "services", "kept_call", "identity")),
    *(
        f"sipcore/{name}.py"
        for name in ("__init__", "structs", "flow", "binding", "session_record", "subscription", "publication_record")
    ),
}
"""The modules that say why: what a class has beside its fields and their types does not all outlive compiling."""


def compiled_modules(folder: str) -> list[Extension]:
    """Signalling's Python as C. The types were judged by `make check`; here only what is compiled must be known."""
    from mypyc.build import mypycify

    files = sorted({file for pattern in COMPILED for file in glob(pattern)} - STAY_PYTHON)
    options = ["--config-file=", "--explicit-package-bases", "--ignore-missing-imports", "--follow-imports=silent"]
    extensions = mypycify(
        [*options, *files], opt_level="2", debug_level="0", multi_file=True, group_name="lampfield", target_dir=folder
    )
    for extension in extensions:
        # Warnings of a compiler that is newer than mypyc are nobody's business here.
        extension.extra_compile_args = [flag for flag in extension.extra_compile_args if flag != "-Werror"]
        if extension.name.endswith("__mypyc"):
            # All modules are in this one; the others bring them out by their names, and nobody calls in by a symbol.
            extension.extra_compile_args += ["-include", "compiled.h", "-fvisibility=hidden", "-fno-plt"]
            extension.depends.append("compiled.h")
    return extensions


class Build(build):
    """An ordinary build, where the result is a copy. An editable installation runs only its parts."""

    def run(self) -> None:
        # What an earlier build left would be taken along, also modules that are no more, or no longer compiled.
        shutil.rmtree(self.build_lib, ignore_errors=True)
        self.distribution.ext_modules += compiled_modules(self.build_temp)
        super().run()
        # Where there is no checkout, `lampfield demo` finds its company beside itself.
        shutil.copy("examples/nordlys.toml", f"{self.build_lib}/lampfield/demo/")


class BuildExtensions(build_ext):
    """Compiles on all processors."""

    def build_extensions(self) -> None:
        compile_some = self.compiler.compile

        def compile_all(sources: Sequence[str], *args: object, **options: object) -> list[str]:
            with ThreadPool(os.cpu_count()) as pool:
                objects = pool.map(lambda source: compile_some([source], *args, **options), sources, chunksize=1)
            return [each for some in objects for each in some]

        self.compiler.compile = compile_all
        super().build_extensions()


setup(
    cmdclass={"build": Build, "build_ext": BuildExtensions},
    ext_modules=[
        Extension("sipcore.io._batch", ["sipcore/io/batch.c"], extra_compile_args=C_FLAGS),
        Extension(
            "media._engine",
            ["media/engine_module.c", *sorted(glob("media/engine/*.c"))],
            depends=glob("media/engine/*.h"),
            extra_compile_args=[*C_FLAGS, "-pthread"],
            extra_link_args=["-pthread", "-lm"],
        ),
    ],
)
