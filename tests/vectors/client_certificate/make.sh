#!/usr/bin/env bash
# Makes the test certificates anew, with OpenSSL 3 (its legacy provider included).
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

openssl req -x509 -newkey rsa:2048 -noenc -keyout "$work/ca.key" -out "$work/ca.pem" -days 36500 \
  -subj '/CN=signhold published test issuer' 2>/dev/null
openssl req -newkey rsa:2048 -noenc -keyout "$work/key.pem" -out "$work/request.pem" \
  -subj '/CN=signhold published test certificate' 2>/dev/null
openssl x509 -req -in "$work/request.pem" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 36500 \
  -out "$work/leaf.pem" 2>/dev/null

cp "$work/leaf.pem" certificate.pem
openssl pkey -in "$work/key.pem" -out key-pkcs8.pem
openssl rsa -in "$work/key.pem" -traditional -out key-pkcs1.pem 2>/dev/null
openssl pkcs8 -topk8 -in "$work/key.pem" -v2 aes-256-cbc -v2prf hmacWithSHA256 -passout pass:published -out key-encrypted.pem
cat "$work/ca.pem" "$work/leaf.pem" key-pkcs8.pem > chain-and-key.pem
pfx() { openssl pkcs12 -export -in "$work/leaf.pem" -inkey "$work/key.pem" -certfile "$work/ca.pem" "$@"; }
pfx -passout pass:published -out aes256-sha256.pfx
pfx -passout pass:published -legacy -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-RC2-40 -macalg sha1 -out legacy-3des-rc2.pfx
pfx -passout pass: -out empty-password.pfx
pfx -passout pass:published -keypbe AES-256-CBC -certpbe NONE -macalg sha512 -out sha512-plain-certificates.pfx
pfx -passout pass:published -nomac -out no-mac.pfx
openssl pkcs12 -export -nokeys -in "$work/leaf.pem" -passout pass:published -out no-key.pfx
openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$work/ec.key"
openssl req -x509 -key "$work/ec.key" -days 36500 -subj '/CN=signhold published test certificate' -out "$work/ec.pem"
cat "$work/ec.pem" "$work/ec.key" > elliptic.pem
