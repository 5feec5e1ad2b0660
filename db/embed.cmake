# SPDX-License-Identifier: GPL-2.0-or-later
#
# cmake -DSOURCE=<db folder> -DOUT=<file.c> -P embed.cmake: puts the SQL texts into a C file, with
# what the header comments of invariants and queries say about them.
cmake_minimum_required(VERSION 3.25)

# One C array of bytes, closed by a NUL.
function(embed_text out symbol file)
    file(READ "${file}" hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n"
           bytes "${bytes}")
    set(${out} "${symbol}[] = {\n${bytes}0};\n" PARENT_SCOPE)
endfunction()

# The value of "-- key: value" as a C string.
function(comment_field out file key)
    file(STRINGS "${file}" line REGEX "^-- ${key}: " LIMIT_COUNT 1)
    if(NOT line)
        message(FATAL_ERROR "${file}: no line '-- ${key}: ...'")
    endif()
    string(REGEX REPLACE "^-- ${key}: " "" value "${line}")
    string(REPLACE "\\;" ";" value "${value}") # file(STRINGS) makes a list
    string(REPLACE "\\" "\\\\" value "${value}")
    string(REPLACE "\"" "\\\"" value "${value}")
    set(${out} "\"${value}\"" PARENT_SCOPE)
endfunction()

set(code "/* Made by db/embed.cmake. */\n#include \"db/internal.h\"\n\n")
foreach(name schema views indexes)
    embed_text(text "const char db_${name}_sql" "${SOURCE}/${name}.sql")
    string(APPEND code "${text}\n")
endforeach()

file(GLOB files "${SOURCE}/invariants/*.sql")
list(SORT files)
set(rows "")
set(i 0)
foreach(file IN LISTS files)
    embed_text(text "static const char invariant_${i}" "${file}")
    get_filename_component(name "${file}" NAME_WE)
    string(REGEX REPLACE "^[0-9]+-" "" name "${name}")
    comment_field(kind "${file}" kind)
    comment_field(statement "${file}" statement)
    comment_field(source "${file}" source)
    if(kind STREQUAL "\"invariant\"")
        set(kind RULE_INVARIANT)
    elseif(kind STREQUAL "\"rule\"")
        set(kind RULE_GHOST)
    else()
        message(FATAL_ERROR "${file}: kind is ${kind}, want invariant or rule")
    endif()
    string(APPEND code "${text}\n")
    string(APPEND rows "    {\"${name}\", ${kind}, ${statement}, ${source}, invariant_${i}},\n")
    math(EXPR i "${i} + 1")
endforeach()
string(APPEND code "const struct db_invariant db_invariants[] = {\n${rows}};\n"
       "const size_t db_invariants_count = ${i};\n\n")

file(GLOB files "${SOURCE}/queries/*.sql")
list(SORT files)
set(rows "")
set(i 0)
foreach(file IN LISTS files)
    embed_text(text "static const char query_${i}" "${file}")
    get_filename_component(name "${file}" NAME_WE)
    comment_field(description "${file}" description)
    string(APPEND code "${text}\n")
    string(APPEND rows "    {\"${name}\", ${description}, query_${i}},\n")
    math(EXPR i "${i} + 1")
endforeach()
string(APPEND code "const struct db_query_info db_queries[] = {\n${rows}};\n"
       "const size_t db_queries_count = ${i};\n")

file(WRITE "${OUT}" "${code}")
