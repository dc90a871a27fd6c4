# Mounts a store of the layout $layout with two blobs, whose digests are $a and $b; $none is the digest of no blob.
: "${casfs:?}" "${store:?}" "${mnt:?}" "${layout:?}"

"$casfs" create --layout "$layout" "$store"
"$casfs" mount "$store" "$mnt"
a=$(echo a | "$casfs" blob put "$store")
b=$(echo b | "$casfs" blob put "$store")
none=sha256:$(printf none | sha256sum | cut -d ' ' -f 1)
refs=$mnt/refs
export a b none refs

# tagged NAME: prints the digest of a reference.
tagged() { "$casfs" ref get "$store" "$1" | jq -r .digest; }
