"""What _css.c holds."""
