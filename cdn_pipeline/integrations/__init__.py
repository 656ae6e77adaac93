"""Integrations: what the frameworks of running sites import."""
