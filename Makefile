# Every target does all its own set-up; the first call takes minutes, later ones a moment.
PYTHON := .venv/bin/python

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16

run: display  ## Open the window; FILE=name.workbench opens that project
	@packaging/setup.sh
	@$(PYTHON) -m workbench $(if $(FILE),"$(FILE)")

test:  ## Lint, types, import contracts, then the whole test suite, without a display
	@packaging/setup.sh dev
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@$(PYTHON) -c "from importlinter.cli import lint_imports_command as lint; lint()"
	@QT_QPA_PLATFORM=offscreen OMP_NUM_THREADS=1 $(PYTHON) -m pytest -q -n 2 --dist worksteal

bundle:  ## Build dist/workbench, a folder that runs without Python, and try it
	@packaging/bundle.sh

clean:  ## Remove what was built and cached; .venv, your projects and runs stay
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find workbench tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

display:
	@if [ "$$(uname)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY$$QT_QPA_PLATFORM" ]; then \
	    echo "The window needs a display and this session has none (DISPLAY and WAYLAND_DISPLAY are" \
	         "unset): log in to a desktop, use ssh -X, or train without a window by" \
	         "'workbench train'." >&2; exit 1; fi

.PHONY: help run test bundle clean display
