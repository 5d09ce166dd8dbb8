"""Sessions of many people: a roster says who gets what, a manifest what was made of it."""
