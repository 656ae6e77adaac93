"""Whatever answers an app's templates at the moment: its build, or its sources in development."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cdn_pipeline.integrations.flask.site import Site


class Answers:
    """Has every method of `Manifest`. Which one answers is decided by each call, since an app's settings may
    change after its templates got to know this."""

    def __init__(self, site: Site) -> None:
        self._site = site

    @property
    def reload(self) -> float | None:
        """Seconds between looks, which is no question for either."""
        interval: float | None = self._site.setting("RELOAD")
        return interval

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def answer(*arguments: Any, **named: Any) -> Any:
            return getattr(self._site.answers, name)(*arguments, **named)

        return answer

    def __contains__(self, name: object) -> bool:
        return name in self._site.answers
