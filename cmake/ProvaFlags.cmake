# SPDX-License-Identifier: GPL-2.0-or-later
#
# Compiler flags. What stands here at the top is for everything; prova_host_flags() adds what only
# the emulator takes (sanitizers, coverage, hosted C).

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()

# Assertions are part of the product: no build type defines NDEBUG.
# Sanitized builds take another optimisation level on purpose: their streams are compared.
if(PROVA_SANITIZE)
    set(CMAKE_C_FLAGS_RELEASE "-O1 -g")
else()
    set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
endif()
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_MINSIZEREL "-Os -g")
set(CMAKE_C_FLAGS_DEBUG "-O0 -g3")

add_compile_options(
    "$<$<COMPILE_LANGUAGE:C>:-Wall;-Wextra;-Wshadow;-Wstrict-prototypes;-Wmissing-prototypes>"
    "$<$<COMPILE_LANGUAGE:C>:-Wvla;-Werror=implicit-function-declaration>"
    "$<$<COMPILE_LANGUAGE:C>:-fvisibility=hidden;-fno-common>")
if(PROVA_WERROR)
    add_compile_options("$<$<COMPILE_LANGUAGE:C>:-Werror>")
endif()

# The same sources give the same bytes wherever the checkout and the build lie. (The map given last
# is tried first, and the build directory may be inside the source directory.)
add_compile_options(
    "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/="
    "-ffile-prefix-map=${PROJECT_BINARY_DIR}=build")
set(CMAKE_SKIP_RPATH ON)
set(CMAKE_C_ARCHIVE_CREATE "<CMAKE_AR> qcD <TARGET> <OBJECTS>")
set(CMAKE_C_ARCHIVE_FINISH "<CMAKE_RANLIB> -D <TARGET>")

include_directories("${PROJECT_SOURCE_DIR}")

macro(prova_host_flags)
    add_compile_definitions(
        _POSIX_C_SOURCE=200809L
        PROVA_VERSION="${PROJECT_VERSION}"
        GLIB_VERSION_MIN_REQUIRED=GLIB_VERSION_2_66
        GLIB_VERSION_MAX_ALLOWED=GLIB_VERSION_2_66)
    if(PROVA_SANITIZE)
        add_compile_options("-fsanitize=${PROVA_SANITIZE}" -fno-sanitize-recover=all
                            -fno-omit-frame-pointer)
        add_link_options("-fsanitize=${PROVA_SANITIZE}")
    endif()
    if(PROVA_COVERAGE)
        add_compile_options(--coverage)
        add_link_options(--coverage)
    endif()
endmacro()
