#!/bin/sh
# Makes .venv from uv.lock: config/install.sh UV [group options], or config/install.sh --get-uv.
set -eu

refuse() {
    printf '\nRapport cannot be set up: %s\n' "$*" >&2
    exit 2
}

if [ "$1" = --get-uv ]; then
    command -v python3 >/dev/null ||
        refuse "there is no python3 on this machine. Install Python 3.12 or newer, or uv (https://docs.astral.sh/uv/), and try again."
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' ||
        refuse "python3 is $(python3 -V 2>&1), too old to fetch uv. Install Python 3.12 or newer, or uv (https://docs.astral.sh/uv/), and try again."
    exec python3 config/get_uv.py
fi

uv=$1
shift

# Trust what the machine trusts, as git and curl do: company networks bring certificates of their own.
for store in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
    [ ! -e "$store" ] || export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
done

# .python-version names the Python we test with; any other from 3.12 on will do where it is missing.
# pyenv's own folder comes last: uv looks there only through pyenv's shims on the PATH.
find_python() {
    "$uv" python find 2>/dev/null || "$uv" python find '>=3.12' 2>/dev/null ||
        ls "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python3 2>/dev/null | tail -n 1 | grep .
}

if python=$(find_python); then
    set -- --python "$python" "$@"
else
    echo "No Python 3.12 or newer was found here; uv fetches one."
    "$uv" python install 3.13 ||
        refuse "it needs Python 3.12 or newer, none was found, and none could be fetched. Install one and try again."
fi

"$uv" sync --locked --inexact "$@" ||
    refuse "the packages of uv.lock could not be installed; the lines above say why. Nothing else was changed."
