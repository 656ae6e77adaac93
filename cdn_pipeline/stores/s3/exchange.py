"""One request after the other, until there is an answer that asking again would not change."""

from __future__ import annotations

import http.client
import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from cdn_pipeline import __version__
from cdn_pipeline.stores import StoreError
from cdn_pipeline.stores.s3.account import Account, account
from cdn_pipeline.stores.s3.address import Wanted, moved
from cdn_pipeline.stores.s3.part import Part
from cdn_pipeline.stores.s3.refusal import AGAIN, EXPIRED, SKEWED, Refusal, refusal
from cdn_pipeline.stores.s3.signature import EMPTY, encoded, query, signed
from cdn_pipeline.stores.s3.wire import Request, Response, Wire

ATTEMPTS = 8  # some 13 seconds of waiting at most
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 20.0


class Call(NamedTuple):
    """What is asked, before it is signed."""

    action: str  # the permission that it needs
    method: str
    key: str | None = None  # None asks the bucket
    parameters: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = {}  # with lower-case names
    body: bytes | Part = b""
    sha256: str = EMPTY  # of the body


class Answer(NamedTuple):
    """The last response to a call."""

    response: Response
    said: Refusal  # what it says where its status is not good
    was_lost: bool  # whether an earlier attempt may have been carried out, though nothing was heard of it


class Exchange:
    """Signs, sends, and sends again."""

    def __init__(self, wanted: Wanted, wire: Wire, sleep: Callable[[float], None] = time.sleep) -> None:
        self.wanted = wanted
        self._wire = wire
        self._sleep = sleep
        self._account: Account | None = None
        self._secrets: set[str] = set()
        self._lock = threading.Lock()
        self._offset_s = 0.0  # what the server's clock is ahead of ours, where it complained
        self._told = ("", 0.0)  # the last date that the server told, and when that was by our clock

    def ask(self, call: Call) -> Answer:
        """The last answer, whatever its status. Raises `StoreError` where there is none."""
        was_lost, remedies, attempt = False, set[str](), 0
        while True:
            attempt += 1
            is_last = attempt == ATTEMPTS
            response = self._attempt(call)
            if isinstance(response, str):
                if is_last:
                    hint = f"look at the network, and {AGAIN}"
                    raise self.error(call, f"no answer from {self._where()}: {response}; {hint}")
                was_lost, asked_for = True, ""
            else:
                said = refusal(response, call.method)
                if is_last or not (said.is_temporary or self._remedied(said, remedies)):
                    return Answer(response, said, was_lost)
                was_lost, asked_for = was_lost or said.status >= 500, response.headers.get("retry-after", "")
            self._wait(attempt, asked_for)

    def asked(self, call: Call) -> Response:
        """The answer to what must be done. Raises `StoreError` where it is refused."""
        answer = self.ask(call)
        if not answer.said.is_none:
            raise self.refused(call, answer.said)
        return answer.response

    def refused(self, call: Call, said: Refusal) -> StoreError:
        """The exception for a refusal."""
        return self.error(call, said.text(call.action), is_denied=said.is_denied)

    @property
    def has_date(self) -> bool:
        """Whether the server has said yet what time it is."""
        return bool(self._told[0])

    def server_s(self) -> float:
        """What the server's clock said last, in seconds since 1970, and how long that is ago."""
        date, at = self._told
        return parsedate_to_datetime(date).timestamp() + time.time() - at if date else time.time()

    def error(self, call: Call, text: str, *, is_denied: bool = False) -> StoreError:
        """*text*, with its place before it, and without credentials should a server have repeated them."""
        place = f"s3://{self.wanted.bucket}/{call.key or self.wanted.prefix}"
        return StoreError(f"{place}: {self._without_secrets(text)}", action=call.action, is_denied=is_denied)

    def close(self) -> None:
        """Ends connections."""
        self._wire.close()

    def _attempt(self, call: Call) -> Response | str:
        """What was answered, or why nothing was."""
        try:
            response = self._wire.send(self._request(call))
        except ssl.SSLCertVerificationError as error:
            hint = "set AWS_CA_BUNDLE to the file of its authority"
            raise self.error(call, f"{self._where()}: {error.verify_message}; {hint}") from error
        except (OSError, http.client.HTTPException) as error:
            return str(error) or type(error).__name__
        self._told = (response.headers.get("date", self._told[0]), time.time())
        return response

    def _request(self, call: Call) -> Request:
        address, credentials = self._asked()
        path = (address.path or "/") if call.key is None else f"{address.path}/{encoded(call.key, safe='/')}"
        if call.parameters:
            path += f"?{query(call.parameters)}"
        at = datetime.fromtimestamp(time.time() + self._offset_s, UTC).strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": address.host, "user-agent": f"cdn_pipeline/{__version__}", **call.headers}
        size = len(call.body) if isinstance(call.body, bytes) else call.body.size
        if call.method in ("PUT", "POST"):
            headers["content-length"] = str(size)
        who = credentials()
        self._secrets = {secret for secret in who[1:] if secret}
        headers = signed(call.method, path, headers, call.sha256, who, address.region, at)
        body = call.body if isinstance(call.body, bytes) else call.body.checked(call.sha256)
        return Request(call.method, address.scheme, address.host, path, headers, body)

    def _asked(self) -> Account:
        with self._lock:
            if self._account is None:
                self._account = account(self.wanted)
            return self._account

    def _remedied(self, said: Refusal, tried: set[str]) -> bool:
        """Whether the next attempt will differ in what was refused. A remedy is tried once."""
        remedy = "region" if said.region else said.code
        if remedy in tried or remedy not in ("region", SKEWED, EXPIRED):
            return False
        tried.add(remedy)
        with self._lock:
            if remedy == "region" and self._account:
                self._account = self._account._replace(address=moved(self._account.address, said.region))
            elif remedy == SKEWED:
                self._offset_s = self.server_s() - time.time()
            else:
                self._account = None
        return True

    def _wait(self, attempt: int, asked_for: str) -> None:
        """*asked_for* is the server's Retry-After. Chance keeps many workers from coming back at once."""
        wait_s = random.uniform(0, FIRST_WAIT_S * 2 ** (attempt - 1))
        self._sleep(min(max(wait_s, float(asked_for) if asked_for.isdecimal() else 0), LONGEST_WAIT_S))

    def _where(self) -> str:
        address = self._asked().address
        return f"{address.scheme}://{address.host}"

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text
