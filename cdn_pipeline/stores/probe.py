"""Whether a store keeps to the conditions of a put. Some servers take the headers and ignore them; on those,
two deploys at once would overwrite each other.
"""

from __future__ import annotations

from collections.abc import Sequence

from cdn_pipeline import PRIVATE
from cdn_pipeline.digest import sha256
from cdn_pipeline.stores import CREATE, Condition, Conflict, Match, Store, StoreError

KEY = f"{PRIVATE}/probe"
BODY = b"cdn_pipeline asks whether this store keeps to the conditions of a put\n"
SECOND = b"It does not create only what is missing\n"  # bodies differ, so that none is taken for another
SWAPPED = b"It does not compare before it swaps\n"
NOBODYS = Match('"00000000000000000000000000000000"')


CREATES = "create-only"
COMPARES = "compare-and-swap"
ALL = (CREATES, COMPARES)


def probe(store: Store, conditions: Sequence[str] = ALL) -> None:
    """Raises `StoreError` with what *store* ignores. One or two requests for `CREATES`, one for `COMPARES`,
    and one small object; any number of probes at once do not disturb each other."""
    checks = {CREATES: _creates_once, COMPARES: _compares}
    ignored = " and ".join(name for name in conditions if not checks[name](store))
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
