#!/bin/bash
# SSL_CERT_FILE and SSL_CERT_DIR name authorities.
. registry.bash
. certificates.bash

authority ca; authority strangers; certificate server ca IP:127.0.0.1
secure tls server
mkdir many; cp strangers.crt many/; echo x >many/README
for setting in SSL_CERT_FILE=strangers.crt SSL_CERT_DIR="$top/many"; do
  assert_fails 'certificate verification failed' env "$setting" "$casfs" ref ls "$repository"
done
assert_fails NAME_UNKNOWN env SSL_CERT_FILE=ca.crt "$casfs" ref ls "$repository"
cat strangers.crt ca.crt >both.crt; assert_fails NAME_UNKNOWN env SSL_CERT_FILE=both.crt "$casfs" ref ls "$repository"
cp ca.crt many/ca.pem; assert_fails NAME_UNKNOWN env SSL_CERT_DIR="$top/absent:$top/many" "$casfs" ref ls "$repository"
assert_fails "SSL_CERT_FILE: unreadable certificate $top/absent.crt" env SSL_CERT_FILE="$top/absent.crt" "$casfs" ref ls "$repository"
assert_fails "SSL_CERT_FILE: invalid certificate, not PEM: $top/many/README" env SSL_CERT_FILE="$top/many/README" "$casfs" ref ls "$repository"
