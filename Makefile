# `make session` sets everything up and makes the first sound file; `make test` checks a change.

PYTHON ?= python3
VENV ?= .venv
SCRIPTS := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
BIN := $(VENV)/$(SCRIPTS)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
SUPPLY := $(VENV)-supply/$(SCRIPTS)
LOCK := $(SUPPLY)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --custom-compile-command 'make lock'
ROUTINE ?= si-joint-relief
CORE_TESTS := $(addprefix tests/, settings $(patsubst %, test_%.py, advice changes editions \
    formatting layout phrases places plan profile remarks schema script script_writer timeline \
    units volume))
SECONDS ?= 60
TARGETS ?= script imports handout document settings cues sound catalog

# Without it each coach that a test starts compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: session test soak coverage mutants lint format readme pictures fuzz bench lock upgrade audit \
    release clean

session: $(VENV)/.user
	$(BIN)/coach render $(ROUTINE) -o session.wav
	@echo "To exercise now: $(BIN)/coach play $(ROUTINE)"
	@for player in paplay aplay afplay ffplay start; do \
	    command -v $$player >/dev/null 2>&1 || continue; \
	    case $$player in ffplay) player="ffplay -nodisp -autoexit";; esac; \
	    echo "To hear the file: $$player session.wav"; exit 0; \
	done; echo "To hear the file, open session.wav with any player, or copy it to a phone."

test: lint
	$(BIN)/python -m tests.lanes

# The same with far more of what is chosen by chance, and a recording of three minutes: hours,
# before a release.
soak:
	COACH_EXAMPLES=600 COACH_FAULTS=all COACH_KILLS=210 COACH_PRESSES=30 COACH_RECORD_SECONDS=187 \
	    $(MAKE) test

# Every branch of the pure core, by its own tests; see `tool.coverage` in pyproject.toml. What is
# left out lays out hundreds of sessions, and takes no branch that the others do not take.
coverage: $(VENV)/.dev
	COACH_EXAMPLES=5 $(BIN)/coverage run -m pytest -q $(CORE_TESTS) --deselect \
	    tests/settings/test_fit.py::test_it_fits_stays_inside_and_nothing_more_would_fit
	$(BIN)/coverage report

# Puts one small fault after the other into the core, and lists those that no test notices. That
# takes an hour or more; `make mutants ONLY='coach.units.*'` takes minutes.
mutants: $(VENV)/.dev
	$(PIP) --require-hashes -r .ci/lock/mutants.txt
	$(BIN)/mutmut run $(ONLY)
	$(BIN)/mutmut results

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

readme: $(VENV)/.dev
	$(BIN)/python -m tests.readme_reference

# Without a clip at hand every length is estimated, so the picture is the same on every machine.
pictures: $(VENV)/.dev
	@mkdir -p .readme
	home=$$(mktemp -d) && trap 'rm -rf "$$home"' EXIT && \
	    HOME=$$home XDG_CACHE_HOME=$$home XDG_CONFIG_HOME=$$home XDG_DATA_HOME=$$home \
	    $(BIN)/coach show evening-stretches --no-saved --plot .readme/session.svg >/dev/null && \
	    $(BIN)/python -m tests.screenshots $$home && cp $$home/narrow-light.png .readme/page.png

# What is found lies in .fuzz; `python -m tests.fuzz.keep` puts the best of it into the corpus.
fuzz: $(VENV)/.dev
	$(PIP) --require-hashes -r .ci/lock/fuzz.txt
	for target in $(TARGETS); do \
	    $(BIN)/python -m tests.fuzz.run $$target -max_total_time=$(SECONDS) || exit 1; done

# `make bench BENCH="start-up live"` measures some parts, BENCH=--quick all of them roughly, and
# BENCH=--record keeps the figures.
bench: $(VENV)/.user
	$(BIN)/python -m tests.bench $(BENCH)

# The locks after a change of pyproject.toml: what is locked stays, if it can.
lock: $(VENV)-supply/.made
	$(LOCK) $(UPGRADE) pyproject.toml --extra dev --group build -o .ci/lock/test.txt
	for group in build fuzz mutants supply; do \
	    $(LOCK) $(UPGRADE) --group pyproject.toml:$$group \
	        -c .ci/lock/test.txt -o .ci/lock/$$group.txt || exit 1; \
	done
	@touch $<

upgrade:
	$(MAKE) lock UPGRADE=--upgrade

# It asks an advisory service over the network, and fails where that does not answer.
audit: $(VENV)-supply/.made
	$(SUPPLY)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(SUPPLY)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(SUPPLY)/zizmor --offline --no-progress .github
	for lock in build fuzz mutants supply test; do \
	    $(SUPPLY)/pip-audit --strict --disable-pip --require-hashes -r .ci/lock/$$lock.txt || exit 1; \
	done

# What a release consists of, as its workflow makes it.
release: $(VENV)/.dev
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/python -m tests.supply build/audio-coach.cdx.json

clean:
	rm -rf .fuzz .venv .venv-* mutants .coverage build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis session.wav
	find coach tests audio_cues -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.user: $(VENV)/.made
	$(PIP) --only-binary hibari-tts,onnxruntime -e '.[neural]' || { \
	    echo "The neural voice cannot be installed here; the system's voice speaks instead." >&2; \
	    $(PIP) -e .; }
	@touch $@

# First what builds, so that what has no wheel is built with that, and not with what is newest: its
# build looks for `cython` on PATH. The lock names all that is needed; most of it is never imported,
# and need not be compiled.
$(VENV)/.dev: $(VENV)/.made
	$(PIP) --require-hashes -r .ci/lock/build.txt
	PATH="$(abspath $(BIN)):$$PATH" $(PIP) --require-hashes --no-deps --no-compile --no-build-isolation \
	    -r .ci/lock/test.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.user

# An environment of its own, since what is done in it outdates the other.
$(VENV)-supply/.made: .ci/lock/supply.txt
	$(PYTHON) -m venv --clear $(VENV)-supply
	$(SUPPLY)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# A change of these begins anew, so that nothing stays that is no longer asked for.
$(VENV)/.made: pyproject.toml $(wildcard .ci/lock/*.txt)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Python 3.11 or newer is needed, and \`$(PYTHON)\` is none." \
	        "Name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	    echo "\`$(PYTHON)\` cannot make virtual environments." \
	        "On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@
