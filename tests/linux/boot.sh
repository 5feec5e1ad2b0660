#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# boot.sh PROVA FLAVOUR RELEASE ENTRY CPUS WORK[,WORK...]: one of Debian's kernels boots as the guest
# and does the work in user space (tests/linux/initramfs --help), with every invariant and rule
# holding. WORK `twice` is for this script: the stream of a second run is the same. A kernel of
# release `newest` is not in our hands: what fails with it is told and does not count.
PROVA=$1 flavour=$2 release=$3 entry=$4 cpus=$5 work=$6
set -u
LC_ALL=C
export LC_ALL
here=$(dirname "$0")
WORK=$(mktemp -d) || exit 1
trap 'rm -rf "$WORK"' EXIT
failures=0

fail() {
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

says() { # text
    grep -qF -e "$1" "$WORK/out" || fail "the console does not say '$1'"
}

boot() { # output; the exit code of the run
    "$PROVA" run --monitor default --cpus "$cpus" --memory 256M --kernel "$WORK/vmlinuz" \
        --initrd "$WORK/initrd.gz" --entry "$entry" --append "prova.do=info,${work%,twice}" \
        >"$1" 2>&1 </dev/null
}

# The bytes between the marks of that name.
attached() { # name
    sed -n "/^-----BEGIN PROVA $1-----/,/^-----END PROVA $1-----/p" "$WORK/out" |
        grep -v -e '^-----' | tr -d '\r' | base64 -d
}

# An attestation report (SEV-SNP ABI 56860, table 23) of that VMPL; REPORT_DATA, where it is told,
# in hexadecimal.
report_check() { # name vmpl [data]
    attached "$1" >"$WORK/report"
    if [ "$(wc -c <"$WORK/report")" -ne 1184 ]; then
        fail "$1 has $(wc -c <"$WORK/report") bytes, not 1184"
        return
    fi
    [ "$(od -An -tu4 -j 48 -N 4 "$WORK/report" | tr -d ' ')" = "$2" ] || fail "$1: not of VMPL $2"
    data=$(od -An -v -tx1 -j 80 -N 64 "$WORK/report" | tr -d ' \n')
    [ -z "${3:-}" ] || [ "$data" = "$3" ] || fail "$1: its data is $data"
}

# init's nonce goes into REPORT_DATA as it is, or as SHA-512(nonce || manifest) (SVSM 58019, 7.1).
reports_check() {
    nonce='The nonce of a test: sixty-four bytes, the same ones every time.'
    says 'PROVA-REPORT GUEST ok'
    says 'PROVA-REPORT SVSM ok'
    report_check 'GUEST REPORT' 2 "$(printf %s "$nonce" | od -An -v -tx1 | tr -d ' \n')"
    attached 'SVSM MANIFEST' >"$WORK/manifest"
    report_check 'SVSM REPORT' 0 \
        "$({ printf %s "$nonce"; cat "$WORK/manifest"; } | sha512sum | cut -d' ' -f1)"
}

cpus_check() {
    i=1
    while [ $i -lt "$cpus" ]; do
        says "PROVA-CPU $i offline ok"
        says "PROVA-CPU $i online ok"
        i=$((i + 1))
    done
    [ "$(grep -c "PROVA-CPUS $cpus\$" "$WORK/out")" -eq 2 ] ||
        fail "not all $cpus processors are there in the end"
}

check() {
    boot "$WORK/console"
    code=$?
    tr -d '\r' <"$WORK/console" >"$WORK/out"
    if [ $code -ne 0 ]; then
        fail "prova run: exit code $code"
        return
    fi
    says PROVA-SHELL-READY
    says "PROVA-KERNEL $(sed -n 's/^kernel *//p' "$WORK/about")"
    says 'Memory Encryption Features active: AMD SEV SEV-ES SEV-SNP'
    says 'SEV: SNP running at VMPL2.'
    grep -q "PROVA-CPUS $cpus\$" "$WORK/out" || fail "the kernel does not have $cpus processors"
    grep 'PROVA-UNKNOWN' "$WORK/out" && fail "no such work"
    grep -E '\] WARNING: |BUG: |Oops|Call Trace:' "$WORK/out" && fail "the kernel complains"
    grep -q '^ended *powered-off' "$WORK/out" || fail "the run does not end by powering off"
    rules=$({ "$PROVA" list invariants; "$PROVA" list rules; } | wc -l)
    holding=$(grep -cE '^holds +(invariant|rule) ' "$WORK/out")
    [ "$rules" -gt 0 ] && [ "$holding" -eq "$rules" ] || fail "$holding of $rules rules hold"
    case ,$work, in *,cpus,*) cpus_check ;; esac
    case ,$work, in *,report,*) reports_check ;; esac
    case ,$work, in
        *,twice,*)
            boot "$WORK/again"
            [ "$(sed -n 's/^stream *//p' "$WORK/again")" = \
                "$(sed -n 's/^stream *//p' "$WORK/out")" ] || fail "a second run has another stream"
            ;;
    esac
}

"$here/kernel" "$flavour" "$release" "$WORK" || exit $?
"$here/initramfs" --modules "$WORK/modules" "$WORK/initrd.gz" || exit $?
check
grep -E '^(ended|after|stream)' "$WORK/out"
[ "$failures" -eq 0 ] && exit 0
grep -vE '^(holds|ok) ' "$WORK/out" >&2
if [ "$release" = newest ]; then
    echo "boot.sh: not counted: this kernel need not boot" >&2
    exit 77
fi
exit 1
