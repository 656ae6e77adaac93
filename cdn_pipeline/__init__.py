"""The deploy-time build step for the static assets of a Python web site."""

__version__ = "0.1.0"

CONFIG = "cdn_pipeline.toml"
PRIVATE = ".cdn_pipeline"  # below the build directory: ledger, staging, notes
