"""Writes a site of N files, about 25,000 bytes each: the same bytes on every machine and Python version.

python benchmarks/generate.py --files 2000 SITE
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from contents import section


def site(count: int) -> Iterator[tuple[str, bytes]]:
    """``(path, bytes)`` of each file. Raises ValueError unless *count* is a multiple of 200."""
    if count <= 0 or count % section.FILES:
        raise ValueError(f"{count} files: not a multiple of {section.FILES}, the files of one section")
    for number in range(count // section.FILES):
        yield from section.files(number)


def write(count: int, folder: Path) -> tuple[str, Counter[str], Counter[str]]:
    """Writes the site into the new *folder*. Returns its digest (every machine's is the same), and how many
    files and bytes of each extension there are. Raises FileExistsError where *folder* is there already."""
    folder.mkdir(parents=True)
    digest, files, sizes = hashlib.sha256(), Counter[str](), Counter[str]()
    for path, body in site(count):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
        digest.update(f"{path} {hashlib.sha256(body).hexdigest()}\n".encode())
        files[target.suffix] += 1
        sizes[target.suffix] += len(body)
    return digest.hexdigest(), files, sizes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000, help="a multiple of 200 (default: %(default)s)")
    parser.add_argument("folder", type=Path, help="where to write; must not exist")
    options = parser.parse_args()
    digest, files, sizes = write(options.files, options.folder)
    for suffix, size in sizes.most_common():
        print(f"{suffix:14} {files[suffix]:6} files {size / 1e6:8.2f} MB {size * 100 / sizes.total():5.1f} %")
    print(f"{'total':14} {files.total():6} files {sizes.total() / 1e6:8.2f} MB   sha256 {digest}")


if __name__ == "__main__":
    main()
