# Installation. It needs no cargo: build as a user, install as root.

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
DOCDIR ?= $(DATADIR)/doc/libmongoose
DESTDIR ?=
INSTALL ?= install
STRIP ?= strip

# The interface and our count of releases of it, as in 7.23.0; the SONAME has the former.
VERSION := $(shell sed -n '/^\[package.metadata.capi.library\]/,/^$$/s/^version = "\(.*\)"/\1/p' Cargo.toml)
ABI := $(basename $(VERSION))
NAME_OF_LIBRARY := libmongoose$(if $(filter 32-30-32,$(LAYOUT)),,-d$(word 1,$(subst -, ,$(LAYOUT)))-h$(word 2,$(subst -, ,$(LAYOUT)))-u$(word 3,$(subst -, ,$(LAYOUT))))
SONAME := $(NAME_OF_LIBRARY).so.$(ABI)
LIBRARY_FILE := $(NAME_OF_LIBRARY).so.$(VERSION)

PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
CMAKEDIR ?= $(LIBDIR)/cmake/mongoose

# The CMake package finds the other files from where it lies, so the tree may be moved.
empty :=
space := $(empty) $(empty)
up = $(subst $(space),/,$(patsubst %,..,$(subst /, ,$(patsubst $(PREFIX)/%,%,$(1)))))
from_cmakedir = $(if $(and $(filter $(PREFIX)/%,$(CMAKEDIR)),$(filter $(PREFIX)/%,$(1))),$\
  $${CMAKE_CURRENT_LIST_DIR}/$(call up,$(CMAKEDIR))/$(patsubst $(PREFIX)/%,%,$(1)),$(1))
in_prefix = $(patsubst $(PREFIX)/%,$${prefix}/%,$(1))

fill_in = sed -e 's|@PREFIX@|$(PREFIX)|' \
  -e 's|@PC_LIBDIR@|$(call in_prefix,$(LIBDIR))|' -e 's|@PC_INCLUDEDIR@|$(call in_prefix,$(INCLUDEDIR))|' \
  -e 's|@CMAKE_LIBDIR@|$(call from_cmakedir,$(LIBDIR))|' -e 's|@CMAKE_INCLUDEDIR@|$(call from_cmakedir,$(INCLUDEDIR))|' \
  -e 's|@VERSION@|$(VERSION)|' -e 's|@SONAME@|$(SONAME)|' -e 's|@LIBRARY_FILE@|$(LIBRARY_FILE)|' \
  -e 's|@SYSTEM_LIBS@|$(SYSTEM_LIBS)|' -e 's|@SYSTEM_LIBS_CMAKE@|$(subst $(space),;,$(patsubst -l%,%,$(SYSTEM_LIBS)))|'

.PHONY: install install-strip uninstall

install: ## install what was built under PREFIX (default: /usr/local)
	@[ -e $(LIB)/libmongoose.so ] && [ -e $(LIB)/libmongoose.a ] || { echo 'nothing to install yet: run make build first' >&2; exit 1; }
	$(INSTALL) -d $(addprefix '$(DESTDIR)',$(LIBDIR) $(INCLUDEDIR) $(PKGCONFIGDIR) $(CMAKEDIR) $(MANDIR)/man3 $(DOCDIR))
	$(INSTALL) -m 755 $(LIB)/libmongoose.so '$(DESTDIR)$(LIBDIR)/$(LIBRARY_FILE)'
	ln -sfn $(LIBRARY_FILE) '$(DESTDIR)$(LIBDIR)/$(SONAME)'
	ln -sfn $(SONAME) '$(DESTDIR)$(LIBDIR)/libmongoose.so'
	$(INSTALL) -m 644 $(LIB)/libmongoose.a '$(DESTDIR)$(LIBDIR)/libmongoose.a'
	$(INSTALL) -m 644 $(INCLUDE)/mongoose.h include/mongoose.hpp '$(DESTDIR)$(INCLUDEDIR)'
	$(fill_in) packaging/mongoose.pc.in >'$(DESTDIR)$(PKGCONFIGDIR)/mongoose.pc'
	$(fill_in) packaging/mongoose-config.cmake.in >'$(DESTDIR)$(CMAKEDIR)/mongoose-config.cmake'
	$(fill_in) packaging/mongoose-config-version.cmake.in >'$(DESTDIR)$(CMAKEDIR)/mongoose-config-version.cmake'
	$(fill_in) packaging/libmongoose.3.in >'$(DESTDIR)$(MANDIR)/man3/libmongoose.3'
	$(INSTALL) -m 644 README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE '$(DESTDIR)$(DOCDIR)'
	@chmod 644 '$(DESTDIR)$(PKGCONFIGDIR)/mongoose.pc' '$(DESTDIR)$(CMAKEDIR)'/mongoose-config*.cmake '$(DESTDIR)$(MANDIR)/man3/libmongoose.3'
	@# A folder that the loader searches: its cache has to learn of the library.
	@if [ -z '$(DESTDIR)' ] && [ "$$(id -u)" = 0 ] && ldconfig -N -v 2>/dev/null | grep -q '^$(LIBDIR):'; then ldconfig; fi

install-strip: install ## the same, without the line tables for debuggers
	$(STRIP) --strip-unneeded '$(DESTDIR)$(LIBDIR)/$(LIBRARY_FILE)'
	$(STRIP) --strip-debug '$(DESTDIR)$(LIBDIR)/libmongoose.a'

uninstall: ## remove what install put there; takes the same variables
	rm -f $(addprefix '$(DESTDIR)$(LIBDIR)'/,$(LIBRARY_FILE) $(SONAME) libmongoose.so libmongoose.a) \
	  '$(DESTDIR)$(INCLUDEDIR)'/mongoose.h{,pp} '$(DESTDIR)$(PKGCONFIGDIR)/mongoose.pc' '$(DESTDIR)$(MANDIR)/man3/libmongoose.3' \
	  '$(DESTDIR)$(CMAKEDIR)'/mongoose-config{,-version}.cmake \
	  $(addprefix '$(DESTDIR)$(DOCDIR)'/,README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE)
	@rmdir '$(DESTDIR)$(CMAKEDIR)' '$(DESTDIR)$(DOCDIR)' 2>/dev/null || true

.PHONY: deb test-deb

deb: build ## make Debian packages in target/deb
	packaging/make_deb

test-deb: deb ## install these packages in a fresh Debian root and use them there (needs root, debootstrap and a mirror)
	tests/consumers/debian_root
