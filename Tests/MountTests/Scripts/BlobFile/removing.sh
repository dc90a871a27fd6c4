#!/bin/bash
. helpers.bash

blobs=$mnt/blobs/sha256
put() { printf %s "$1" >p; d=$($casfs blob put "$store" p); echo "${d#sha256:}"; }
entry() { jq -nc --arg d "sha256:$1" --arg t "$2" --argjson s "$(stat -c %s "$store/blobs/sha256/$1")" \
  '{mediaType: $t, digest: $d, size: $s}'; }
layer=$(put layer); config=$(put '{}'); loose=$(put loose)
oci=application/vnd.oci.image
manifest=$(put "$(jq -nc --argjson c "$(entry "$config" $oci.config.v1+json)" \
  --argjson l "$(entry "$layer" $oci.layer.v1.tar)" '{schemaVersion: 2, config: $c, layers: [$l]}')")
index=$(put "$(jq -nc --argjson m "$(entry "$manifest" $oci.manifest.v1+json)" '{schemaVersion: 2, manifests: [$m]}')")
entry "$index" $oci.index.v1+json | $casfs ref put "$store" app -
for reached in $layer $config $manifest $index; do
  assert_fails "busy" rm -f "$blobs/$reached"
  test -e "$store/blobs/sha256/$reached"
done
echo alias >a; cp a "$mnt/incoming/alias"; cp a "$mnt/incoming/again"
rm -f "$blobs/$loose" "$blobs/$(sha256 a)"
test ! -e "$store/blobs/sha256/$loose"
assert_fails "No such file" cat "$blobs/$loose"
# Its names in incoming are removed too.
eventually test ! -e "$mnt/incoming/alias"
test ! -L "$mnt/committed/again"
assert_fails "No such file" rm "$blobs/$loose"
rm "$mnt/refs/app"
rm -f "$blobs/$index" "$blobs/$manifest" "$blobs/$config" "$blobs/$layer"
assert_blob_count 0
