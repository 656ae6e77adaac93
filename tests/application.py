"""An application that is packaged: its wheel or sdist is made by the hooks of PEP 517, as pip calls them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
CALL = "import sys, importlib; print(getattr(importlib.import_module(sys.argv[1]), sys.argv[2])(sys.argv[3]))"
FILES = {
    "myapp/__init__.py": "",
    "static/css/site.css": "a { background: url(../img/logo.png) }\n",
    "static/img/logo.png": "PNG",
    "cdn_pipeline.toml": "minify = false\n",
}
BUILT = [
    "myapp/__init__.py",
    "myapp/assets/includes/headers/Caddyfile",
    "myapp/assets/includes/headers/_headers",
    "myapp/assets/includes/headers/nginx.conf",
    "myapp/assets/includes/importmap.html",
    "myapp/assets/manifest.json",
    "myapp/assets/origin/css/site.5f77d75aa3a3.css",
    "myapp/assets/origin/img/logo.796120837694.png",
    "myapp/assets/staticfiles.json",
]


class Backend(NamedTuple):
    """What makes packages."""

    name: str  # the module that has the hooks of PEP 517
    requirement: str
    settings: str  # the rest of `pyproject.toml`
    asked: str  # what asks for assets
    leaves: str  # what it leaves in a project, as `.gitignore` has it

    @property
    def project(self) -> str:
        """A `pyproject.toml` that does not yet ask for assets."""
        return (
            f'[build-system]\nrequires = ["{self.requirement}", "cdn_pipeline"]\n'
            f'build-backend = "{self.name}"\n[project]\nname = "myapp"\nversion = "1.0"\n{self.settings}'
        )

    def application(self, directory: Path, ours: Path) -> Application:
        """One that asks for its assets."""
        made = Application(directory / "project", self.name, ours)
        made.write({**FILES, "pyproject.toml": self.project + self.asked})
        made.write({".gitignore": self.leaves} if self.leaves else {})
        return made


HATCH = Backend(
    "hatchling.build",
    "hatchling",
    "[tool.hatch.build.hooks.cdn-pipeline]\n",
    'into = "myapp/assets"\n',
    "",
)
SETUPTOOLS = Backend(
    "setuptools.build_meta",
    "setuptools>=70",
    '[tool.setuptools]\npackages = ["myapp"]\n',
    '[tool.distutils.build_assets]\ninto = "myapp/assets"\n',
    "/build/\n*.egg-info/\n",
)


def unpacked_wheel_of_ours(directory: Path) -> Path:
    """Our own wheel in *directory*, ready for PYTHONPATH: with the entry points that are shipped, whatever
    the environment of the tests was made from."""
    # setuptools leaves in a project what it makes, and puts that into the next wheel: so not there.
    passed_over = shutil.ignore_patterns(".*", "build", "*.egg-info", "*.so", "__pycache__")
    source = shutil.copytree(ROOT, directory / "source", ignore=passed_over)
    call(source, "setuptools.build_meta", "build_wheel", directory)
    (wheel,) = directory.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory / "unpacked")
    return directory / "unpacked"


def call(
    project: Path, backend: str, hook: str, out: Path, path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Calls a *hook* of PEP 517 of the *project*, with *path* on Python's."""
    out.mkdir(parents=True, exist_ok=True)
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    command = [sys.executable, "-c", CALL, backend, hook, str(out)]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


class Application:
    """A small project in *root*, built by *backend*, in an environment in which *ours* is installed."""

    def __init__(self, root: Path, backend: str, ours: Path) -> None:
        self.root = root
        self.backend = backend
        self.ours = ours
        self.dist = root.parent / "dist"

    def write(self, files: dict[str, str]) -> None:
        for name, content in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(content)

    def build(self) -> None:
        """An ordinary build, as a developer makes it in the project."""
        command = [sys.executable, "-P", "-m", "cdn_pipeline", "build"]
        environment = os.environ | {"PYTHONPATH": str(self.ours)}
        subprocess.run(command, cwd=self.root, env=environment, check=True, capture_output=True)

    def call(self, hook: str, project: Path | None = None) -> Path:
        """The package that *hook* makes."""
        done = call(project or self.root, self.backend, hook, self.dist, self.ours)
        assert done.returncode == 0, done.stdout + done.stderr
        return self.dist / done.stdout.splitlines()[-1]

    def failure(self, hook: str) -> str:
        """What *hook* says, without the backend's own chatter, when it makes no package."""
        done = call(self.root, self.backend, hook, self.dist, self.ours)
        assert done.returncode != 0
        assert list(self.dist.iterdir()) == []
        return done.stderr

    def pip_wheel(self) -> Path:
        """The wheel that ``pip wheel .`` makes."""
        command = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-index", "--no-deps"]
        environment = os.environ | {"PYTHONPATH": str(self.ours), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        done = subprocess.run(
            [*command, "--wheel-dir", str(self.dist), "."],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (wheel,) = self.dist.glob("*.whl")
        return wheel

    def seen_by_git(self) -> list[str]:
        """The files of the project that git would show."""
        subprocess.run(["git", "init", "-q", "."], cwd=self.root, check=True)
        command = ["git", "ls-files", "--others", "--exclude-standard"]
        return subprocess.run(
            command, cwd=self.root, capture_output=True, text=True, check=True
        ).stdout.splitlines()


def names(package: Path) -> list[str]:
    """The files in a wheel without those about it, or in an sdist below its directory; sorted."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as archive:
            return sorted(name for name in archive.namelist() if ".dist-info/" not in name)
    with tarfile.open(package) as sdist:
        return sorted(member.name.partition("/")[2] for member in sdist.getmembers() if member.isfile())


def unpack(package: Path, directory: Path) -> Path:
    """Where the files of a wheel, or of the one directory in an sdist, lie now."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as archive:
            archive.extractall(directory)
        return directory
    with tarfile.open(package) as sdist:
        sdist.extractall(directory, filter="data")
    (project,) = directory.iterdir()
    return project
