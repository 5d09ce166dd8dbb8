"""Files: those that ship, those that somebody names, and those that are written."""
