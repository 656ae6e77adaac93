"""Provisioning: a private bucket and CloudFront in front of it, as the config describes them.

``describe`` reads the config, ``description`` is what there is to be. The reconciler makes it so;
``cloudformation`` and ``terraform`` write it as templates.
"""
