#!/usr/bin/env bash
# Installs what is missing to build, run, test or measure siraj; does nothing when all is there.
#
#   scripts/prepare.sh [run|test|bench]
#
# run:   PostgreSQL's programs, a C compiler
# test:  the same, Node.js and npm for the TypeScript client, xmllint for the files of IATI, openpyxl for workbooks, fonts and poppler for the pages of reports
# bench: the same as run, wrk and Python 3
set -euo pipefail

what=${1:-run}
case $what in run | test | bench) ;; *)
    echo "usage: scripts/prepare.sh [run|test|bench]" >&2
    exit 2
    ;;
esac

# A program is enough wherever it lies; Debian keeps those of PostgreSQL out of the PATH.
has() { command -v "$1" >/dev/null 2>&1; }
has_postgres() {
    # The service looks in the same places.
    [[ -n ${PG_BIN:-} && -x $PG_BIN/initdb ]] && return
    has initdb && return
    has pg_config && [[ -x $(pg_config --bindir)/initdb ]] && return
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}
has_openpyxl() { python3 -c 'import openpyxl' 2>/dev/null || /usr/bin/python3 -c 'import openpyxl' 2>/dev/null; }
newest_node() { has node && has npm && [[ $(node --version) =~ ^v([0-9]+) ]] && ((BASH_REMATCH[1] >= 18)); }

missing=()
has_postgres || missing+=(postgresql)
has cc || missing+=(build-essential)
if [[ $what == test ]] && ! newest_node; then missing+=(nodejs npm); fi
if [[ $what == test ]] && ! has xmllint; then missing+=(libxml2-utils); fi
if [[ $what == test ]] && ! has_openpyxl; then missing+=(python3-openpyxl); fi
if [[ $what == test ]] && ! has pdftotext; then missing+=(poppler-utils); fi
if [[ $what == test && ! -e ${SIRAJ_FONTS:-/usr/share/fonts/truetype/noto}/NotoSansArabic-Regular.ttf ]]; then missing+=(fonts-noto-core); fi
if [[ $what == bench ]]; then
    has wrk || missing+=(wrk)
    has python3 || missing+=(python3)
fi

if ! has cargo; then
    cat >&2 <<'TEXT'
Rust is missing. Install it with rustup (https://rustup.rs); the version is chosen by rust-toolchain.toml.
TEXT
    exit 1
fi

((${#missing[@]} == 0)) && exit 0

elsewhere() {
    cat >&2 <<TEXT
Missing: ${missing[*]} (names of Debian's packages). Install them with your system's package manager:
  Fedora          dnf install postgresql-server postgresql-contrib gcc make nodejs npm libxml2 python3-openpyxl poppler-utils google-noto-sans-fonts google-noto-sans-arabic-fonts wrk python3
  Arch            pacman -S postgresql gcc make nodejs npm libxml2 python-openpyxl poppler noto-fonts wrk python
  macOS           xcode-select --install; brew install postgresql@15 node libxml2 poppler font-noto-sans font-noto-sans-arabic wrk python; pip3 install openpyxl
PostgreSQL must be 15 or newer; if its programs lie in an unusual folder, name it in PG_BIN, the folder of the fonts in SIRAJ_FONTS.
TEXT
    exit 1
}

has apt-get || elsewhere
if [[ $(id -u) == 0 ]]; then
    as_root=()
elif has sudo; then
    as_root=(sudo)
else
    echo "To install ${missing[*]}, run as root: apt-get update && apt-get install ${missing[*]}" >&2
    exit 1
fi

echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
# siraj runs a PostgreSQL of its own; Debian's ready-made cluster would only use up memory.
if [[ ! -e /etc/postgresql-common/createcluster.conf ]]; then
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null
    "${as_root[@]}" sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
fi
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
