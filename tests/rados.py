"""Ceph's S3 gateway on this machine: a server of S3 that checks signatures. Debian's packages radosgw,
ceph-mon and ceph-osd.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDOFTHETESTS", "AWS_SECRET_ACCESS_KEY": "a+secret/of=the.tests"}
PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
START_LIMIT_S = 120

CONFIG = """
[global]
fsid = {cluster}
mon host = v2:127.0.0.1:{monitor}
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
run dir = {directory}
admin socket = {directory}/$name.asok
pid file = {directory}/$name.pid
log file = {directory}/$name.log
mon data = {directory}/mon
osd data = {directory}/osd
osd objectstore = memstore
memstore device bytes = 4294967296
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd crush chooseleaf type = 0
osd crush update on start = false
mon allow pool size one = true
mon data avail crit = 0
[client]
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw run sync thread = false
rgw override bucket index max shards = 1
"""


def is_installed() -> bool:
    """Whether `server` can start."""
    return all(map(shutil.which, PROGRAMS))


@functools.cache
def server() -> str:
    """Its endpoint. One for all tests, until this process ends. Takes some 12 s to start."""
    directory = Path(tempfile.mkdtemp(prefix="rados"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    cluster, monitor, port = str(uuid.uuid4()), free_port(), free_port()
    config = CONFIG.format(cluster=cluster, monitor=monitor, port=port, directory=directory)
    (directory / "ceph.conf").write_text(config)
    ceph = Cluster(directory)
    map_file, disk = str(directory / "map"), str(uuid.uuid4())
    ceph.run(
        "monmaptool", "--create", "--fsid", cluster, "--addv", "a", f"[v2:127.0.0.1:{monitor}]", map_file
    )
    ceph.run("ceph-mon", "--mkfs", "-i", "a", "--monmap", map_file)
    ceph.start("ceph-mon", "-f", "-i", "a")
    ceph.run("ceph", "osd", "new", disk)
    ceph.run("ceph", "osd", "crush", "add", "osd.0", "1", "root=default")
    (directory / "osd").mkdir()
    ceph.run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk)
    ceph.start("ceph-osd", "-f", "-i", "0")
    keys = ("--access-key", KEYS["AWS_ACCESS_KEY_ID"], "--secret-key", KEYS["AWS_SECRET_ACCESS_KEY"])
    ceph.run("radosgw-admin", "user", "create", "--uid=tests", "--display-name=tests", *keys)
    ceph.start("radosgw", "-f", "-n", "client.gateway", "--ms-mon-client-mode=crc")
    wait_for(port)
    return f"http://127.0.0.1:{port}"


class Cluster:
    """The programs of one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = os.environ | {"CEPH_CONF": str(directory / "ceph.conf")}

    def run(self, *command: str) -> None:
        subprocess.run(command, env=self.environment, check=True, capture_output=True, timeout=START_LIMIT_S)

    def start(self, *command: str) -> None:
        with (self.directory / f"{command[0]}.out").open("wb") as output:
            process = subprocess.Popen(command, env=self.environment, stdout=output, stderr=output)
        atexit.register(process.kill)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Until something listens there."""
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")
