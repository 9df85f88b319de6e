# Installs viraudit from source: needs cargo (Rust 1.88 or later), a C compiler and make.
#
#   make                                           build
#   make install PREFIX=/usr/local                 install, as root
#   make install DESTDIR=/tmp/stage PREFIX=/usr    install into a staging directory, for packages
#   make uninstall PREFIX=/usr/local               remove what install put there
#
# Distributions set LIBDIR (/usr/lib64, /usr/lib/x86_64-linux-gnu) and SYSCONFDIR (/etc). With cargo-c,
# `cargo cinstall` installs the library too.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
LIBEXECDIR ?= $(PREFIX)/libexec
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
DOCDIR ?= $(DATADIR)/doc/viraudit
PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
SYSCONFDIR ?= /etc

CARGO ?= cargo
# For instance --offline, or --target TRIPLE with a cross compiler.
CARGOFLAGS ?= --locked
INSTALL ?= install
STRIP ?= strip

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# The number behind .so changes when programs must be compiled anew: see docs/abi.md.
SONAME := libviraudit.so.0
REALNAME := libviraudit.so.$(VERSION)

TARGET_DIR ?= target
OUT ?= $(TARGET_DIR)/dist
CARGO_DIST = $(CARGO) $(1) --profile dist $(CARGOFLAGS) --target-dir $(TARGET_DIR)

# What a program needs besides when it is linked with libviraudit.a: rustc's own list, which
# tests/consumers/run holds against what rustc says.
PRIVATE_LIBS := -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc

.PHONY: all build install install-lib install-dev install-tool install-strip uninstall

all: build

build: $(OUT)/built

# cargo doesn't know that the library is to be linked in two ways, so make knows what is fresh.
# Debian's rustc gives every shared library an SONAME, others give none: here it is always the same.
$(OUT)/built: Makefile $(shell find Cargo.toml Cargo.lock build.rs src auvirt cli preload trail include -type f)
	$(call CARGO_DIST,build) -p viraudit-cli
	$(call CARGO_DIST,rustc) -p viraudit-preload --lib --crate-type cdylib -- \
		-C link-arg=-Wl,-soname,libviraudit_preload.so
	$(call CARGO_DIST,rustc) -p viraudit --lib --crate-type staticlib
	$(call CARGO_DIST,rustc) -p viraudit --lib --crate-type cdylib -- \
		-C link-arg=-Wl,-soname,$(SONAME)
	mkdir -p $(OUT)/completions
	$(OUT)/viraudit completions bash > $(OUT)/completions/viraudit
	$(OUT)/viraudit completions zsh > $(OUT)/completions/_viraudit
	$(OUT)/viraudit completions fish > $(OUT)/completions/viraudit.fish
	touch $@

install: install-lib install-dev install-tool

# What programs and a preloaded libvirtd need to run.
install-lib: build
	$(INSTALL) -d '$(DESTDIR)$(LIBDIR)' '$(DESTDIR)$(SYSCONFDIR)/viraudit' \
		'$(DESTDIR)$(DATADIR)/viraudit/systemd' '$(DESTDIR)$(MANDIR)/man5'
	$(INSTALL) -m 755 $(OUT)/libviraudit.so '$(DESTDIR)$(LIBDIR)/$(REALNAME)'
	ln -sf $(REALNAME) '$(DESTDIR)$(LIBDIR)/$(SONAME)'
	$(INSTALL) -m 755 $(OUT)/libviraudit_preload.so '$(DESTDIR)$(LIBDIR)/'
	$(INSTALL) -m 644 conf/systemd/*.conf '$(DESTDIR)$(DATADIR)/viraudit/systemd/'
	# Somebody's own settings stay.
	[ -e '$(DESTDIR)$(SYSCONFDIR)/viraudit/viraudit.conf' ] || \
		$(INSTALL) -m 644 conf/viraudit.conf '$(DESTDIR)$(SYSCONFDIR)/viraudit/'
	$(INSTALL) -m 644 docs/man/*.5 '$(DESTDIR)$(MANDIR)/man5/'

# What compiling against it needs.
install-dev: install-lib
	$(INSTALL) -d '$(DESTDIR)$(INCLUDEDIR)' '$(DESTDIR)$(PKGCONFIGDIR)' '$(DESTDIR)$(MANDIR)/man3'
	$(INSTALL) -m 644 include/viraudit.h '$(DESTDIR)$(INCLUDEDIR)/'
	ln -sf $(SONAME) '$(DESTDIR)$(LIBDIR)/libviraudit.so'
	$(INSTALL) -m 644 $(OUT)/libviraudit.a '$(DESTDIR)$(LIBDIR)/'
	sed -e '/^#/d; s|@prefix@|$(PREFIX)|; s|@libdir@|$(LIBDIR)|; s|@includedir@|$(INCLUDEDIR)|' \
		-e 's|@version@|$(VERSION)|; s|@private_libs@|$(PRIVATE_LIBS)|' \
		conf/viraudit.pc.in > '$(DESTDIR)$(PKGCONFIGDIR)/viraudit.pc'
	chmod 644 '$(DESTDIR)$(PKGCONFIGDIR)/viraudit.pc'
	$(INSTALL) -m 644 docs/man/*.3 '$(DESTDIR)$(MANDIR)/man3/'

# The tool. As auvirt it is out of the way of audit's own, which some distributions still have.
# The documentation lies as in the source tree, so that its links hold.
install-tool: build
	$(INSTALL) -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(LIBEXECDIR)/viraudit' \
		'$(DESTDIR)$(MANDIR)/man1' '$(DESTDIR)$(DOCDIR)/docs' \
		'$(DESTDIR)$(DATADIR)/bash-completion/completions' \
		'$(DESTDIR)$(DATADIR)/zsh/site-functions' '$(DESTDIR)$(DATADIR)/fish/vendor_completions.d'
	$(INSTALL) -m 755 $(OUT)/viraudit '$(DESTDIR)$(BINDIR)/'
	ln -sf '$(BINDIR)/viraudit' '$(DESTDIR)$(LIBEXECDIR)/viraudit/auvirt'
	$(INSTALL) -m 644 docs/man/*.1 '$(DESTDIR)$(MANDIR)/man1/'
	$(INSTALL) -m 644 README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT '$(DESTDIR)$(DOCDIR)/'
	$(INSTALL) -m 644 docs/*.md '$(DESTDIR)$(DOCDIR)/docs/'
	find conf/apparmor conf/plugins.d conf/selinux examples -type f -exec sh -c 'for file; do \
		$(INSTALL) -D -m 644 "$$file" "$(DESTDIR)$(DOCDIR)/$$file" || exit; done' sh {} +
	$(INSTALL) -m 644 $(OUT)/completions/viraudit '$(DESTDIR)$(DATADIR)/bash-completion/completions/'
	$(INSTALL) -m 644 $(OUT)/completions/_viraudit '$(DESTDIR)$(DATADIR)/zsh/site-functions/'
	$(INSTALL) -m 644 $(OUT)/completions/viraudit.fish \
		'$(DESTDIR)$(DATADIR)/fish/vendor_completions.d/'

install-strip: install
	$(STRIP) --strip-unneeded '$(DESTDIR)$(LIBDIR)/$(REALNAME)' \
		'$(DESTDIR)$(LIBDIR)/libviraudit_preload.so' '$(DESTDIR)$(BINDIR)/viraudit'
	$(STRIP) --strip-debug '$(DESTDIR)$(LIBDIR)/libviraudit.a'

# Settings stay: they may be somebody's own.
uninstall:
	rm -f '$(DESTDIR)$(LIBDIR)'/libviraudit.so.0* \
		'$(DESTDIR)$(LIBDIR)/libviraudit.so' '$(DESTDIR)$(LIBDIR)/libviraudit.a' \
		'$(DESTDIR)$(LIBDIR)/libviraudit_preload.so' '$(DESTDIR)$(PKGCONFIGDIR)/viraudit.pc' \
		'$(DESTDIR)$(INCLUDEDIR)/viraudit.h' '$(DESTDIR)$(BINDIR)/viraudit' \
		'$(DESTDIR)$(DATADIR)/bash-completion/completions/viraudit' \
		'$(DESTDIR)$(DATADIR)/zsh/site-functions/_viraudit' \
		'$(DESTDIR)$(DATADIR)/fish/vendor_completions.d/viraudit.fish'
	for page in docs/man/*.[135]; do \
		rm -f '$(DESTDIR)$(MANDIR)'/man"$${page##*.}/$${page##*/}"; done
	rm -rf '$(DESTDIR)$(LIBEXECDIR)/viraudit' '$(DESTDIR)$(DATADIR)/viraudit' '$(DESTDIR)$(DOCDIR)'
