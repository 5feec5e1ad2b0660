# SPDX-License-Identifier: GPL-2.0-or-later
#
# The house style, as far as a line-by-line reader can see it. Reads whole files, named from the top
# of the tree ("rmp/insn.c"), and prints "file:line: rule: what is wrong" for every breach.
# Words that must not stand in the tree are written here so that they do not match themselves.

BEGIN {
    columns_max = 100
    file_lines_max = 500
    function_lines_max = 90

    # Who may include whom (design: the folders only know those below them).
    may["rmp"] = "rmp"
    may["trace"] = "trace"
    may["psp"] = "psp rmp"
    may["rules"] = "rules trace rmp"
    may["db"] = "db trace rmp rules"
    may["cpu"] = "cpu rmp trace"
    may["emu"] = "emu rmp trace psp rules db cpu"
    may["tools"] = "tools rmp trace psp rules db cpu emu"
    may["monitor"] = "monitor"

    # A format that a program of the machine writes and one of the host reads: one header for both.
    shared["monitor/report_abi.h"] = "psp tools"
    shared["monitor/attest_abi.h"] = "psp tools"

    # Each of these libraries is one folder's own affair.
    owner["unicorn"] = "cpu"
    owner["capstone"] = "cpu"
    owner["elfutils"] = "cpu"
    owner["lua"] = "emu"
    owner["lauxlib"] = "emu"
    owner["zstd"] = "emu"
    owner["lzma"] = "emu"
    owner["zlib"] = "emu"
    owner["lz4"] = "emu"
    owner["sqlite"] = "db"

    split("stdalign stdarg stdatomic stdbool stddef stdint stdnoreturn limits string " \
        "bearssl", names, " ")
    for (i in names) freestanding[names[i] ".h"] = 1

    # What would let the host's clock, randomness or environment into a run.
    host_call = "(^|[^A-Za-z0-9_.>])(time|clock|clock_gettime|gettimeofday|rand|srand|random|" \
        "getrandom|getenv|g_getenv|g_random_[a-z_]+|g_rand_new|g_get_monotonic_time|" \
        "g_get_real_time|setlocale|localtime|g_str_hash_seed) *\\("

    machine_path = "(^|[^A-Za-z0-9_.$}])/(home|root|work)/[a-z]"
    registry = "(debian|pypi|rust-lang|pythonhosted)[.]org|ubuntu[.]com|npmjs[.]|crates[.]io|" \
        "snapcraft[.]io|docker[.]io|googleapis[.]com"
    mark = "(^|[^A-Za-z_])(TO" "DO|FIX" "ME|XX" "X|HA" "CK)([^A-Za-z_]|$)"
}

function breach(line, rule, text) {
    printf "%s:%d: %s: %s\n", file, line, rule, text
    breaches++
}

# monitor/ is a program of its own; in tests/ the name of the file will do.
function guard_of(path,    name) {
    name = toupper(path)
    if (folder == "tests") sub(/.*\//, "TESTS_", name)
    gsub(/[^A-Z0-9]/, "_", name)
    return folder == "monitor" ? name : "PROVA_" name
}

function begin_file() {
    file = FILENAME
    sub(/^\.\//, "", file)
    folder = file ~ /\// ? file : ""
    sub(/\/.*/, "", folder)
    product = folder in may
    c = file ~ /\.[ch]$/
    header = file ~ /\.h$/
    prose = file ~ /\.md$/
    guard = guard_of(file)
    spdx = guarded = 0
    function_start = 0
    last = ""
}

function end_file() {
    if (file == "") return
    if (!prose && !spdx)
        breach(1, "spdx", "no SPDX-License-Identifier: GPL-2.0-or-later at the top")
    if ((c || file ~ /\.S$/) && lines > file_lines_max)
        breach(lines, "file-length", lines " lines, at most " file_lines_max)
    if (header && guarded != 2)
        breach(1, "guard", "no include guard " guard)
    if (last == "" && lines > 0)
        breach(lines, "end", "empty line at the end")
}

# An #include line of a C or assembly file.
function check_include(    name, wanted, first, library) {
    name = $0
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", name)
    if (name ~ /^"/) {
        wanted = substr(name, 2); sub(/".*/, "", wanted)
        first = wanted; sub(/\/.*/, "", first)
        if (wanted !~ /\//)
            breach(FNR, "include", "\"" wanted "\" is not named from the top of the tree")
        else if (index(" " shared[wanted] " ", " " folder " ") != 0) return
        else if (product && index(" " may[folder] " ", " " first " ") == 0)
            breach(FNR, "include", folder "/ must not know " first "/")
        return
    }
    if (!product) return
    wanted = substr(name, 2); sub(/>.*/, "", wanted)
    for (library in owner)
        if (index(wanted, library) == 1 && owner[library] != folder)
            breach(FNR, "include", "<" wanted "> belongs to " owner[library] "/ alone")
    if (folder == "monitor" && !(wanted in freestanding))
        breach(FNR, "include", "<" wanted "> is not for a freestanding program")
    if (folder == "rmp" && wanted ~ /^(stdio|time|unistd|fcntl|pthread|signal|errno)\.h$|^sys\//)
        breach(FNR, "pure", "<" wanted "> in a pure model")
}

FNR == 1 {
    end_file()
    begin_file()
}

{
    lines = FNR
    last = $0
    if (FNR <= 3 && /SPDX-License-Identifier: GPL-2\.0-or-later/) spdx = 1
    if ($0 ~ machine_path) breach(FNR, "word", "a path of one machine")
    if ($0 ~ registry) breach(FNR, "word", "the host name of a package registry")
    if ($0 ~ mark) breach(FNR, "mark", "open points belong into docs/limits.md")
    if (/[ \t\r]$/) breach(FNR, "space", "white space at the end of the line")
    if (prose) next

    if (/\t/) breach(FNR, "tab", "a tab")
    width = $0
    gsub(/[\200-\277]/, "", width)
    if (length(width) > columns_max)
        breach(FNR, "columns", length(width) " columns, at most " columns_max)
}

(c || file ~ /\.S$/) && /^[ \t]*#[ \t]*include[ \t]*["<]/ { check_include() }

header && guarded == 0 && $0 == "#ifndef " guard { guarded = 1 }
header && guarded == 1 && $0 == "#define " guard { guarded = 2 }

c && /^\{/ { function_start = FNR }
c && /^\}/ {
    if (function_start && FNR - function_start + 1 > function_lines_max)
        breach(function_start, "function-length", FNR - function_start + 1 " lines, at most " \
            function_lines_max)
    function_start = 0
}

c && product && folder !~ /^(tools|db|monitor)$/ && $0 ~ host_call && !/^[ ]*(\/?\*|\/\/)/ {
    breach(FNR, "host", "the host's clock, randomness or environment in a deterministic part")
}

END {
    end_file()
    exit breaches > 0
}
