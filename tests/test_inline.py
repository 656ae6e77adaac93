"""Inline content of templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdn_pipeline import inline
from cdn_pipeline.inline import Content, content
from cdn_pipeline.minify import html
from cdn_pipeline.minify.inline import slimmed

LOOKS = {
    "<p>": "html",
    "a { b: c }": "css",
    "a, b > c:hover { b: c; d: 1px 2px }\n e { }": "css",
    "function f() { return 1 }": "",
    "a { b: 'c' }": "",  # as a script, a label and a string
    "x = 1": "",
    "": "",
}


@pytest.mark.parametrize("text", LOOKS)
def test_what_no_format_says_is_told_by_its_looks(text: str) -> None:
    found = content(text, "")

    assert (found.language if found else "") == LOOKS[text]


HTML = {
    "<ul>\n  <li> one  two </li>\n</ul>\t<b>x</b>": "<ul>\n<li> one two </li>\n</ul> <b>x</b>",
    "<pre>\n  a  b\n</pre>  <textarea>  </textarea>": "<pre>\n  a  b\n</pre> <textarea>  </textarea>",
    "<a  title='x  y'>": "<a  title='x  y'>",
    "<script>\n\n a  </script>  <style>\n\n</style>": "<script>\n\n a  </script> <style>\n\n</style>",
    "a  <!--  ko if: x  -->  b": "a <!--  ko if: x  --> b",
    "<p style='white-space: pre'>a  b</p>": "<p style='white-space: pre'>a  b</p>",
    "a < b  > c": "a < b > c",
    "  ": " ",
    "": "",
}


@pytest.mark.parametrize("text", HTML)
def test_html_loses_only_white_space_that_no_browser_shows(text: str) -> None:
    assert html.minify(text) == HTML[text]


def test_what_became_smaller_is_found_by_what_it_was() -> None:
    contents = [Content("css", "a { b : c }"), Content("javascript", "f( 1 )"), Content("css", "a{b:c}")]
    chains = {"css": ("default",)}

    found = slimmed(contents, lambda language: chains.get(language, ()), 60, Path())

    assert found == {inline.key("a { b : c }"): "a{b:c}"}
    assert inline.read(inline.document(found)) == found


@pytest.mark.parametrize("text", [b"", b"[]", b'{"version": 2, "contents": {}}', b'{"version": 1}', b"\xff"])
def test_a_damaged_document_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        inline.read(text)
