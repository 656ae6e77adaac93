"""What pyproject.toml cannot say: the inner loops of the lexers in C.

Where no compiler is, the installation goes on without them, and the same functions in Python do their work.
"""

from setuptools import Extension, setup

TOKENS = "cdn_pipeline/tokens/"

setup(
    ext_modules=[
        Extension(
            f"cdn_pipeline.tokens._{language}",
            [f"{TOKENS}_{language}.c"],
            depends=[f"{TOKENS}_text.h"],
            optional=True,
        )
        for language in ("css", "javascript")
    ]
)
