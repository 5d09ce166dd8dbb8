"""Audio coach: speaks an exercise routine, counts it and marks every hold with beeps."""

__version__ = "0.1.0"
