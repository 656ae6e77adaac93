"""Joins, one per language: the members of a bundle as few texts that mean the same, in order."""
