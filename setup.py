"""The two native parts: the datagram batch helper of the SIP sockets and the RTP engine."""

from glob import glob

from setuptools import Extension, setup

C_FLAGS = ["-O2", "-std=gnu11", "-Wall", "-Wextra"]

setup(
    ext_modules=[
        Extension("sipcore.io._batch", ["sipcore/io/batch.c"], extra_compile_args=C_FLAGS),
        Extension(
            "media._engine",
            ["media/engine_module.c", *sorted(glob("media/engine/*.c"))],
            depends=glob("media/engine/*.h"),
            extra_compile_args=[*C_FLAGS, "-pthread"],
            extra_link_args=["-pthread", "-lm"],
        ),
    ]
)
