"""A handout's text into a routine script, by rules: nothing is guessed without saying so."""
