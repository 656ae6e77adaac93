"""``python -m cdn_pipeline`` is ``cdn-pipeline``."""

from cdn_pipeline.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
