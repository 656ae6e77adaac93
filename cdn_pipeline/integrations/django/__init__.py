"""Django: storage, template tags, checks and the `assets` command."""
