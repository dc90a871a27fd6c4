#!/bin/bash
# Makes the samples and, in template, a store with a named image and a loose blob, and runs the rows of $rows on it.
. helpers.bash
: "${rows:?}"

seq 1000 >file; echo loose >loose; seq 2000 >old; seq 500 >text
mkdir -p tree/sub samples; seq 9 >tree/a; echo b >tree/sub/b; tar -cf samples/tar -C tree .
touch -d '2001-02-03 04:05:06.789 UTC' file old tree/a; chmod 640 file; setfattr -n user.note -v text file
"$casfs" create template
put() { "$casfs" blob put template "$1"; }
entry() { jq -nc --arg d "$(put "$1")" --arg t "application/vnd.oci.image.$2" --argjson s "$(stat -c %s "$1")" \
  '{mediaType: $t, digest: $d, size: $s}'; }
jq -nc --arg d "sha256:$(sha256sum <samples/tar | cut -d ' ' -f 1)" \
  '{architecture: "amd64", os: "linux", rootfs: {type: "layers", diff_ids: [$d]}}' >config
jq -nc --argjson c "$(entry config config.v1+json)" --argjson l "$(entry samples/tar layer.v1.tar)" \
  '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config: $c, layers: [$l]}' >manifest
"$casfs" ref put template app "$(put manifest)"; put loose >digest
cp -rp file tree samples; "$casfs" ref get template app >samples/descriptor
python3 "$scripts/run.py" "$top" "$mnt"
