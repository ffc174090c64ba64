# make run        build and run pipelines/quickstart, which needs no data of yours; pictures go to out/
# make test       build and run every test
# make build      build the program, .build/release/reprise
# make install    build and copy the program to PREFIX/bin (PREFIX=/usr/local), the catalogues of known data sets to
#                 PREFIX/share/reprise/catalogues, and completions for bash, zsh and fish to where they look for them
# make bits       show that builds, SIMD levels, processors, threads and kills change no bit
# make bench      measure speed (the package in Benchmarks)
# make fuzz       feed the readers of files damaged input, SECONDS=60 each, TARGET=Manifest one alone (the package in
#                 Fuzzing)
# make sanitize   run the tests with a watch on threads, and with one on memory
# make lint       complain about style
# make format     mend the style in place
# make docs       write docs/TOOLS.md anew and check that links in the pages lead somewhere
# make clean      remove what was built; your cache/ is never touched
#
# Each word that builds first installs missing system packages on Debian and Ubuntu: pkg-config, libpng-dev,
# libhdf5-dev, zlib1g-dev. Everything is built in release, one configuration for program and tests: training without
# optimisation would take hours, and the second command finds most of its work done.

PREFIX ?= /usr/local
CONFIGURATION = -c release
CATALOGUES = data/T91.yml data/Set5.yml data/Set14.yml
SOURCES = Sources Tests Package.swift Benchmarks/Sources/benchmarks Benchmarks/Package.swift \
	$(wildcard Fuzzing/Sources/Fuzz*) Fuzzing/Package.swift

# Where `prerequisites` says that libhdf5 and the others are linked as archives, if they are.
STATIC = $(CURDIR)/.build/static
export PKG_CONFIG_PATH := $(STATIC)$(if $(PKG_CONFIG_PATH),:$(PKG_CONFIG_PATH))

.PHONY: run test build install bits bench fuzz sanitize lint format docs clean prerequisites

run: build
	.build/release/reprise run pipelines/quickstart
	@.build/release/reprise export pipelines/quickstart evaluate --to out/quickstart --quiet >/dev/null
	@echo "Pictures (HR, bicubic, network) and scores: out/quickstart/picture.png, out/quickstart/table.csv"

# Tests use no @testable import; asking for none leaves what `make build` made as it is.
test: prerequisites
	Scripts/test.sh $(CONFIGURATION) --disable-testable-imports

build: prerequisites
	swift build $(CONFIGURATION) --product reprise

install: build
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 .build/release/reprise "$(DESTDIR)$(PREFIX)/bin/reprise"
	install -d "$(DESTDIR)$(PREFIX)/share/reprise/catalogues"
	install -m 644 $(CATALOGUES) "$(DESTDIR)$(PREFIX)/share/reprise/catalogues"
	install -d "$(DESTDIR)$(PREFIX)/share/bash-completion/completions" "$(DESTDIR)$(PREFIX)/share/zsh/site-functions" \
		"$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d"
	.build/release/reprise --generate-completion-script bash \
		> "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/reprise"
	.build/release/reprise --generate-completion-script zsh > "$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_reprise"
	.build/release/reprise --generate-completion-script fish \
		> "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/reprise.fish"

# The debug build has a folder of its own, so that it does not take turns with the release build in one.
bits: build
	Scripts/bits/kernels.sh
	swift build --scratch-path .build-debug --product reprise
	Scripts/bits/program.sh .build/release/reprise .build-debug/debug/reprise

bench: build
	swift run $(CONFIGURATION) --package-path Benchmarks

fuzz: SECONDS = 60
fuzz: prerequisites
	Scripts/fuzz.sh $(SECONDS) $(TARGET)

sanitize: prerequisites
	Scripts/sanitize.sh

lint:
	swift format lint --strict --recursive $(SOURCES)

format:
	swift format --in-place --recursive $(SOURCES)

docs: build
	Scripts/write-tools-page.sh
	Scripts/check-links.sh

clean:
	rm -rf .build .build-debug .build-thread .build-address Benchmarks/.build Fuzzing/.build

prerequisites:
	@Scripts/install-prerequisites.sh
	@Scripts/prefer-archives.sh "$(STATIC)"
