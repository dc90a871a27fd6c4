#!/bin/bash
. helpers.bash
. "$scripts/layouts.bash"

for name in a b c; do
  for layout in "$mnt" plain; do skopeo copy -q --insecure-policy oci:image:v1 "oci:$layout:$name"; done
done
mkdir rsynced
key='.annotations["org.opencontainers.image.ref.name"]'
both bash -c "jq '.manifests |= map(select($key != \"c\"))' @/index.json >@/index.json.tmp && mv @/index.json.tmp @/index.json"
both bash -c "jq -c '(.manifests[] | select($key == \"b\") | $key) = \"d\"' @/index.json >new.json && cp new.json @/index.json"
both bash -c "jq -c . @/index.json >new.json && cat new.json >@/index.json"
both sed -i 's/"d"/"e"/' @/index.json
both bash -c 'printf "%%s/\"e\"/\"f\"/\nw\nq\n" | ed -s @/index.json >/dev/null'
both perl -pi -e 's/"f"/"h"/' @/index.json
both perl -pi -e 's/"h"/"f"/' @/index.json
both vim -es -u NONE -c '%s/"f"/"g"/' -c wq @/index.json
both bash -c "jq -c . @/index.json >rsynced/index.json && rsync --checksum rsynced/index.json @/"
cp plain/oci-layout layout
both cp layout @/oci-layout
both bash -c "cat layout >@/oci-layout"
assert_fails 'Invalid argument' cp /etc/passwd "$mnt/index.json"
assert_fails 'Invalid argument' cp /etc/passwd "$mnt/oci-layout"
assert_fails 'Invalid argument' cp /dev/null "$mnt/index.json"
jq 'del(.manifests)' "$mnt/index.json" >without
assert_fails 'Invalid argument' cp without "$mnt/index.json"
assert_fails 'not permitted' mkdir "$mnt/other"
assert_fails 'not permitted' rm -f "$mnt/index.json"
jq -c '.manifests = []' "$mnt/index.json" >moved.json
# The files are in another file system.
assert_fails 'not permitted' mv moved.json "$mnt/index.json"
assert_fails 'not permitted' install -m 644 moved.json "$mnt/index.json"
assert_same
assert_eq "$(grep -c io.casfs "$store/index.json" || true)" 0
assert_fsck_clean
