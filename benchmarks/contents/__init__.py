"""What the files of the generated site contain, one kind of file per module, the same bytes everywhere."""
