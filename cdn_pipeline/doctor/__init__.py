"""Doctor: what is wrong with a live site or CDN, as it is seen from outside.

`examination` asks, politely and within limits, and keeps what came back as facts (`visit`); the `rules` are
pure functions from those facts to findings.
"""
