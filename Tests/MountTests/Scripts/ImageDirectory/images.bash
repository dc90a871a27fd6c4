# Helpers that make images in the store; each prints a descriptor.
: "${casfs:?}" "${store:?}" "${mnt:?}"

describe() { local d; d=$($casfs blob put "$store" "$1"); jq -nc --arg t "$2" --arg d "$d" --argjson s "$(stat -c %s "$1")" \
  '{mediaType: $t, digest: $d, size: $s}'; }
oci=application/vnd.oci.image
layer() { echo "$1" >l; describe l $oci.layer.v1.tar; }
manifest() { # TYPE CONFIG LAYER…
  local type=$1 config=$2; shift 2
  printf '%s\n' "$@" | jq -sc --argjson c "$config" '{schemaVersion: 2, config: $c, layers: .}' >m
  describe m "$type"
}
export img=$mnt/images
