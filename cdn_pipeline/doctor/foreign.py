"""Hosts that many sites load from, and none of them can mend."""

from __future__ import annotations

HOSTS = (
    "ajax.aspnetcdn.com",
    "bootstrapcdn.com",
    "cdnjs.cloudflare.com",
    "cloudflareinsights.com",
    "code.jquery.com",
    "connect.facebook.net",
    "cookielaw.org",
    "doubleclick.net",
    "esm.sh",
    "fonts.bunny.net",
    "gravatar.com",
    "google-analytics.com",
    "google.com",
    "googleapis.com",
    "googlesyndication.com",
    "googletagmanager.com",
    "gstatic.com",
    "hcaptcha.com",
    "hotjar.com",
    "intercomcdn.com",
    "js.stripe.com",
    "jsdelivr.net",
    "linkedin.com",
    "licdn.com",
    "platform.twitter.com",
    "plausible.io",
    "recaptcha.net",
    "sentry-cdn.com",
    "shields.io",
    "skypack.dev",
    "typekit.net",
    "unpkg.com",
    "use.fontawesome.com",
    "vimeo.com",
    "youtube-nocookie.com",
    "youtube.com",
    "ytimg.com",
)


def is_foreign(host: str) -> bool:
    """Whether *host* is one of them, or below one."""
    return host.endswith(tuple(f".{each}" for each in HOSTS)) or host in HOSTS
