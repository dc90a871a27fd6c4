#!/bin/bash
. helpers.bash
. "$scripts/replay.bash"

replay skopeo-copy base
for trace in skopeo-copy oras-cp crane-pull crane-pull-index regctl-image-copy buildx-oci-dir buildx-cache-to \
  containerization-save umoci-new; do
  replay "$trace" "$trace"
  assert_acknowledged
done
for trace in oras-tag umoci-tag umoci-insert umoci-config; do replay "$trace" "$trace"; done
assert_acknowledged
# An artifact has an entry without a name.
artifact=$(python3 "$scripts/replay.py" "$mnt" oras-attach artifact)
assert_attached() {
  assert_eq "$(jq -c --arg digest "$artifact" '[.manifests[] | select(.digest == $digest) | .annotations]' "$store/index.json")" '[null]'
}
assert_attached
# The same tags again: each is moved.
for trace in skopeo-copy oras-cp crane-pull regctl-image-copy buildx-oci-dir buildx-cache-to umoci-config; do replay "$trace" "$trace"; done
assert_acknowledged
replay skopeo-delete skopeo-copy
replay oras-manifest-delete oras-cp
replay regctl-tag-delete regctl-image-copy
replay umoci-rm umoci-config
replay umoci-gc collected
assert_attached
assert_acknowledged
assert_eq "$(counter conflicts) $(counter refusals)" '0 0'
