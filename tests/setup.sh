#!/usr/bin/env bash
# Sees to it that the tools the tests need are there: installs them with apt-get when it may,
# otherwise says what is missing.
set -euo pipefail

missing=()
need() { eval "$1" >/dev/null 2>&1 || missing+=("$2"); }
need 'command -v cc' gcc
need 'command -v c++' g++
need 'command -v nm' binutils
need 'command -v python3' python3
need 'python3 -c "import ensurepip, venv"' python3-venv
need 'command -v curl' curl
need 'command -v wrk' wrk
need 'command -v valgrind' valgrind

[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq </dev/null
  apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
else
  echo "the tests need: ${missing[*]} (install them, for instance with: sudo apt-get install ${missing[*]})" >&2
  exit 1
fi
