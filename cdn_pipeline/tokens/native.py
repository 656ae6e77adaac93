"""The inner loops of the lexers in C; ``None`` where no compiler was when this was installed.

They do nothing that the functions in Python beside them do not do, and leave to these what is not ordinary.
"""

from __future__ import annotations

__all__ = ["css", "javascript"]

try:
    from cdn_pipeline.tokens import _javascript as javascript
except ImportError:
    javascript = None  # type: ignore[assignment]
try:
    from cdn_pipeline.tokens import _css as css
except ImportError:
    css = None  # type: ignore[assignment]
