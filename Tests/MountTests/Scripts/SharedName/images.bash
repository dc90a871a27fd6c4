# Mounts a store with the images docker.io/library/alpha:latest and …/beta:latest, both with the short name latest, as
# `docker save` writes them; $a and $b are their digests, and index.json is the index.
: "${casfs:?}" "${store:?}" "${mnt:?}"

# put TYPE: stores standard input, and prints its descriptor.
put() {
  "$casfs" blob put --json "$store" | jq -c --arg t "application/vnd.oci.image.$1" '{mediaType: $t, digest, size}'
}

# image TEXT: stores an image with one layer, and prints its descriptor.
image() {
  jq -nc --argjson c "$(echo '{}' | put config.v1+json)" --argjson l "$(echo "$1" | put layer.v1.tar)" \
    '{schemaVersion: 2, config: $c, layers: [$l]}' | put manifest.v1+json
}

# shown NAME: prints the digest of a reference as the mount shows it.
shown() { jq -r .digest "$refs/$1"; }

"$casfs" create "$store"
jq -nc --argjson a "$(image one)" --argjson b "$(image two)" '
  def named($n): . + {annotations: {"io.containerd.image.name": "docker.io/library/\($n)",
    "org.opencontainers.image.ref.name": "latest"}};
  {schemaVersion: 2, manifests: [($a | named("alpha:latest")), ($b | named("beta:latest"))]}' >index.json
cp index.json "$store/index.json"
a=$(jq -r '.manifests[0].digest' index.json)
b=$(jq -r '.manifests[1].digest' index.json)
whole=docker.io/library
refs=$mnt/refs
export a b whole refs
"$casfs" mount "$store" "$mnt"
