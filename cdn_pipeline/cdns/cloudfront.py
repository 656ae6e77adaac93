"""CloudFront's invalidations, by boto3 with its own credentials."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from cdn_pipeline.cdns import (
    PATIENCE_S,
    PAUSE_S,
    CdnError,
    Invalidation,
    Pause,
    batch_reference,
    batches,
)

# CloudFront Developer Guide, "Concurrent invalidation request maximum": of one distribution, at one time.
PATHS = 3000
WILDCARDS = 15
BUSY = "TooManyInvalidationsInProgress"
COMPLETED = "completed"  # AWS says "Completed", moto "COMPLETED", for which botocore's own waiter never ends

HINTS = {
    "AccessDenied": "allow cloudfront:{action} on this distribution",
    "NoSuchDistribution": "see the distribution's ID in `cdn`, and that the credentials are of its account",
    "ExpiredToken": "get new credentials and run it again",
    "InvalidClientTokenId": "see which credentials are found with `aws sts get-caller-identity`",
    "SignatureDoesNotMatch": "see which credentials are found with `aws sts get-caller-identity`",
    "UnrecognizedClientException": "see which credentials are found with `aws sts get-caller-identity`",
}
LATER = {BUSY, "Throttling", "ThrottlingException", "ServiceUnavailable", "InternalFailure", "RequestTimeout"}


class CloudFront:
    """One distribution."""

    def __init__(self, distribution: str, pause: Pause = time.sleep, patience_s: float = PATIENCE_S) -> None:
        self.distribution = distribution
        self._pause = pause
        self._patience_s = patience_s

    @property
    def name(self) -> str:
        """As configured."""
        return f"cloudfront:{self.distribution}"

    def invalidate(self, paths: Sequence[str], reference: str) -> Invalidation:
        """Paths and tags in batches of 3,000, wildcards in batches of 15. Where too many are in progress, it
        waits for its turn, ten minutes at most."""
        wild = [path for path in paths if path.endswith("*")]
        plain = [path for path in paths if not path.endswith("*")]
        found = batches(plain, PATHS) + batches(wild, WILDCARDS)
        return Invalidation(reference, tuple(self._invalidate(batch, reference) for batch in found))

    def _invalidate(self, batch: list[str], reference: str) -> str:
        """The id that AWS gives it: the same one where this was asked before."""
        request = {
            "Paths": {"Quantity": len(batch), "Items": batch},
            "CallerReference": batch_reference(reference, batch),
        }
        waited_s = 0.0
        while True:
            try:
                answer = self._ask("CreateInvalidation", InvalidationBatch=request)
                return str(answer["Invalidation"]["Id"])
            except _Busy:
                if waited_s >= self._patience_s:
                    message = f"{self.name}: too many invalidations are still in progress"
                    raise CdnError(f"{message}; run it again later", is_retryable=True) from None
                self._pause(PAUSE_S)
                waited_s += PAUSE_S

    def is_done(self, invalidation: Invalidation) -> bool:
        """One request for each batch."""
        return all(self._status(id_) == COMPLETED for id_ in invalidation.ids)

    def _status(self, id_: str) -> str:
        return str(self._ask("GetInvalidation", Id=id_)["Invalidation"]["Status"]).lower()

    def _ask(self, action: str, **arguments: Any) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

        method = {"CreateInvalidation": "create_invalidation", "GetInvalidation": "get_invalidation"}[action]
        try:
            answer: dict[str, Any] = getattr(self._client, method)(
                DistributionId=self.distribution, **arguments
            )
            return answer
        except ClientError as error:
            raise self._failure(action, error.response.get("Error", {})) from error
        except NoCredentialsError as error:
            hint = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            raise CdnError(f"{self.name}: no credentials for AWS; {hint}") from error
        except BotoCoreError as error:
            hint = "see that this machine reaches AWS, and run it again"
            raise CdnError(f"{self.name}: {action}: {error}; {hint}", is_retryable=True) from error

    def _failure(self, action: str, told: dict[str, Any]) -> CdnError:
        code = str(told.get("Code", ""))
        if code == BUSY:
            return _Busy(code)
        hint = HINTS.get(code.removesuffix("Exception"), HINTS.get(code, "run it again"))
        message = f"{self.name}: {action} was refused: {code} {told.get('Message', '')}".rstrip(". ")
        return CdnError(f"{message}; {hint.format(action=action)}", is_retryable=code in LATER)

    @cached_property
    def _client(self) -> Any:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        try:
            # CloudFront is one service for the whole world, signed for us-east-1.
            config = Config(retries={"mode": "standard", "max_attempts": 5})
            return boto3.Session().client("cloudfront", region_name="us-east-1", config=config)
        except BotoCoreError as error:  # such as a profile that does not exist
            raise CdnError(f"{self.name}: {error}; see AWS_PROFILE and AWS_CONFIG_FILE") from error


class _Busy(CdnError):
    """Too many invalidations are in progress."""
