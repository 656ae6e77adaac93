"""``{% load django_static %}``: the tags of django-static, answered from the manifest.

``slimfile`` and ``staticfile`` are the same here, and so are ``slimall`` and ``staticall``: what is minified
is the config's to say.
"""

from __future__ import annotations

from typing import Any

from django import template

from cdn_pipeline.integrations.django import prepared
from cdn_pipeline.integrations.django.tag_manifest import slimmed

register = template.Library()


def staticfile(name: str | list[str]) -> str:
    """The URL that the tag gives, for use in Python; of several files, that of what they were combined to."""
    return prepared.url(name)


slimfile = staticfile


class FileNode(template.Node):
    """A URL, or a variable that holds it."""

    def __init__(self, name: Any, variable: str) -> None:
        self.name = name
        self.variable = variable

    def render(self, context: Any) -> str:
        url = prepared.url(self.name.resolve(context))
        if not self.variable:
            return url
        context[self.variable] = url
        return ""


class BlockNode(template.Node):
    """HTML whose files are combined."""

    def __init__(self, nodelist: Any) -> None:
        self.nodelist = nodelist

    def render(self, context: Any) -> str:
        return prepared.block(self.nodelist.render(context))


class ContentNode(template.Node):
    """Text that the build made smaller, if it saw just this."""

    def __init__(self, nodelist: Any) -> None:
        self.nodelist = nodelist

    def render(self, context: Any) -> str:
        return slimmed(self.nodelist.render(context))


@register.tag("staticfile")
@register.tag("slimfile")
def file_node(parser: Any, token: Any) -> FileNode:
    """``{% slimfile "/css/a.css" %}``, ``{% slimfile "/a.js; /b.js" as variable %}``"""
    tag, *words = token.split_contents()
    if len(words) == 3 and words[1] == "as":
        return FileNode(parser.compile_filter(words[0]), words[2])
    if len(words) != 1:
        raise template.TemplateSyntaxError(f"{tag!r} takes the name of a file, then perhaps `as variable`")
    return FileNode(parser.compile_filter(words[0]), "")


@register.tag("staticall")
@register.tag("slimall")
def block_node(parser: Any, token: Any) -> BlockNode:
    """``{% slimall %}<script src="/a.js"></script><script src="/b.js"></script>{% endslimall %}``"""
    return BlockNode(_until(parser, f"end{token.split_contents()[0]}"))


@register.tag("slimcontent")
def content_node(parser: Any, token: Any) -> ContentNode:
    """``{% slimcontent "css" %}a { color : red }{% endslimcontent %}``"""
    tag, *words = token.split_contents()
    if len(words) > 1 or any(word[0] not in "\"'" or word[0] != word[-1] for word in words):
        raise template.TemplateSyntaxError(f"{tag!r} takes a format in quotes: css, js, html or xhtml")
    return ContentNode(_until(parser, "endslimcontent"))


def _until(parser: Any, end: str) -> Any:
    nodelist = parser.parse((end,))
    parser.delete_first_token()
    return nodelist
