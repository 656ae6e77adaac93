"""Template libraries: `assets`, and `django_static` for sites that come from there."""
