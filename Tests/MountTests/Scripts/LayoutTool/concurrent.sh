#!/bin/bash
. helpers.bash
. "$scripts/layouts.bash"
: "${writers:?}" "${tags:?}"

# writer TOOL NUMBER: makes tags, and notes each that is acknowledged.
writer() {
  local i name
  for ((i = 0; i < tags; i++)); do
    name=$1-$2-$i
    case $1 in
      skopeo) skopeo copy -q --insecure-policy oci:image:v1 "oci:$mnt:$name" ;;
      umoci) umoci new --image "$mnt:$name" 2>>"errors-$2" ;;
      config) umoci config --image "$mnt:base" --author "$name" --tag "$name" 2>>"errors-$2" ;;
      casfs) "$casfs" copy image v2 "$store" "$name" ;;
      mount) "$casfs" copy image v2 "$mnt" "$name" ;;
    esac
    echo "$name" >>acknowledged
  done
}

skopeo copy -q --insecure-policy oci:image:v1 "oci:$mnt:base"
pids=()
number=0
for tool in $writers; do
  number=$((number + 1))
  writer "$tool" "$number" &
  pids+=($!)
done
(while true; do umoci gc --layout "$mnt" 2>/dev/null || echo failed >>collections; done) &
collector=$!
for pid in "${pids[@]}"; do wait "$pid"; done
kill "$collector"; wait "$collector" 2>/dev/null || true
assert_eq "$(sort acknowledged; echo base)" "$(umoci ls --layout "$mnt" | grep -v base | sort; echo base)"
assert_eq "$(wc -l <acknowledged)" $((number * tags))
[ ! -e collections ] || fail "$(wc -l <collections) collections failed"
assert_fsck_clean
"$casfs" status "$mnt" | grep -q "^conflicts	0$"
