# A source image, and the same layout twice: mounted, and plain.

umoci init --layout image 2>/dev/null
for version in v1 v2; do
  umoci new --image "image:$version" 2>/dev/null
  echo "$version" >file; umoci insert --image "image:$version" file /file 2>/dev/null
done
mkdir plain; cp -r "$store/." plain

# both COMMAND…: runs a command on both layouts, whose path is @ in it, and compares exit status and output.
both() {
  local layout status=() outputs=()
  for layout in "$mnt" "$top/plain"; do
    local words=() word
    for word in "$@"; do words+=("${word//@/$layout}"); done
    local code=0
    "${words[@]}" >out 2>err || code=$?
    status+=("$code"); outputs+=("$(sed "s|$layout|@|g" out)")
    [ "$code" = 0 ] || sed "s|$layout|@|g" err >&2
  done
  assert_eq "$*: ${status[0]}" "$*: ${status[1]}"
  assert_eq "$*: ${outputs[0]}" "$*: ${outputs[1]}"
  assert_same
}

# names LAYOUT: the entries of the index as NAME DIGEST.
names() {
  jq -r '.manifests[] | "\(.annotations["org.opencontainers.image.ref.name"] // "") \(.digest)"' "$1/index.json" | sort
}

# assert_same: both layouts have the same entries, and nothing temporary is left.
assert_same() {
  assert_eq "$(names "$mnt")" "$(names plain)"
  assert_eq "$(names "$store")" "$(names plain)"
  assert_eq "$(ls -A "$mnt" | tr '\n' ' ')" 'blobs committed images incoming index.json oci-layout refs '
  assert_eq "$(ls -A "$store" | tr '\n' ' ')" 'blobs index.json oci-layout '
}
