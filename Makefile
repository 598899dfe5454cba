# setup  install what is needed (system packages where allowed, a virtual environment)
# serve  run the demo application
# call   place a call to the running server and watch it
# demo-data  a month of made-up calls, for the pages of staff
# test   run the tests        check  lint, types, layering        bench  print the measurements

VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?= python3
STAMP  := $(VENV)/.installed
PEERS  := .setup/peers

.PHONY: setup serve call demo-data test check bench clean help

setup: $(STAMP) $(PEERS)

$(STAMP): pyproject.toml
	@sh scripts/install.sh "$(PYTHON)" "$(VENV)"
	@touch $(STAMP)

$(PEERS): scripts/system_packages.sh
	@mkdir -p .setup
	@sh scripts/system_packages.sh
	@touch $(PEERS)

serve: setup
	@echo "==> preparing prompts and intents (minutes the first time, then seconds)"
	@$(BIN)/voicebot prompts build
	@$(BIN)/voicebot intents train --used
	@exec $(BIN)/voicebot serve

call: setup
	@$(BIN)/voicebot call

demo-data: setup
	@$(BIN)/voicebot intents train --used
	@$(BIN)/voicebot demo-data

test: setup
	@VOICEBOT_SERVER__DATA=.setup $(BIN)/voicebot prompts build
	@VOICEBOT_SERVER__DATA=.setup $(BIN)/voicebot intents train --used
	SCREENSHOTS=build/screenshots $(BIN)/pytest -n 2 --dist loadgroup --no-loadscope-reorder

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .setup var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

help:
	@sed -n 's/^# //p' Makefile
