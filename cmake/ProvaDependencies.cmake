# SPDX-License-Identifier: GPL-2.0-or-later
#
# Libraries, all by pkg-config, each as an imported target PkgConfig::NAME. Everything that is
# missing is reported at once, with the command that installs it.

find_package(PkgConfig REQUIRED)

set(PROVA_MISSING "")

# prova_library(NAME module>=version ...)
function(prova_library name)
    # A result kept from an earlier run would hide what has been installed since.
    unset(${name}_FOUND CACHE)
    unset(__pkg_config_checked_${name} CACHE)
    pkg_check_modules(${name} QUIET IMPORTED_TARGET GLOBAL ${ARGN})
    if(NOT ${name}_FOUND)
        set(lines "${PROVA_MISSING}")
        foreach(wanted IN LISTS ARGN)
            string(REGEX REPLACE "[<>=].*" "" module "${wanted}")
            pkg_check_modules(PROVA_PROBE QUIET "${wanted}")
            if(NOT PROVA_PROBE_FOUND)
                unset(PROVA_PROBE_FOUND CACHE)
                unset(__pkg_config_checked_PROVA_PROBE CACHE)
                pkg_check_modules(PROVA_PROBE QUIET "${module}")
                if(PROVA_PROBE_FOUND)
                    string(APPEND lines "  ${wanted} (found only ${PROVA_PROBE_VERSION})\n")
                else()
                    string(APPEND lines "  ${wanted}\n")
                endif()
            endif()
            unset(PROVA_PROBE_FOUND CACHE)
            unset(__pkg_config_checked_PROVA_PROBE CACHE)
        endforeach()
        set(PROVA_MISSING "${lines}" PARENT_SCOPE)
    endif()
endfunction()

prova_library(GLIB     glib-2.0>=2.66)
prova_library(SQLITE   sqlite3>=3.34)
prova_library(LUA      lua5.4)
prova_library(NETTLE   nettle>=3.7)
prova_library(HOGWEED  hogweed>=3.7)
prova_library(GMP      gmp)
prova_library(GNUTLS   gnutls>=3.7)
prova_library(XXHASH   libxxhash>=0.8)
prova_library(CAPSTONE capstone>=4.0)
prova_library(LIBDW    libdw)
prova_library(LIBELF   libelf)
# The four ways in which a Linux kernel may be compressed.
prova_library(ZSTD     libzstd>=1.4)
prova_library(LZMA     liblzma>=5.2)
prova_library(ZLIB     zlib)
prova_library(LZ4      liblz4>=1.9)
# The TLB-fill hook, on which the MMU stands, came with 2.1; 2.1.1 is the oldest that was tested.
prova_library(UNICORN  unicorn>=2.1.1)

if(PROVA_MISSING)
    message(FATAL_ERROR
        "Prova cannot be built: pkg-config does not find\n${PROVA_MISSING}"
        "Install them with tools/setup (Debian, Ubuntu); docs/building.md names the packages.")
endif()
