"""The tests of coach."""

import os

# As `coach` itself says before numpy is loaded: its threads would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
