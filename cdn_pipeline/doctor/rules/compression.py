"""Whether text comes compressed, for each Accept-Encoding, and comes out as it went in."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from cdn_pipeline import media_types
from cdn_pipeline.doctor.exchange import Exchange, encoding, media_type, words
from cdn_pipeline.doctor.finding import INFO, Check, Finding
from cdn_pipeline.doctor.resource import PAGE
from cdn_pipeline.doctor.visit import Visit
from cdn_pipeline.errors import ERROR, WARNING
from cdn_pipeline.quantity import count

SMALLEST = 1000  # bytes; CloudFront leaves alone what is smaller (Developer Guide, "Serve compressed files")
LARGEST = 10_000_000  # bytes; and what is larger
WORTH = 0.9  # of the size; what compresses less is not missed
MAGIC = {b"\x1f\x8b\x08": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
PACKED = (
    "image/",
    "audio/",
    "video/",
    "font/woff",
    "application/zip",
    "application/gzip",
    "application/zstd",
)
TEXT_TYPES = ("application/javascript", "application/x-javascript", "application/ecmascript")
ARCHIVES = (
    "application/gzip",
    "application/x-gzip",
    "application/zstd",
    "application/x-tar",
    "application/zip",
)

UNCOMPRESSED = Check(
    "uncompressed",
    WARNING,
    "text comes as it is to browsers that understand gzip, Brotli and zstd",
    "it is three to five times as large as it need be",
    "set Compress: true and a cache policy with EnableAcceptEncodingGzip and …Brotli (CachingOptimized); "
    "it takes "
    "1,000 to 10,000,000 bytes, with a Content-Length and a listed type",
    "see that the type is on Cloudflare's list, and that the origin sends no Cache-Control: no-transform",
    "gzip_static on; beside the files of a build, or gzip on; gzip_proxied any; and gzip_types for all text",
)
GZIP_ONLY = Check(
    "gzip_only",
    INFO,
    "text comes in gzip to those who understand Brotli or zstd",
    "Brotli is 15 to 20 % smaller",
    "use a cache policy with EnableAcceptEncodingBrotli (CachingOptimized)",
    "turn on compression rules for Brotli and Zstandard",
    "brotli_static on; with libnginx-mod-http-brotli-static (Debian)",
)
WRONG_ENCODING = Check(
    "wrong_encoding",
    ERROR,
    "the body is not encoded as Content-Encoding says",
    "browsers show an error or binary rubbish",
    "set ContentEncoding on the S3 object to what was uploaded, and nothing on what was not compressed; "
    "invalidate",
    "see who compresses at the origin and who sets the header; purge",
    "let only one of gzip, gzip_static and the application set Content-Encoding",
)
DOUBLE = Check(
    "double_compressed",
    ERROR,
    "a file is compressed twice",
    "browsers undo one of them and find binary rubbish",
    "upload the file itself, or the compressed one with ContentEncoding; not the .gz as a file that is "
    "then compressed",
    "switch off compression at one of origin and proxy",
    "switch off gzip in the location whose upstream compresses, or send it no Accept-Encoding",
)
UNASKED = Check(
    "unasked_encoding",
    ERROR,
    "an encoding comes that was not asked for",
    "who does not understand it gets rubbish: crawlers, curl, proxies, old clients",
    "S3 has one encoding for each object: upload what is not compressed and let CloudFront compress",
    "send Vary: Accept-Encoding from the origin, and purge",
    "send Vary: Accept-Encoding, and let proxy_cache_key have the encoding",
)
ENCODING_DIFFERS = Check(
    "encoding_differs",
    ERROR,
    "a file has other content in one encoding than in another",
    "some visitors get an old file: a .gz or .br that was left beside a newer one",
    "invalidate the file: its encodings are kept apart",
    "purge the file, and see that no old .gz or .br lies at the origin",
    "remove the .gz and .br beside it, or build again; gzip_static does not compare times",
)
VARY_ENCODING = Check(
    "vary_encoding",
    WARNING,
    "a file comes in several encodings, without Vary: Accept-Encoding",
    "a cache between may give one visitor's encoding to another who does not understand it",
    "have the origin send Vary: Accept-Encoding with every variant",
    "have the origin send Vary: Accept-Encoding with every variant",
    "gzip_vary on;",
)
PACKED_ENCODED = Check(
    "packed_encoded",
    WARNING,
    "an image, font or film that is compressed in itself is compressed once more",
    "it costs time on both sides, gets no smaller, and parts of it cannot be asked for",
    "set no ContentEncoding on it",
    "take its type out of the compression rule",
    "take its type out of gzip_types",
)

CHECKS = (
    UNCOMPRESSED,
    GZIP_ONLY,
    WRONG_ENCODING,
    DOUBLE,
    UNASKED,
    ENCODING_DIFFERS,
    VARY_ENCODING,
    PACKED_ENCODED,
)


def findings(visit: Visit) -> Iterator[Finding]:
    """All of one visit."""
    answers = [visit.first, *visit.encodings.values()]
    garbled = next((each for each in answers if each.is_garbled), None)
    if garbled is not None:
        asked = garbled.request.encoding
        yield WRONG_ENCODING.found(f"asked for {asked}: {garbled.fault}", garbled)
    if visit.first.status != 200:
        return
    rubbish = list(_magic(visit.first))
    yield from rubbish
    packed = list(_packed(visit.first))
    yield from packed
    yield from _unasked(visit)
    if not rubbish and not packed and garbled is None:
        yield from _variants(visit)


def is_text(exchange: Exchange) -> bool:
    """Whether it has the type of text, which compresses well."""
    type_ = media_type(exchange)[0]
    return media_types.TEXT.match(type_) is not None or type_ in TEXT_TYPES


def _magic(at: Exchange) -> Iterator[Finding]:
    start = at.response.start if at.response else b""
    inner = next((name for magic, name in MAGIC.items() if start.startswith(magic)), "")
    if (
        not inner
        or media_type(at)[0] in ARCHIVES
        or at.request.url.endswith((".gz", ".zst", ".tgz", ".svgz"))
    ):
        return
    if encoding(at):
        yield DOUBLE.found(f"within {encoding(at)} there is {inner}", at, at.said("content-encoding"))
    else:
        yield WRONG_ENCODING.found(
            f"it is {inner}, and no Content-Encoding says so", at, at.said("content-type")
        )


def _packed(at: Exchange) -> Iterator[Finding]:
    type_ = media_type(at)[0]
    if encoding(at) and type_.startswith(PACKED) and type_ not in COMPRESSIBLE:
        yield PACKED_ENCODED.found(f"{type_} comes in {encoding(at)}", at, at.said("content-encoding"))


COMPRESSIBLE = {"image/svg+xml", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon"}


def _unasked(visit: Visit) -> Iterator[Finding]:
    wrong = {name: each for name, each in visit.encodings.items() if encoding(each) not in ("", name)}
    for given in sorted({encoding(each) for each in wrong.values()}):
        asked = [name for name, each in wrong.items() if encoding(each) == given]
        message = f"{given} comes to those who do not ask for it"
        yield UNASKED.found(message, wrong[asked[0]], f"accept-encoding: {' or '.join(asked)}")


def _variants(visit: Visit) -> Iterator[Finding]:
    answers = [each for each in (visit.first, *visit.encodings.values()) if each.status == 200]
    compressed = {encoding(each) for each in answers} - {""}
    # What is longer than the manifest says is not read to its end, and yet differs from what was.
    if visit.resource.kind != PAGE and any(each.is_whole for each in answers) and _is_steady(visit):
        yield from _different(answers)
    if compressed and "accept-encoding" not in words(visit.first.header("vary")):
        if "*" not in words(visit.first.header("vary")):
            said = f"{', '.join(sorted(compressed))}; {visit.first.said('vary') or 'no vary'}"
            yield VARY_ENCODING.found(
                "it comes in several encodings, without Vary: Accept-Encoding", visit.first, said
            )
    elif visit.encodings and not compressed and _is_worth_while(visit.first):
        size = visit.first.response.size if visit.first.response else 0
        yield UNCOMPRESSED.found("text comes uncompressed", visit.first, count(size, "byte"))
    if compressed == {"gzip"} and "br" in visit.encodings:
        yield GZIP_ONLY.found("text comes in gzip at best", visit.first)


def _is_steady(visit: Visit) -> bool:
    """Whether equal requests get equal bytes, as what is made for each request does not."""
    digests = {each.response.sha256 for each in (visit.first, *visit.again) if each.response}
    return len(digests) == 1


def _different(answers: list[Exchange]) -> Iterator[Finding]:
    known: dict[str, Exchange] = {}
    for each in answers:
        known.setdefault(each.response.sha256 if each.response else "", each)
    if len(known) > 1:
        sizes = "; ".join(f"{encoding(each) or 'as it is'}: {_size(each)}" for each in known.values())
        yield ENCODING_DIFFERS.found("its encodings differ in content", answers[0], sizes)


def _size(at: Exchange) -> str:
    read = at.response.size if at.response else 0
    return count(read, "byte") if at.is_whole else f"more than {count(at.request.at_most, 'byte')}"


def _is_worth_while(at: Exchange) -> bool:
    response = at.response
    if response is None or not is_text(at) or not SMALLEST <= response.size <= LARGEST:
        return False
    return len(zlib.compress(response.start, 6)) < WORTH * len(response.start)
