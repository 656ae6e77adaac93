"""Where a bucket is, as its URL in the config tells: ``s3://bucket/prefix?endpoint=…&region=…``."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

from cdn_pipeline.errors import ConfigError

BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")  # old ones have capitals and underscores
OPTIONS = ("endpoint", "region", "addressing", "profile")
ADDRESSINGS = ("path", "virtual")


class Wanted(NamedTuple):
    """What a store's URL says; "" where it leaves the choice to the environment."""

    url: str
    bucket: str
    prefix: str  # "" or ends with "/"
    endpoint: str = ""  # "https://host:port"
    region: str = ""
    addressing: str = ""  # "path": the bucket stands in the path; "virtual": in the host name
    profile: str = ""  # of the shared AWS config


class Address(NamedTuple):
    """Where requests for a bucket go."""

    scheme: str
    host: str  # with its port, where that is not the usual one
    path: str  # of the bucket, percent-encoded, without "/" at its end
    region: str


def parse(url: str) -> Wanted:
    """Raises `ConfigError`."""
    place, _, query = url.removeprefix("s3://").partition("?")
    bucket, _, prefix = place.partition("/")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := sorted(options.keys() - set(OPTIONS)):
        raise ConfigError(f"store {_plain(url)}: no option {unknown[0]!r}; there are {', '.join(OPTIONS)}")
    if not BUCKET.fullmatch(bucket):
        raise ConfigError(f"store {_plain(url)}: {bucket!r} is no name of a bucket; write s3://bucket/prefix")
    if options.get("addressing", "path") not in ADDRESSINGS:
        raise ConfigError(f"store {_plain(url)}: addressing is 'path' or 'virtual'")
    prefix = prefix.strip("/")
    wanted = Wanted(url, bucket, f"{prefix}/" if prefix else "", **options)
    _check_endpoint(wanted)
    return wanted


def _check_endpoint(wanted: Wanted) -> None:
    if not wanted.endpoint:
        return
    parts = urlsplit(wanted.endpoint)
    if "@" in parts.netloc:
        place = _plain(wanted.url)
        raise ConfigError(f"store {place}: the endpoint has a password in it; put it into the environment")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise ConfigError(f"store {_plain(wanted.url)}: an endpoint is https://host or https://host:port")


def _plain(url: str) -> str:
    """*url* without its options, among which somebody may have put a secret."""
    return url.partition("?")[0]


def at_amazon(wanted: Wanted, endpoint: str, region: str) -> Address:
    """A bucket of AWS, which has a host name of its own."""
    # A certificate for *.s3… does not cover a name with dots in it.
    is_virtual = wanted.addressing != "path" and "." not in wanted.bucket and wanted.bucket.islower()
    return _address(wanted.bucket, endpoint, region, is_virtual=is_virtual)


def at_endpoint(wanted: Wanted, endpoint: str, region: str) -> Address:
    """A bucket of any other server. Not all of them have a name for each bucket."""
    return _address(wanted.bucket, endpoint, region, is_virtual=wanted.addressing == "virtual")


def _address(bucket: str, endpoint: str, region: str, *, is_virtual: bool) -> Address:
    parts = urlsplit(endpoint)
    path = parts.path.rstrip("/")
    if is_virtual:
        return Address(parts.scheme, f"{bucket}.{parts.netloc}", path, region)
    return Address(parts.scheme, parts.netloc, f"{path}/{quote(bucket, safe='')}", region)


def moved(address: Address, region: str) -> Address:
    """The same bucket, when it turns out to be in *region*."""
    host = address.host.replace(f".{address.region}.", f".{region}.")
    return address._replace(host=host, region=region)
