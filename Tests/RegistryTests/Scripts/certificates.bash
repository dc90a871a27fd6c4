# Helpers that make certificates.

key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'

# authority NAME: makes a certification authority.
# shellcheck disable=SC2086 # a command with its arguments
authority() { openssl req -x509 $key -keyout "$1.key" -out "$1.crt" -subj "/CN=$1" -days 2 2>/dev/null; }

# certificate NAME AUTHORITY ALTNAME [DAYS]: makes a certificate, signed by an authority.
certificate() {
  # shellcheck disable=SC2086 # a command with its arguments
  openssl req $key -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days "${4:-2}" \
    -extfile <(echo subjectAltName="$3") -out "$1.crt" 2>/dev/null
}

# trust AUTHORITY: lets casfs trust an authority for $host, and no other.
trust() { : "${host:?}"; rm -rf .config/containers/certs.d; mkdir -p ".config/containers/certs.d/$host"; cp "$1.crt" ".config/containers/certs.d/$host/"; }

# secure NAME CERTIFICATE: starts the tests' own registry with TLS.
secure() { start_test_registry "$1" '{"tls": ["'"$2"'.crt", "'"$2"'.key"]}'; }
