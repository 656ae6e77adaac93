"""Whether a store keeps to the conditions of a put. Some servers take the headers and ignore them; on those,
two deploys at once would overwrite each other.
"""

from __future__ import annotations

from cdn_pipeline import PRIVATE
from cdn_pipeline.digest import sha256
from cdn_pipeline.stores import CREATE, Condition, Conflict, Match, Store, StoreError

KEY = f"{PRIVATE}/probe"
BODY = b"cdn_pipeline asks whether this store keeps to the conditions of a put\n"
SECOND = b"It does not create only what is missing\n"  # bodies differ, so that none is taken for another
SWAPPED = b"It does not compare before it swaps\n"
NOBODYS = Match('"00000000000000000000000000000000"')


def probe(store: Store) -> None:
    """Raises `StoreError` with what *store* ignores. Two or three requests, and one small object; any number
    of probes at once do not disturb each other."""
    checks = {"create-only": _creates_once, "compare-and-swap": _compares}
    ignored = " and ".join(name for name, is_kept in checks.items() if not is_kept(store))
    if ignored:
        raise StoreError(
            f"{store.url}: ignores {ignored} writes, so two deploys at once could overwrite each other; "
            "use a server that keeps to If-None-Match and If-Match, as S3 does",
            action="probe",
        )


def _creates_once(store: Store) -> bool:
    return not (_puts(store, BODY, CREATE) and _puts(store, SECOND, CREATE))


def _compares(store: Store) -> bool:
    return not _puts(store, SWAPPED, NOBODYS)


def _puts(store: Store, body: bytes, condition: Condition) -> bool:
    try:
        store.put(KEY, body, {"Content-Type": "text/plain"}, sha256(body), condition)
    except Conflict:
        return False
    return True
