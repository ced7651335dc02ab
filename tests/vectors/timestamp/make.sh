#!/bin/bash
# Makes the responses in this folder anew, with openssl 3.0 or later, in the folder given. Keys are thrown away.
#
# usage: make.sh DIR        DIR must not exist yet
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir "$1"
cd "$1"
cp "$here/stamped.txt" .

# authority NAME KEY-OPTIONS...: root, intermediate and signer under NAME-*.pem; PURPOSE is the signer's extended key usage
authority() {
  local name=$1; shift
  local subject="/O=signhold test vectors (SIMULATED)/CN=$name"
  openssl req -x509 "$@" -nodes -sha256 -days 3650 -subj "$subject root" -keyout "$name-root.key" -out "$name-root.pem" \
    -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign'
  openssl req "$@" -nodes -subj "$subject intermediate" -keyout "$name-ca.key" -out ca.csr
  printf '%s\n' 'basicConstraints=critical,CA:TRUE,pathlen:0' 'keyUsage=critical,keyCertSign,cRLSign' \
    'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid' > ca.ext
  openssl x509 -req -in ca.csr -CA "$name-root.pem" -CAkey "$name-root.key" -CAcreateserial -days 3600 -sha256 \
    -extfile ca.ext -out "$name-ca.pem"
  openssl req "$@" -nodes -subj "$subject signer" -keyout "$name.key" -out signer.csr
  printf '%s\n' 'basicConstraints=critical,CA:FALSE' 'keyUsage=critical,digitalSignature' \
    "extendedKeyUsage=${PURPOSE:-critical,timeStamping}" 'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid' > signer.ext
  openssl x509 -req -in signer.csr -CA "$name-ca.pem" -CAkey "$name-ca.key" -CAcreateserial -days 3500 -sha256 \
    -extfile signer.ext -out "$name.pem"
}

# reply NAME FILE DIGITS ESS-DIGEST SIGNATURE-DIGEST QUERY-OPTIONS...
reply() {
  local name=$1 file=$2 digits=$3 ess=$4 digest=$5; shift 5
  [ -e serial ] || echo 01 > serial
  cat > tsa.cnf <<CNF
[ tsa ]
default_tsa = tsa1
[ tsa1 ]
serial                 = ./serial
crypto_device          = builtin
signer_cert            = ./$name.pem
certs                  = ./$name-ca.pem
signer_key             = ./$name.key
signer_digest          = $digest
default_policy         = 1.3.6.1.4.1.55555.1.1
digests                = sha1, sha256
accuracy               = secs:1, millisecs:500, microsecs:100
ordering               = yes
tsa_name               = yes
ess_cert_id_chain      = no
ess_cert_id_alg        = $ess
clock_precision_digits = $digits
CNF
  openssl ts -query -data stamped.txt "$@" -out query.tsq
  openssl ts -reply -config tsa.cnf -section tsa1 -queryfile query.tsq -out "$file"
}

# wrap NAME FILE CMS-OPTIONS...: the statement of rsa-fraction.tsr, signed by `openssl cms` instead of `openssl ts`
wrap() {
  local name=$1 file=$2; shift 2
  openssl ts -reply -in rsa-fraction.tsr -token_out -out token.der
  openssl cms -verify -noverify -inform DER -in token.der -out statement.der
  openssl cms -sign -binary -nodetach -nosmimecap -cades -econtent_type id-smime-ct-TSTInfo -in statement.der \
    -signer "$name.pem" -inkey "$name.key" -certfile "$name-ca.pem" -outform DER -out token.der "$@"
  python3 - token.der "$file" <<'PY'
import sys
content = bytes.fromhex('3003020100') + open(sys.argv[1], 'rb').read()
with open(sys.argv[2], 'wb') as response:
    response.write(b'\x30\x82' + len(content).to_bytes(2, 'big') + content)
PY
}

authority rsa -newkey rsa:2048
authority rsa4096 -newkey rsa:4096
authority p384 -newkey ec -pkeyopt ec_paramgen_curve:P-384
PURPOSE=timeStamping authority plain -newkey ec -pkeyopt ec_paramgen_curve:P-256
PURPOSE=critical,timeStamping,codeSigning authority two -newkey ec -pkeyopt ec_paramgen_curve:P-256

reply rsa rsa-fraction.tsr 3 sha256 sha256 -sha256 -cert
reply rsa rsa-whole-second.tsr 0 sha256 sha384 -sha256 -cert
reply rsa rsa-first-kind.tsr 3 sha1 sha256 -sha256 -cert
reply rsa rsa-without-certificates.tsr 3 sha256 sha256 -sha256
reply rsa rsa-sha1-imprint.tsr 3 sha256 sha256 -sha1 -cert
reply rsa rsa-rejected.tsr 3 sha256 sha256 -sha512 -cert
reply rsa4096 rsa4096-sha512.tsr 6 sha512 sha512 -sha256 -cert
reply p384 p384-sha384.tsr 3 sha384 sha384 -sha256 -cert
reply p384 p384-sha512.tsr 3 sha256 sha512 -sha256 -cert
wrap rsa rsa-pss.tsr -md sha256 -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:32
wrap rsa rsa-pss-long-salt.tsr -md sha256 -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:64
wrap rsa rsa-cms.tsr -md sha512
# `openssl ts` refuses to sign with these two signers; a hostile authority would not.
wrap plain plain-purpose-not-critical.tsr -md sha256
wrap two two-purposes.tsr -md sha256

rm -f ./*.key ./*.csr ./*.ext ./*.srl ./*.tsq ./*.der tsa.cnf serial* ./*-ca.pem {rsa,rsa4096,p384,plain,two}.pem
