"""A distribution's config: ours, merged with what others have set."""

from __future__ import annotations

from typing import Any

import pytest

from cdn_pipeline.provision.change import Difference, differences
from cdn_pipeline.provision.description import Behavior, Distribution, Origin
from cdn_pipeline.provision.distribution_config import config
from cdn_pipeline.provision.quantities import packed, plain

FILES = Behavior("", "bucket", "optimized", headers_policy="headers")
WANTED = Distribution(
    caller_reference="ours",
    comment="a site",
    aliases=("cdn.example.com",),
    origins=(Origin("bucket", "b.s3.us-east-1.amazonaws.com", "", "control"), Origin("site", "web.example")),
    groups=(),
    default=Behavior("", "site", "disabled", "all"),
    behaviors=(FILES._replace(pattern="/a/*"), FILES._replace(pattern="/b/*", origin="site")),
    price_class="PriceClass_100",
    default_root_object="",
    certificate="arn",
)


def test_ours_is_as_wanted_after_any_number_of_updates() -> None:
    once = config(WANTED, {})

    assert config(WANTED, once) == once
    assert list(differences(once, config(WANTED, once))) == []


@pytest.mark.parametrize(
    "value",
    [
        config(WANTED, {}),
        {"Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Items": []}}},
        {"TenantConfig": {"ParameterDefinitions": [{"Name": "a"}]}},
    ],
)
def test_lists_come_back_as_they_were(value: Any) -> None:
    assert plain(packed(value)) == value


def test_lists_are_sent_with_their_length() -> None:
    assert packed({"Aliases": ["a", "b"], "Origins": []}) == {
        "Aliases": {"Quantity": 2, "Items": ["a", "b"]},
        "Origins": {"Quantity": 0},
    }
    assert packed({"AllowedMethods": {"Items": ["GET"], "CachedMethods": ["GET"]}}) == {
        "AllowedMethods": {
            "Quantity": 1,
            "Items": ["GET"],
            "CachedMethods": {"Quantity": 1, "Items": ["GET"]},
        }
    }


def test_an_origin_that_is_not_wanted_any_more_goes_with_its_behaviors_and_others_stay() -> None:
    was = config(WANTED, {})
    was["Origins"].append({"Id": "api", "DomainName": "api.example"})
    was["CacheBehaviors"].append({"PathPattern": "/api/*", "TargetOriginId": "api"})
    wanted = WANTED._replace(origins=WANTED.origins[:1], default=FILES, behaviors=())
    found = config(wanted, was)

    assert [origin["Id"] for origin in found["Origins"]] == ["bucket", "api"]
    assert [behavior["PathPattern"] for behavior in found["CacheBehaviors"]] == ["/a/*", "/api/*"]


def test_the_order_of_behaviors_is_left_alone_unless_ours_is_wrong() -> None:
    was = config(WANTED, {})
    other = {"PathPattern": "/a/private/*", "TargetOriginId": "site"}
    first, second = was["CacheBehaviors"]

    was["CacheBehaviors"] = [other, first, second]
    assert patterns(config(WANTED, was)) == ["/a/private/*", "/a/*", "/b/*"]
    was["CacheBehaviors"] = [second, other, first]
    assert patterns(config(WANTED, was)) == ["/a/*", "/b/*", "/a/private/*"]


def patterns(found: dict[str, Any]) -> list[str]:
    return [behavior["PathPattern"] for behavior in found["CacheBehaviors"]]


def test_methods_in_another_order_are_the_same() -> None:
    was = config(WANTED, {})
    was["DefaultCacheBehavior"]["AllowedMethods"]["Items"] = ["HEAD", "GET"]

    assert list(differences(was, config(WANTED, was))) == []


def test_pages_for_errors_stay() -> None:
    was = {
        "CustomErrorResponses": [
            {"ErrorCode": 404, "ResponsePagePath": "/404.html", "ErrorCachingMinTTL": 60}
        ]
    }

    assert config(WANTED, was)["CustomErrorResponses"] == [
        {"ErrorCode": 404, "ResponsePagePath": "/404.html", "ErrorCachingMinTTL": 1},
        {"ErrorCode": 403, "ErrorCachingMinTTL": 1},
    ]


def test_a_better_protocol_for_the_certificate_is_set_right_too() -> None:
    """The description is what there is to be; who wants another says so there."""
    was = config(WANTED, {})
    was["ViewerCertificate"] |= {
        "MinimumProtocolVersion": "TLSv1",
        "Certificate": "arn",
        "CertificateSource": "acm",
    }

    assert config(WANTED, was)["ViewerCertificate"] == {
        "ACMCertificateArn": "arn",
        "SSLSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "CloudFrontDefaultCertificate": False,
    }


@pytest.mark.parametrize(
    ("was", "wanted", "found"),
    [
        ({"a": 1}, {"a": 2}, [Difference("a", 1, 2)]),
        ({"a": 1, "theirs": 1}, {"a": 1}, []),
        ({}, {"a": {"b": 1}}, [Difference("a", None, {"b": 1})]),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [Difference("a.b", 1, 2)]),
        ({"a": [1, 2]}, {"a": [2, 1]}, [Difference("a", [1, 2], [2, 1])]),
        ({"o": [{"Id": "x", "p": 1}]}, {"o": [{"Id": "x", "p": 2}]}, [Difference("o[x].p", 1, 2)]),
        (
            {"o": [{"Id": "y"}]},
            {"o": [{"Id": "x"}]},
            [Difference("o[x]", None, {"Id": "x"}), Difference("o[y]", {"Id": "y"}, None)],
        ),
        ({"r": [{"v": 1, "more": 2}]}, {"r": [{"v": 3}]}, [Difference("r[0].v", 1, 3)]),
    ],
)
def test_differences_name_their_place(was: Any, wanted: Any, found: list[Difference]) -> None:
    assert list(differences(was, wanted)) == found
