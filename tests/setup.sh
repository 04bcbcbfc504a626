#!/usr/bin/env bash
# Sees to it that what the tests need is there: Debian packages with apt-get when it may, otherwise it says what is
# missing; Python packages in target/venv; Node packages in target/node.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

missing=()
need() { eval "$1" >/dev/null 2>&1 || missing+=("$2"); }
need 'command -v cc && command -v gcc' gcc
need 'command -v c++' g++
need 'command -v nm' binutils
need 'command -v python3' python3
need 'python3 -c "import ensurepip, venv"' python3-venv
need 'command -v cmake' cmake
need 'command -v pkg-config' pkg-config
need 'command -v mandoc' mandoc
need 'command -v doxygen' doxygen
need 'command -v curl' curl
need 'command -v wrk' wrk
need 'command -v valgrind' valgrind
need 'command -v ip' iproute2
need 'command -v unshare' util-linux
need 'command -v openssl' openssl
need 'command -v mosquitto' mosquitto
need 'command -v mosquitto_pub' mosquitto-clients
need 'command -v node' nodejs
need 'command -v npm' npm
need 'PATH=$PATH:/usr/sbin command -v nginx' nginx-light
need 'PATH=$PATH:/usr/sbin command -v haproxy' haproxy
need 'command -v caddy' caddy
need 'PATH=$PATH:/usr/sbin command -v apache2' apache2-bin
need 'PATH=$PATH:/usr/sbin command -v varnishd' varnish
need 'command -v ab' apache2-utils
need 'command -v luajit' luajit
need 'command -v go' golang-go
need 'pkg-config --exists libuv' libuv1-dev
need 'pkg-config --exists glib-2.0' libglib2.0-dev

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "the tests need: ${missing[*]} (install them, for instance with: sudo apt-get install ${missing[*]})" >&2
    exit 1
  fi
  echo "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq </dev/null
  apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
  # The tests start their own servers.
  for service in mosquitto nginx haproxy caddy varnish; do
    if printf '%s\n' "${missing[@]}" | grep -qE "^$service(-light)?$" && command -v service >/dev/null; then
      service "$service" stop >/dev/null 2>&1 || true
    fi
  done
fi

# A time server, unpacked and not installed: the package would take the host's own time daemon away.
if ! command -v chronyd >/dev/null && [ ! -x target/chrony/usr/sbin/chronyd ]; then
  mkdir -p target/chrony
  fetch() { apt-get download -qq chrony 2>/dev/null; }
  (cd target/chrony && { fetch || { apt-get update -qq </dev/null && fetch; }; } && dpkg -x chrony_*.deb . && rm chrony_*.deb) ||
    { echo 'the tests need chronyd' >&2; exit 1; }
fi
if ! cmp -s tests/requirements.txt target/venv/installed; then
  python3 -m venv target/venv
  target/venv/bin/pip --disable-pip-version-check install --quiet -r tests/requirements.txt
  cp tests/requirements.txt target/venv/installed
fi
if ! cmp -s tests/package.json target/node/installed; then
  mkdir -p target/node
  cp tests/package.json target/node/package.json
  npm install --prefix target/node --silent --no-audit --no-fund --no-package-lock </dev/null
  cp tests/package.json target/node/installed
fi
