"""What a deploy would do, and why: nothing but values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cdn_pipeline import plan as planning
from cdn_pipeline import record
from cdn_pipeline.current import Current, Pending
from cdn_pipeline.errors import PublishError
from cdn_pipeline.objections import Overrides
from cdn_pipeline.plan import Plan, plan
from cdn_pipeline.publication import Object, Place, Publication
from cdn_pipeline.record import Record
from cdn_pipeline.stores import Listed

STORE = "s3://assets/site"
CLAIMED = Current(serial=3, release="before", probed={"cdn": STORE})
TEXT = {"Content-Type": "text/plain; charset=utf-8"}
OTHER = {"Content-Type": "text/plain"}
BLOB = ".cdn_pipeline/blobs/"


def object_(
    key: str, content: str = "x", headers: dict[str, str] = TEXT, *, fixed: bool = False, encoding: str = ""
) -> Object:
    return Object(key, f"/build/{key}", len(content), f"sha of {content}", headers, not fixed, encoding)


def publication(*objects: Object, url: str = "https://cdn.example.com/site/", told: str = "1") -> Publication:
    place = Place("cdn", STORE, url, {each.key: each for each in objects})
    fixed = {"cdn": {f"/site/{each.key}": told for each in objects if not each.is_immutable}}
    return Publication("after", b'{"release": "after"}\n', Path("/build"), "cdn", {"cdn": place}, fixed)


def recorded(*objects: Object, **options: str) -> Record:
    return record.of(publication(*objects, **options)._replace(release="before"), "2026-01-01", "test")


def there(*objects: Object) -> dict[str, dict[str, Listed]]:
    return {"cdn": {each.key: Listed(each.key, each.size, "etag", 0.0, None) for each in objects}}


def reasons(found: Plan) -> dict[str, str]:
    return {each.key: each.reason for each in (*found.uploads, *found.fixed)}


A, B = object_("a.1.css"), object_("b.2.css")
ROBOTS = object_("robots.txt", "one", fixed=True)


def test_everything_is_new_where_nothing_is_known() -> None:
    found = plan(publication(A, ROBOTS), Current(), None, {"cdn": {}})

    assert reasons(found) == {"a.1.css": "new", f"{BLOB}sha of one": "new", "robots.txt": "new"}
    assert (found.is_switch, found.is_empty, found.refusals) == (True, False, ())
    assert found.bytes == 1 + 3 + 3


def test_a_release_that_is_published_needs_nothing() -> None:
    found = plan(publication(A, ROBOTS), CLAIMED, recorded(A, ROBOTS), {})

    assert (reasons(found), found.is_switch, found.is_empty, found.kept) == ({}, False, True, 2)


@pytest.mark.parametrize(
    ("wanted", "before", "listed", "doomed", "reason"),
    [
        (A, (), None, {}, "new"),
        (A, (A,), (), {}, "missing"),
        (A, (A,), (A,), {"a.1.css": ("7",)}, "doomed"),
        (A, (A._replace(headers=OTHER),), None, {}, "headers"),
        (ROBOTS, (ROBOTS._replace(sha256="sha of two"),), None, {}, "content"),
        (ROBOTS, (ROBOTS._replace(headers=OTHER),), None, {}, "headers"),
        (ROBOTS, (ROBOTS,), (), {}, "missing"),
        (ROBOTS, (ROBOTS,), (ROBOTS,), {"robots.txt": ("7",)}, "doomed"),
    ],
)
def test_each_upload_has_its_reason(
    wanted: Object,
    before: tuple[Object, ...],
    listed: tuple[Object, ...] | None,
    doomed: dict[str, tuple[str, ...]],
    reason: str,
) -> None:
    current = CLAIMED._replace(doomed={"cdn": doomed} if doomed else {})
    listings = {} if listed is None else there(*listed)
    found = plan(publication(wanted, B), current, recorded(B, *before), listings)

    assert reasons(found)[wanted.key] == reason


def test_only_what_must_be_is_put_over_something() -> None:
    doomed = CLAIMED._replace(doomed={"cdn": {"a.1.css": ("7",)}})
    again = plan(publication(A), doomed, recorded(A), {}).uploads
    headers = plan(publication(A), CLAIMED, recorded(A._replace(headers=OTHER)), {}).uploads
    new = plan(publication(A), CLAIMED, recorded(B), {}).uploads

    assert [each.is_overwritten for each in (*again, *headers, *new)] == [True, True, False]


def test_what_is_there_unrecorded_is_asked_for_its_digest() -> None:
    found = plan(publication(A, B), CLAIMED, recorded(B), there(A, B))

    assert (found.uploads, found.unproved) == ((), (("cdn", "a.1.css"),))


def test_other_bytes_under_a_name_for_these_alone_are_refused() -> None:
    longer = A._replace(size=9)
    listed = plan(publication(A), CLAIMED, recorded(B), there(longer))
    known = plan(publication(A), CLAIMED, recorded(A._replace(sha256="sha of y")), {})

    complaint = (
        "s3://assets/site/a.1.css: other bytes are there under the name that is for these alone; find out "
        "who wrote them, remove that object, and deploy again"
    )
    assert (listed.refusals, known.refusals) == ((complaint,), (complaint,))


def test_a_listing_shows_what_was_replaced_since_it_was_recorded() -> None:
    wanted, before = publication(A, ROBOTS), recorded(A, ROBOTS)
    shown = there(object_("a.1.css", "longer"), object_("robots.txt", "longer"))

    found = plan(wanted, CLAIMED, before, shown)

    assert found.refusals == (
        "s3://assets/site/a.1.css: other bytes are there under the name that is for these alone; "
        "find out who wrote them, remove that object, and deploy again",
    )
    assert reasons(found) == {"robots.txt": "content"}


def test_what_waits_to_be_put_was_not_replaced() -> None:
    waiting = CLAIMED._replace(pending=(Pending("1", "cdn", (), ("robots.txt",)),))

    found = plan(publication(ROBOTS), waiting, recorded(ROBOTS), there(object_("robots.txt", "longer")))

    assert reasons(found) == {}


def test_a_neighbour_that_another_compressor_has_made_will_do() -> None:
    neighbour = object_("a.1.css.br", "ours", encoding="br")
    theirs = neighbour._replace(sha256="sha of theirs", size=7)
    found = plan(publication(A, neighbour), CLAIMED, recorded(A, theirs), {})

    assert (found.uploads, found.refusals, found.is_switch) == ((), (), False)
    assert found.adopted["cdn", "a.1.css.br"].size == 7


def test_a_cdn_is_told_of_plain_names_that_changed_and_of_nothing_else() -> None:
    now = ROBOTS._replace(sha256="sha of two")
    found = plan(publication(now, B, told="2"), CLAIMED, recorded(ROBOTS, A, told="1"), {})

    assert found.pending == (Pending("after-3", "cdn", ("/site/robots.txt",), ("robots.txt",)),)
    assert found.dropped == (("cdn", "a.1.css"),)


def test_a_first_deploy_tells_a_cdn_nothing() -> None:
    found = plan(publication(ROBOTS), Current(), None, {})

    assert found.pending == (Pending("after-0", "cdn", (), ("robots.txt",)),)


FOREIGN = "s3://assets/site: holds 1 object of somebody else's, such as 'index.html'"
MOVED = "holds the site that is served at https://other.example/, and this one is served at https://cdn.example.com/"
SHRUNK = "the build has 2 files, and the release before it 5; if that is meant, allow it with --allow-shrink"


@pytest.mark.parametrize(
    ("current", "before", "listed", "refusal"),
    [
        (Current(), None, (object_("index.html"),), FOREIGN),
        (CLAIMED, recorded(A, url="https://other.example/"), (), MOVED),
        (CLAIMED, recorded(A, B, *(object_(str(at)) for at in range(3))), (A, B), SHRUNK),
    ],
)
def test_what_is_refused_may_be_allowed(
    current: Current, before: Record | None, listed: tuple[Object, ...], refusal: str
) -> None:
    wanted = publication(A, B)
    refused = plan(wanted, current, before, there(*listed))
    allowed = plan(wanted, current, before, there(*listed), Overrides(shrink=True, adopt=True))

    with pytest.raises(PublishError) as error:
        planning.refuse(refused)
    assert refusal in str(error.value)
    assert allowed.refusals == ()


def test_a_prefix_that_an_unfinished_first_deploy_has_filled_is_ours() -> None:
    left = there(A, object_(".cdn_pipeline/probe"), object_("a.0.css"))

    assert plan(publication(A, B), Current(), None, left).refusals == ()


@pytest.mark.parametrize(
    ("objects", "current", "free", "thorough", "listed"),
    [
        (1, Current(), set(), False, ["cdn"]),  # seen for the first time
        (5, CLAIMED, set(), False, []),  # few are put at a venture
        (6, CLAIMED, set(), False, ["cdn"]),
        (1, CLAIMED, {"cdn"}, False, ["cdn"]),  # costs nothing
        (1, CLAIMED, set(), True, ["cdn"]),
    ],
)
def test_a_listing_is_made_only_where_it_pays(
    objects: int, current: Current, free: set[str], thorough: bool, listed: list[str]
) -> None:
    wanted = publication(A, *(object_(str(at)) for at in range(objects - 1)))

    assert planning.to_list(wanted, current, recorded(A), free, thorough) == listed


def test_a_plan_is_carried_out_only_if_it_is_still_the_same() -> None:
    wanted = publication(A, B)
    agreed = json.loads(json.dumps(planning.as_json(plan(wanted, CLAIMED, recorded(B), {}))))
    planning.check(plan(wanted, CLAIMED, recorded(B), {}), agreed)

    with pytest.raises(PublishError) as error:
        planning.check(plan(wanted, CLAIMED._replace(serial=4), recorded(A), {}), agreed)
    assert "the world has moved on since the plan was made: serial, uploads would be another now" in str(
        error.value
    )


@pytest.mark.parametrize("content", [{}, {"version": 1}, {"version": 2, "identity": ""}])
def test_what_is_no_plan_is_refused(content: dict[str, object]) -> None:
    with pytest.raises(PublishError, match="the plan is not one that `cdn-pipeline plan --out` wrote"):
        planning.check(plan(publication(A), Current(), None, {}), content)
