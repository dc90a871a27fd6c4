# Helpers that make images with layers; needs a store.
: "${casfs:?}" "${store:?}"

# described FILE TYPE: stores a file as a blob, and prints its descriptor.
described() {
  local digest
  digest=$("$casfs" blob put "$store" "$1")
  jq -nc --arg t "$2" --arg d "$digest" --argjson s "$(stat -c %s "$1")" '{mediaType: $t, digest: $d, size: $s}'
}

# image NAME LAYER…: makes an image of tar archives, which may be compressed, and names it.
image() {
  local name=$1 file ids=() layers=()
  shift
  for file in "$@"; do
    case $file in
    *.gz) ids+=("$(gzip -dc "$file" | sha256sum | cut -d ' ' -f 1)") ;;
    *) ids+=("$(sha256sum <"$file" | cut -d ' ' -f 1)") ;;
    esac
    layers+=("$(described "$file" application/vnd.oci.image.layer.v1.tar)")
  done
  printf '%s\n' "${ids[@]}" |
    jq -Rnc '{architecture: "amd64", os: "linux", rootfs: {type: "layers", diff_ids: [inputs | "sha256:" + .]}}' >config
  printf '%s\n' "${layers[@]}" |
    jq -sc --argjson c "$(described config application/vnd.oci.image.config.v1+json)" \
      '{schemaVersion: 2, config: $c, layers: .}' >manifest
  described manifest application/vnd.oci.image.manifest.v1+json | "$casfs" ref put "$store" "$name" -
}

# listed DIRECTORY: prints what stat(2) says of all below it, and the targets of links.
listed() {
  (cd "$1" && find . -mindepth 1 \( -type d -printf '%y %m %U %G %T@ %P\0' -o \
    -printf '%y %m %U %G %s %T@ %n %l %P\0' \) | LC_ALL=C sort -z)
}

# hashed DIRECTORY: prints the digest of each file below it.
hashed() { (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum); }

# attributes_of DIRECTORY: prints the extended attributes of all below it.
attributes_of() {
  (cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
    xargs -0 getfattr -h -d -m '^(user|system|security)\.' -e hex)
}

# devices_of DIRECTORY: prints the numbers of the devices below it.
devices_of() { (cd "$1" && find . -type b,c -print0 | LC_ALL=C sort -z | xargs -0r stat --printf '%t,%T %n\0'); }

# names_of_links DIRECTORY: prints all names of each file below it that has several.
names_of_links() {
  local file names
  (cd "$1" && find . -type f -links +1 -print0 | LC_ALL=C sort -z | while IFS= read -rd '' file; do
    mapfile -d '' names < <(find . -samefile "$file" -print0 | LC_ALL=C sort -z)
    if [ "${#names[@]}" -gt 1 ]; then printf '%q ' "${names[@]}" && echo; fi
  done)
}
