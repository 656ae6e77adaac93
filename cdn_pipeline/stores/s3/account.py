"""Who asks, and where: what boto3 would use.

Where the environment says it all, as it does in most CI, this is read from there. Otherwise botocore is
asked, which knows profiles, SSO, assumed roles, containers and instances, and takes 0.2 s to load.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cdn_pipeline.stores import StoreError
from cdn_pipeline.stores.s3.address import Address, Wanted, at_amazon, at_endpoint
from cdn_pipeline.stores.s3.signature import Credentials

ANYWHERE = "us-east-1"  # S3 there tells the region of a bucket that is elsewhere
OTHER_PARTITIONS = ("cn-", "us-iso", "eu-iso", "us-gov-", "eusc-")  # have other hosts, or other rules
AMAZON = (  # the partitions of botocore's partitions.json
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
    ".cloud.adc-e.uk",
    ".csp.hci.ic.gov",
)
SPECIAL = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_CREDENTIAL_EXPIRATION",
)


class Account(NamedTuple):
    """What a request needs to know."""

    address: Address
    credentials: Callable[[], Credentials]  # those of this moment: they may expire and be replaced


def account(wanted: Wanted) -> Account:
    """Raises `StoreError` where there are no credentials."""
    return _plain(wanted, os.environ) or _asked(wanted)


def _plain(wanted: Wanted, environment: Mapping[str, str]) -> Account | None:
    """From the environment alone, where nothing else has a say."""
    who = Credentials(
        environment.get("AWS_ACCESS_KEY_ID", ""),
        environment.get("AWS_SECRET_ACCESS_KEY", ""),
        environment.get("AWS_SESSION_TOKEN", ""),
    )
    region = wanted.region or environment.get("AWS_DEFAULT_REGION") or ANYWHERE
    is_special = any(environment.get(name) for name in SPECIAL) or region.startswith(OTHER_PARTITIONS)
    if not (who.access_key and who.secret_key) or wanted.profile or is_special or _has_config(environment):
        return None
    endpoint = (
        wanted.endpoint or environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    )
    if endpoint:
        return Account(at_endpoint(wanted, endpoint, region), lambda: who)
    return Account(at_amazon(wanted, f"https://s3.{region}.amazonaws.com", region), lambda: who)


def _has_config(environment: Mapping[str, str]) -> bool:
    return os.path.exists(os.path.expanduser(environment.get("AWS_CONFIG_FILE", "~/.aws/config")))


def _asked(wanted: Wanted) -> Account:
    import botocore.exceptions
    import botocore.session

    session = botocore.session.Session(profile=wanted.profile or None)
    try:
        found = session.get_credentials()
        region = wanted.region or session.get_config_variable("region") or ANYWHERE
        if found is None:
            raise _no_credentials(wanted, "found no AWS credentials")
        if wanted.endpoint:
            address = at_endpoint(wanted, wanted.endpoint, region)
        else:
            address = _resolved(session, wanted, region)
    except botocore.exceptions.BotoCoreError as error:
        raise _no_credentials(wanted, str(error)) from error

    def credentials() -> Credentials:
        try:
            now = found.get_frozen_credentials()
        except botocore.exceptions.BotoCoreError as error:
            raise _no_credentials(wanted, str(error)) from error
        return Credentials(now.access_key, now.secret_key, now.token or "")

    return Account(address, credentials)


def _resolved(session: Any, wanted: Wanted, region: str) -> Address:
    """By botocore's rules: those of AWS's partitions, and endpoints that the shared config names."""
    client = session.create_client("s3", region_name=region)
    endpoint = client.meta.endpoint_url
    found = at_amazon if endpoint.endswith(AMAZON) else at_endpoint
    return found(wanted, endpoint, client.meta.region_name)


def _no_credentials(wanted: Wanted, what: str) -> StoreError:
    return StoreError(
        f"{wanted.url}: {what}; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        action="sign",
        is_denied=True,
    )
