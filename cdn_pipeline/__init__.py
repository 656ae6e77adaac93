"""The deploy-time build step for the static assets of a Python web site."""

__version__ = "0.1.0"
