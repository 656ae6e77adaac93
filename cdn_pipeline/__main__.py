"""``python -m cdn_pipeline`` is ``cdn-pipeline``."""

from cdn_pipeline.cli import run

if __name__ == "__main__":
    run()
