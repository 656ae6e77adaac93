"""An AWS account to provision: moto, with the stand-in for CloudFront, which can fail at any call."""

from __future__ import annotations

import re
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError
from botocore.loaders import Loader
from moto import mock_aws
from moto.acm.models import acm_backends
from moto.core.models import botocore_stubber
from moto.s3.models import s3_backends

from cdn_pipeline.provision.account import Account
from tests.cloudfront_api import ACCOUNT, CloudFrontApi

READING = ("Get", "List", "Head", "Describe")


class Crash(BaseException):
    """The process ends here, as far as it can tell."""


class AwsAccount:
    """Begins when it is entered. *issues*: certificates are issued as soon as their record is there."""

    def __init__(self, *, issues: bool = True) -> None:
        self.api = CloudFrontApi(self._certificate_status)
        self.issues = issues
        self.writes: list[str] = []  # "s3:CreateBucket", one for each call that changes something
        self.calls: list[str] = []
        self.crash: tuple[int, str] | None = None  # (number of the write, "before" or "after")
        self.loses = False  # the reply to each write, the first time
        self.denied: set[str] = set()  # as in `writes`
        self.waited_s = 0.0
        self._lost: set[str] = set()
        self._mock = mock_aws()

    def __enter__(self) -> AwsAccount:
        self._patch = pytest.MonkeyPatch()
        for name, value in (("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret")):
            self._patch.setenv(name, value)
        self._patch.delenv("AWS_PROFILE", raising=False)
        self._patch.setattr("botocore.endpoint.time.sleep", self._pause)  # before it asks again
        self._mock.start()
        self._session, self._plain = _session(), _session()
        events = self._session._session.get_component("event_emitter")
        events.unregister("before-send", botocore_stubber)  # or it would answer, too
        events.register_first("before-send", self._before_send)
        return self

    def __exit__(self, *_: object) -> None:
        self._mock.stop()
        self._patch.undo()

    def client(self, service: str, region: str = "us-east-1") -> Any:
        """For tests to look and to meddle; not counted, and nothing of CloudFront."""
        return self._plain.client(service, region_name=region)

    @property
    def cloudfront(self) -> Any:
        """A client of the stand-in."""
        return self._session.client("cloudfront", region_name="us-east-1")

    def account(self, region: str = "us-east-1") -> Account:
        """A new one, as a new run would have it."""
        return Account(region, self._session, self._pause)

    def _pause(self, seconds: float) -> None:
        """Time goes on, and so does AWS."""
        self.waited_s += seconds
        self.issue()

    def issue(self) -> None:
        """Every certificate whose record is in a hosted zone."""
        route53 = self.client("route53")
        records = {
            record["Name"].rstrip(".")
            for zone in route53.list_hosted_zones()["HostedZones"]
            for record in route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
        }
        for certificate in self._certificates().values():
            options = certificate.describe()["Certificate"]["DomainValidationOptions"]
            names = {option["ResourceRecord"]["Name"].rstrip(".") for option in options}
            if self.issues and names <= records and certificate.status == "PENDING_VALIDATION":
                certificate.status = "ISSUED"

    def issue_all(self) -> None:
        """As if the records had been made somewhere else."""
        for certificate in self._certificates().values():
            certificate.status = "ISSUED"

    def _certificates(self) -> dict[str, Any]:
        certificates: dict[str, Any] = acm_backends[ACCOUNT]["us-east-1"]._certificates
        return certificates

    def _certificate_status(self, arn: str) -> str | None:
        found = self._certificates().get(arn)
        return None if found is None else str(found.status)

    def _before_send(self, request: AWSPreparedRequest, event_name: str, **_: object) -> AWSResponse:
        name = event_name.removeprefix("before-send.").replace(".", ":", 1)
        self.calls.append(name)
        if name in self.denied:
            return _denied(request, name)
        if name.partition(":")[2].startswith(READING):
            return self._sent(request, name)
        self.writes.append(name)
        number = len(self.writes)
        if self.crash == (number, "before"):
            raise Crash(name)
        answer = self._sent(request, name)
        if self.crash == (number, "after"):
            raise Crash(name)
        sent = f"{name} {request.body!r}"
        if self.loses and sent not in self._lost:
            self._lost.add(sent)
            raise ConnectionClosedError(endpoint_url=request.url)
        return answer

    def _sent(self, request: AWSPreparedRequest, name: str) -> AWSResponse:
        if name.startswith("cloudfront:"):
            return self.api.before_send(request)
        answer = botocore_stubber(name, request)
        if name == "s3:CreateBucket" and answer is not None and answer.status_code == 200:
            _tag(request)
        assert answer is not None
        return answer


LOADER = Loader(include_default_search_paths=True)  # has read each model once for all tests


def _session() -> boto3.Session:
    session = boto3.Session()
    search = session._session.get_component("data_loader").search_paths
    LOADER.search_paths[:] = search  # with boto3's own
    session._session.register_component("data_loader", LOADER)
    return session


def _tag(request: AWSPreparedRequest) -> None:
    """Of the tags with which a bucket is made, moto keeps none."""
    body = request.body
    text = body.decode() if isinstance(body, bytes) else str(body)
    tags = dict(re.findall(r"<Key>(.*?)</Key><Value>(.*?)</Value>", text))
    name = re.search(r"://([^./]+)\.|/([^/?]+)$", request.url)
    assert name is not None
    backend = s3_backends[ACCOUNT]["aws"]
    bucket = backend.get_bucket(name[1] if name[1] != "s3" else request.url.rsplit("/", 1)[1])
    backend.tagger.tag_resource(bucket.arn, [{"Key": key, "Value": value} for key, value in tags.items()])


class _Raw:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, **_: object) -> list[bytes]:
        return [self.body]


def _denied(request: AWSPreparedRequest, name: str) -> AWSResponse:
    service = name.partition(":")[0]
    text = "User is not authorized"
    if service == "acm":
        body = f'{{"__type": "AccessDeniedException", "message": "{text}"}}'
    elif service == "s3":
        body = f"<Error><Code>AccessDenied</Code><Message>{text}</Message></Error>"
    else:
        fault = f"<Error><Code>AccessDenied</Code><Message>{text}</Message></Error>"
        body = f"<ErrorResponse>{fault}</ErrorResponse>"
    if request.method == "HEAD":
        body = ""
    return AWSResponse(request.url, 400 if service == "acm" else 403, {}, _Raw(body.encode()))
