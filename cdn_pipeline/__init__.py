"""The deploy-time build step for the static assets of a Python web site."""

__version__ = "0.1.0"

CONFIG = "cdn_pipeline.toml"
ORIGIN = "origin"  # the target that every site has: the files beside the application
RELOAD_S = 2.0  # between looks of a running site for another release
PRIVATE = ".cdn_pipeline"  # below the build directory: ledger, staging, notes
