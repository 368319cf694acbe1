"""What readers say of the directory, anonymously: opinions, what they could not find, corrections they suggest."""
