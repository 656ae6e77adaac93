"""``{% load assets %}``: the tag of django-assets, and tags for URLs and elements, by the manifest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from cdn_pipeline.bundle_name import TAG_OPTIONS, filter_names, tag_name, unknown_option
from cdn_pipeline.integrations.django.tag_manifest import answering
from cdn_pipeline.snippets import preload_tags

register = template.Library()


@register.simple_tag
def asset_url(name: Any) -> str:
    """``{% asset_url "img/logo.png" %}``: of a file, or a bundle's first."""
    return answering().url(str(name))


@register.simple_tag
def asset_integrity(name: Any) -> str:
    """What goes with `asset_url` into an ``integrity`` attribute; "" where its bytes may change."""
    return answering().integrity(str(name)) or ""


@register.simple_tag(takes_context=True)
def asset_tag(context: Any, name: Any, nonce: Any = None, **attributes: Any) -> SafeString:
    """``{% asset_tag "site.js" defer=False %}``: the elements that load it, without preloads."""
    html = answering().tags([str(name)], _nonce(context, nonce), preload=False, **attributes)
    return mark_safe(html.rstrip("\n"))


@register.simple_tag(takes_context=True)
def asset_tags(context: Any, *names: Any, nonce: Any = None, preload: bool = True) -> SafeString:
    """``{% asset_tags "site.css" "site.js" %}``: preloads and the elements that load them, each once."""
    return mark_safe(answering().tags(map(str, names), _nonce(context, nonce), preload))


@register.simple_tag(takes_context=True)
def asset_preloads(context: Any, *names: Any, nonce: Any = None) -> SafeString:
    """What to fetch ahead for *names*."""
    found = [each for name in names for each in answering().preloads(str(name))]
    return mark_safe(preload_tags(found, _nonce(context, nonce)))


@register.simple_tag(takes_context=True)
def import_map(context: Any, nonce: Any = None) -> SafeString:
    """The script element that leads plain URLs of modules to those of the build."""
    return mark_safe(answering().import_map(_nonce(context, nonce)))


def _nonce(context: Any, nonce: Any) -> str | None:
    """*nonce*, or that which Django's ``csp`` context processor gives the page (6.0 and later)."""
    found = context.get("csp_nonce") if nonce is None else nonce
    return None if found is None else str(found)


class AssetsNode(template.Node):
    """A body, rendered once for each URL of a bundle."""

    def __init__(self, contents: list[Any], options: dict[str, Any], nodelist: Any) -> None:
        self.contents = contents
        self.options = options
        self.nodelist = nodelist

    def render(self, context: Any) -> str:
        members = list(_flat(item.resolve(context) for item in self.contents))
        filters, output, debug = (self._option(name, context) for name in ("filters", "output", "debug"))
        name = tag_name(members, filter_names(filters), output and str(output))
        bundle = answering(debug).bundle(name, [] if members == [name] else members)
        bodies = []
        for url, integrity in zip(bundle.urls, bundle.integrities, strict=True):
            with context.push(ASSET_URL=url, ASSET_SRI=integrity, EXTRA=bundle.extra):
                bodies.append(self.nodelist.render(context))
        return "".join(bodies)

    def _option(self, name: str, context: Any) -> Any:
        option = self.options.get(name)
        return option.resolve(context) if option else None


def _flat(contents: Iterable[Any]) -> Iterator[str]:
    """Members as text; a variable may hold several, or nothing."""
    for item in contents:
        if isinstance(item, list | tuple):
            yield from _flat(item)
        elif item not in (None, ""):
            yield str(item)


@register.tag("assets")
def assets(parser: Any, token: Any) -> AssetsNode:
    """``{% assets "a.js", "b.js", filters="jsmin", output="all.js" %}…{{ ASSET_URL }}…{% endassets %}``"""
    contents: list[Any] = []
    options: dict[str, Any] = {}
    for word in token.split_contents()[1:]:
        argument = word.removesuffix(",")
        name, equals, value = ("", "", argument) if argument[:1] in "\"'" else argument.partition("=")
        if not equals:
            contents += [parser.compile_filter(argument)] if argument else []
        elif name in TAG_OPTIONS:
            options["filters" if name == "filter" else name] = parser.compile_filter(value)
        else:
            raise template.TemplateSyntaxError(f"{{% assets %}}: {unknown_option(name)}")
    if not contents:
        raise template.TemplateSyntaxError("{% assets %} names no file and no bundle")
    nodelist = parser.parse(("endassets",))
    parser.delete_first_token()
    return AssetsNode(contents, options, nodelist)
