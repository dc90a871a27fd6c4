#!/bin/bash
. helpers.bash
. "$scripts/replay.bash"
: "${tags:?}"

# make TRACE: makes tags, and removes the first one with the verb of the tool that there is.
make() {
  local number verb
  for ((number = 0; number < tags; number++)); do replay "$1" "$1-$number"; done
  verb=$(removal "$1") || return 0
  replay "$verb" "$1-0"
}

replay skopeo-copy base
pids=()
for trace in skopeo-copy oras-cp crane-pull crane-pull-index regctl-image-copy buildx-oci-dir umoci-new umoci-config; do
  make "$trace" &
  pids+=($!)
done
(while [ ! -e stop ]; do replay umoci-gc collected; done) &
collector=$!
for pid in "${pids[@]}"; do wait "$pid"; done
touch stop
wait "$collector"
assert_acknowledged
assert_eq "$(counter conflicts) $(counter refusals)" '0 0'
