#!/bin/bash
# A server that demands a client certificate.
. registry.bash
. certificates.bash

authority ca; authority clients; authority strangers
certificate server ca IP:127.0.0.1; certificate client clients DNS:me; certificate stranger strangers DNS:other
make_image a
start_test_registry tls '{"tls": ["server.crt", "server.key", "clients.crt"]}'
trust ca; folder=.config/containers/certs.d/$host
assert_fails 'TLS failed' "$casfs" ref ls "$repository"
# pair NAME FILE: places a client certificate.
pair() { cp "$1.crt" "$folder/$2.cert"; cp "$1.key" "$folder/$2.key"; chmod 644 "$folder/$2.key"; }
pair client client
"$casfs" copy a latest "$repository" v1; assert_eq "$("$casfs" ref ls "$repository")" v1
rm -rf cache; "$casfs" mount "$repository" "$mnt"; cmp "$mnt/images/v1/layers/00" "a/blobs/sha256/$layer"; "$casfs" unmount "$mnt"
# Among several pairs, the one that the server accepts is found.
pair stranger a; "$casfs" ref ls "$repository" | grep -qx v1
# Another server does not get it.
start_test_registry other '{"tls": ["server.crt", "server.key", "clients.crt"]}'
mkdir -p ".config/containers/certs.d/$host"; cp ca.crt ".config/containers/certs.d/$host/"
assert_fails 'TLS failed' "$casfs" ref ls "$repository"
use_registry tls
rm "$folder/a.key"; assert_fails "missing key a.key of the client certificate $top/$folder/a.cert" "$casfs" ref ls "$repository"
rm "$folder/a.cert"; cp client.key "$folder/b.key"
assert_fails "missing client certificate b.cert of the key $top/$folder/b.key" "$casfs" ref ls "$repository"
rm "$folder/b.key"; echo x >"$folder/client.key"; assert_fails "$top/$folder/client.key" "$casfs" ref ls "$repository"
pair client client; echo x >"$folder/client.cert"; assert_fails "$top/$folder/client.cert" "$casfs" ref ls "$repository"
