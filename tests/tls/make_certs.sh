#!/usr/bin/env bash
# Writes tests/c/tls_certs.h: the certificates and keys of the C tests. They are valid from 2020 to 2049.
# Run it again only to add to them; the header is committed so that the tests need no tools.
set -euo pipefail
out=$(cd "$(dirname "${BASH_SOURCE[0]}")/../c" && pwd)/tls_certs.h
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT

ec() { openssl ecparam -genkey -noout -name "$2" -out "$1.key"; }
sec1_to_pkcs8() { openssl pkcs8 -topk8 -nocrypt -in "$1.key" -out "$1.p8"; }

cat >ca.cnf <<'CONF'
[ca]
default_ca = test
[test]
database = index.txt
rand_serial = yes
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
CONF
touch index.txt

# issue NAME SUBJECT ISSUER UNTIL [EXTENSION...]: version 1 when there are no extensions.
issue() {
  local name=$1 subject=$2 issuer=$3 until=$4
  shift 4
  openssl req -new -key "$name.key" -subj "$subject" -out "$name.csr" 2>/dev/null
  printf '%s\n' "$@" >"$name.ext"
  local signer=(-cert "$issuer.crt" -keyfile "$issuer.key")
  [ "$issuer" = self ] && signer=(-selfsign -keyfile "$name.key")
  openssl ca -batch -notext -config ca.cnf "${signer[@]}" -in "$name.csr" -startdate 200101000000Z -enddate "$until" \
    $([ $# -gt 0 ] && echo -extfile "$name.ext") -out "$name.crt" 2>/dev/null
}

END=490101000000Z
CA_EXT='basicConstraints=critical,CA:TRUE'
LEAF_EXT='keyUsage=digitalSignature'
SAN='subjectAltName=DNS:localhost,DNS:*.example.com,IP:127.0.0.1'

ec ca prime256v1;          issue ca /CN=test-ca self $END "$CA_EXT"
ec other_ca prime256v1;    issue other_ca /CN=other-ca self $END "$CA_EXT"
ec middle prime256v1;      issue middle /CN=test-middle ca $END "$CA_EXT"
ec server prime256v1;      issue server /CN=server ca $END "$LEAF_EXT" "$SAN"
ec named prime256v1;       issue named /CN=named ca $END "$LEAF_EXT" 'subjectAltName=DNS:localhost,DNS:*.example.com'
ec forged prime256v1;      issue forged /CN=forged server $END "$LEAF_EXT" "$SAN"
ec v1 prime256v1;          issue v1 /CN=localhost ca $END
ec cn_only prime256v1;     issue cn_only /CN=localhost ca $END "$LEAF_EXT"
ec self_signed prime256v1; issue self_signed /CN=localhost self $END "$CA_EXT" "$SAN"
ec below prime256v1;       issue below /CN=below middle $END "$LEAF_EXT" "$SAN"
ec expired prime256v1;     issue expired /CN=expired ca 200601000000Z "$LEAF_EXT" "$SAN"
ec client prime256v1;      issue client /CN=client ca $END "$LEAF_EXT"
ec stranger prime256v1;    issue stranger /CN=stranger other_ca $END "$LEAF_EXT"
ec p384 secp384r1;         issue p384 /CN=p384 ca $END "$LEAF_EXT" "$SAN"
openssl genrsa -traditional -out rsa.key 2048 2>/dev/null; issue rsa /CN=rsa ca $END "$LEAF_EXT" "$SAN"
openssl genpkey -algorithm ed25519 -out ed25519.key;       issue ed25519 /CN=ed25519 ca $END "$LEAF_EXT" "$SAN"
sec1_to_pkcs8 server
sec1_to_pkcs8 rsa
openssl pkcs8 -topk8 -in server.key -passout pass:secret -out encrypted.p8

define() {
  echo
  echo "#define $1 \\"
  sed 's/.*/  "&\\n" \\/' "$2" | sed '$ s/ \\$//'
}

{
  echo '// Certificates and keys for the TLS tests, made by tests/tls/make_certs.sh.'
  echo
  echo '#pragma once'
  for file in *.crt; do
    name=${file%.crt}
    name=${name^^}
    define "${name}_CERT" "$file"
    case $name in CA | OTHER_CA | MIDDLE | EXPIRED_CA) continue ;; esac
    define "${name}_KEY" "${file%.crt}.key"
  done
  define SERVER_PKCS8 server.p8
  define RSA_PKCS8 rsa.p8
  define ENCRYPTED_KEY encrypted.p8
} >"$out"
