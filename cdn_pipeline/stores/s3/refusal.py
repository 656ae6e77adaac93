"""Refusals: what a server says instead of doing it, in the words of whoever must act."""

from __future__ import annotations

from typing import NamedTuple
from xml.etree import ElementTree

from cdn_pipeline.stores.s3.wire import Response

RETRIED = {
    "ConditionalRequestConflict",
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "TooManyRequests",
}
RETRIED_STATUS = {408, 429, 500, 502, 503, 504}
EXPIRED = "ExpiredToken"
ALSO_EXPIRED = {"ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"}
SKEWED = "RequestTimeTooSkewed"
ELSEWHERE = {
    "PermanentRedirect",
    "TemporaryRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
}
DENIED = {
    "AccessDenied",
    "AccountProblem",
    "AllAccessDisabled",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    EXPIRED,
}

WHY_LIST = "without which S3 denies what is not there,"
AGAIN = "run the command again: what was uploaded is kept"
KEYS = "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile"
ROOM = ("has no room left", "make room, or raise the quota, and run the command again")
BUSY = ("was too busy, however often we asked", f"wait a while, and {AGAIN}")
OTHER_BYTES = ("other bytes arrived than were sent", AGAIN)

SAID = {
    "AllAccessDisabled": ("the account is suspended", "ask whoever pays for it"),
    "AccountProblem": ("the account is suspended", "ask whoever pays for it"),
    "BadDigest": OTHER_BYTES,
    "EntityTooLarge": ("the server takes no file as large as this", "keep it off this target by a route"),
    EXPIRED: ("the credentials have expired", f"get new ones, and {AGAIN}"),
    "InsufficientStorage": ROOM,
    "InvalidAccessKeyId": ("the server does not know this access key", KEYS),
    "InvalidToken": ("the session token is not one of this server's", "check AWS_SESSION_TOKEN"),
    "KeyTooLongError": ("the name is too long: 1,024 bytes at most, with the prefix", "rename the asset"),
    "NoSuchBucket": ("there is no such bucket", "create it, or correct the store in the config"),
    "NotImplemented": ("the server cannot do this", "use another store"),
    "QuotaExceeded": ROOM,
    SKEWED: ("this machine's clock is wrong", "set it"),
    "SignatureDoesNotMatch": ("the secret key does not belong to the access key", KEYS),
    "XAmzContentSHA256Mismatch": OTHER_BYTES,
    "XMinioStorageFull": ROOM,
    **dict.fromkeys(("SlowDown", "ServiceUnavailable", "TooManyRequests", "Throttling"), BUSY),
}
BY_STATUS = {
    400: "BadRequest",
    403: "AccessDenied",
    404: "NoSuchKey",
    412: "PreconditionFailed",
    429: "SlowDown",
    503: "SlowDown",
    507: "InsufficientStorage",
}


class Refusal(NamedTuple):
    """What an answer says that is not the one hoped for."""

    status: int
    code: str
    message: str
    region: str  # where the bucket is, if that is the trouble; else ""

    @property
    def is_none(self) -> bool:
        """Whether it is none: all went well."""
        return self.status < 300 and not self.code

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may be answered otherwise in a moment."""
        return self.code in RETRIED or (self.status in RETRIED_STATUS and self.code not in SAID)

    @property
    def is_denied(self) -> bool:
        """Whether somebody must be given a permission, or other credentials."""
        return self.code in DENIED

    def text(self, action: str) -> str:
        """What is wrong; the way out. *action* is the permission that the request needs."""
        if self.code == "AccessDenied":
            missing = (
                ", and s3:ListBucket, without which S3 denies what is not there"
                if action == "s3:GetObject"
                else ""
            )
            return f"{action} is denied; allow it to whoever deploys{missing}"
        if self.region:
            return f"the bucket is in {self.region}; write ?region={self.region} after the store's address"
        what, hint = SAID.get(self.code, (f"{self.status} {self.code}: {self.message}".rstrip(": "), ""))
        return f"{action}: {what}; {hint}" if hint else f"{action}: {what}"


def refusal(response: Response, method: str) -> Refusal:
    """What the *response* to a *method* says. Without a body, as after HEAD, its status has to do. The end of
    an upload in parts, a POST, may be refused with a status of 200."""
    is_good = response.status < 300 and not (method == "POST" and b"<Error>" in response.body[:200])
    if is_good:
        return Refusal(response.status, "", "", "")
    told = _told(response.body)
    code = told.get("Code") or BY_STATUS.get(response.status, "")
    region = told.get("Region") or response.headers.get("x-amz-bucket-region", "")
    is_elsewhere = code in ELSEWHERE or response.status in (301, 307)
    return Refusal(
        response.status,
        EXPIRED if code in ALSO_EXPIRED else code,
        told.get("Message", ""),
        region if is_elsewhere else "",
    )


def _told(body: bytes) -> dict[str, str]:
    try:
        return {
            element.tag.rpartition("}")[2]: element.text or "" for element in ElementTree.fromstring(body)
        }
    except ElementTree.ParseError:  # a proxy's page, or nothing
        return {}
