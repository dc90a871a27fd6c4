# Fills the store $1 with the images docker.io/library/alpha:latest and …/beta:latest, as `docker save` names them; $alpha
# and $beta are their digests. Scripts run in the folder of the store.
: "${casfs:?}"

set -Eeu
trap 'source=${BASH_SOURCE[0]}; echo "${source##*/}:$LINENO: failed: $BASH_COMMAND" >&2' ERR
cd "$(dirname "$1")"

# put TYPE: stores standard input, and prints its descriptor.
put() {
  "$casfs" blob put --json store | jq -c --arg t "application/vnd.oci.image.$1" '{mediaType: $t, digest, size}'
}

# image TEXT: stores an image with one layer, and prints its descriptor.
image() {
  jq -nc --argjson c "$(echo '{}' | put config.v1+json)" --argjson l "$(echo "$1" | put layer.v1.tar)" \
    '{schemaVersion: 2, config: $c, layers: [$l]}' | put manifest.v1+json
}

# assert_eq ACTUAL EXPECTED: the strings are equal.
assert_eq() {
  [ "$1" = "$2" ] || { echo "${BASH_SOURCE[1]##*/}:${BASH_LINENO[0]}: '$1' in place of '$2'" >&2; exit 9; }
}

# tagged NAME: prints the digest of a reference.
tagged() { "$casfs" ref get store "$1" | jq -r .digest; }

# names STORE: prints the listed names on one line.
names() { "$casfs" ref ls "$1" | paste -sd ' '; }

jq -nc --argjson a "$(image one)" --argjson b "$(image two)" '
  def named($n): . + {annotations: {"io.containerd.image.name": "docker.io/library/\($n)",
    "org.opencontainers.image.ref.name": "latest"}};
  {schemaVersion: 2, manifests: [($a | named("alpha:latest")), ($b | named("beta:latest"))]}' >index.json
cp index.json store/index.json
alpha=$(jq -r '.manifests[0].digest' index.json)
beta=$(jq -r '.manifests[1].digest' index.json)
whole=docker.io/library
export alpha beta whole
