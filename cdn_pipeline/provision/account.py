"""The AWS account, by boto3 with its own credentials: what is asked of it, and what its refusals mean."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cdn_pipeline.errors import ERROR, CdnPipelineError, ConfigError, Problem
from cdn_pipeline.provision.description import CERTIFICATE_REGION
from cdn_pipeline.provision.remedies import remedy

if TYPE_CHECKING:
    import boto3

Pause = Callable[[float], None]
"""Waits that many seconds."""

GLOBAL = ("cloudfront", "iam", "route53")  # one service for the whole world, signed for us-east-1


class ProvisionError(CdnPipelineError):
    """The account is not as described yet. Nothing that was made is lost: the next run goes on from there."""


class Refused(ProvisionError):
    """AWS did not do what was asked."""

    def __init__(self, code: str, message: str, action: str, resource: str) -> None:
        self.code = code
        self.status = message
        text = f"{resource}: {action} was refused: {code}"
        said = f": {message.rstrip('. ')}" if message and message != code else ""
        super().__init__([Problem(ERROR, "", text + said, remedy(code, message, action))])


class Account:
    """Asks AWS. *region* is that of the bucket."""

    def __init__(self, region: str, session: boto3.Session | None = None, pause: Pause = time.sleep) -> None:
        self.region = region
        self.pause = pause
        self._given = session
        self._clients: dict[str, Any] = {}

    @cached_property
    def id(self) -> str:
        """The 12 digits of the account. Raises `Refused` where the credentials are not good."""
        return str(self.ask("sts", "GetCallerIdentity", "credentials")["Account"])

    def ask(self, service: str, action: str, resource: str, **arguments: Any) -> dict[str, Any]:
        """The answer. Raises `Refused`, which names *action* and *resource*."""
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

        named = f"{service}:{action}"
        try:
            answer: dict[str, Any] = getattr(self._client(service), xform_name(action))(**arguments)
            return answer
        except ClientError as error:
            told = error.response.get("Error", {})
            raise Refused(str(told.get("Code", "")), str(told.get("Message", "")), named, resource) from error
        except NoCredentialsError as error:
            raise _no_credentials() from error
        except BotoCoreError as error:
            hint = "see that this machine reaches AWS, and run it again: it goes on from there"
            raise ProvisionError([Problem(ERROR, "", f"{resource}: {named}: {error}", hint)]) from error

    def look(
        self, service: str, action: str, resource: str, *, missing: tuple[str, ...], **arguments: Any
    ) -> dict[str, Any] | None:
        """The same, ``None`` where the answer is one of the codes *missing*."""
        try:
            return self.ask(service, action, resource, **arguments)
        except Refused as refused:
            if refused.code in missing:
                return None
            raise

    def every(self, service: str, action: str, resource: str, key: str, **arguments: Any) -> Iterator[Any]:
        """The items under *key*, ``A.B`` for one in another, of all pages."""
        outer, _, inner = key.rpartition(".")
        while True:
            answer = self.ask(service, action, resource, **arguments)
            page = answer.get(outer, {}) if outer else answer
            yield from page.get(inner, ())
            more = {to: page[token] for token, to in PAGES.items() if page.get(token)}
            if not more or not page.get("IsTruncated", True):
                return
            arguments |= more

    def knows(self, service: str, shape: str, member: str) -> bool:
        """Whether the botocore that is installed can say this."""
        return member in self._client(service).meta.service_model.shape_for(shape).members

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._made(service)
        return self._clients[service]

    def _made(self, service: str) -> Any:
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        region = self.region
        if service in GLOBAL or service == "acm":
            region = CERTIFICATE_REGION
        try:
            config = Config(retries={"mode": "standard", "max_attempts": 5})
            return self._session.client(service, region_name=region, config=config)
        except BotoCoreError as error:  # such as a profile that does not exist
            raise ConfigError(f"AWS: {error}") from error

    @cached_property
    def _session(self) -> Any:
        import boto3

        return self._given or boto3.Session()


# How the next page is asked for, by what the answer says of it. CloudFront's Marker is that of the last page.
PAGES = {
    "Marker": "Marker",
    "NextMarker": "Marker",
    "NextToken": "NextToken",
    "NextRecordName": "StartRecordName",
    "NextRecordType": "StartRecordType",
    "NextRecordIdentifier": "StartRecordIdentifier",
}


def _no_credentials() -> ProvisionError:
    hint = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    return ProvisionError([Problem(ERROR, "", "no credentials for AWS", hint)])
