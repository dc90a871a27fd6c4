#!/bin/bash
. helpers.bash
. "$scripts/replay.bash"

replay skopeo-copy base
for trace in skopeo-copy oras-cp crane-pull crane-pull-index regctl-image-copy buildx-oci-dir containerization-save umoci-new; do
  replay "$trace" "$trace"
  assert_acknowledged
done
for trace in oras-tag umoci-tag umoci-insert umoci-config; do replay "$trace" "$trace"; done
assert_acknowledged
# The same tags again: each is moved.
for trace in skopeo-copy oras-cp crane-pull regctl-image-copy buildx-oci-dir umoci-config; do replay "$trace" "$trace"; done
assert_acknowledged
replay skopeo-delete skopeo-copy
replay oras-manifest-delete oras-cp
replay regctl-tag-delete regctl-image-copy
replay umoci-rm umoci-config
replay umoci-gc collected
assert_acknowledged
assert_eq "$(counter conflicts) $(counter refusals)" '0 0'
