# Helpers of the scripts that use registries, on the loopback interface. The kind of the registry is $kind: docker,
# Debian's docker-registry; test, the tests' own, whose faults can be asked for, see Server/registry.py; or proxied, the
# first behind the second, so that faults can be asked for and requests are logged.
. helpers.bash

export XDG_CACHE_HOME=$top/cache XDG_RUNTIME_DIR=$top/run
mkdir -p "$top/run"
declare -A processes
# Set by use_registry, from the file that the registry writes, and by make_image.
# shellcheck disable=SC2034 # scripts use them
declare main control storage host repository plain registry layer config manifest
registry_program=${BASH_SOURCE[0]%/*}/../Server/registry.py

# start_registry NAME: starts a registry of the kind $kind.
start_registry() { "start_${kind:?}_registry" "$1"; }

# start_test_registry NAME [SETTINGS]: starts the tests' own registry in the folder NAME; again, at the same port.
start_test_registry() {
  local settings=${2:-'{}'}
  if [ -e "$1/ports" ]; then read_ports "$1"; settings=$(jq -c --argjson p "$main" '.port = $p' <<<"$settings"); fi
  rm -f "$1/ports"
  python3 -B "$registry_program" "$1" "$settings" 2>>"$1.errors" & processes[$1]=$!
  eventually test -e "$1/ports"
  touch "$1/log"
  use_registry "$1"
}

# start_docker_registry NAME: starts Debian's registry in the folder NAME; again, at the same port.
start_docker_registry() {
  local address=127.0.0.1:0
  if [ -n "${processes[$1]:-}" ] && kill -0 "${processes[$1]}" 2>/dev/null; then use_registry "$1"; return; fi
  if [ -e "$1/ports" ]; then read_ports "$1"; address=127.0.0.1:$main; fi
  mkdir -p "$1"
  cat >"$1/config.yml" <<E
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $top/$1/data}, delete: {enabled: true}}
http: {addr: "$address", secret: secret}
E
  # The output of an earlier start must not be taken for this one's.
  rm -f "$1/said"
  docker-registry serve "$1/config.yml" >"$1/said" 2>&1 & processes[$1]=$!
  eventually grep -q 'listening on' "$1/said"
  echo main="$(grep -o 'listening on 127.0.0.1:[0-9]*' "$1/said" | grep -o '[0-9]*$')" >"$1/ports"
  use_registry "$1"
}

# start_proxied_registry NAME [SETTINGS]: starts Debian's registry behind the tests' own.
start_proxied_registry() {
  start_docker_registry "$1-behind"
  start_test_registry "$1" "$(jq -c --arg u "$host" '.upstream = $u' <<<"${2:-{\}}")"
}

# read_ports DIRECTORY: sets main, control and storage to the ports of a registry.
# shellcheck disable=SC1091 # the registry writes the file
read_ports() { . "$1/ports"; }

# use_registry NAME: selects the registry of the helpers below; sets host, repository and plain, the URL of app.
# shellcheck disable=SC2034 # scripts use them
use_registry() {
  registry=$1
  read_ports "$top/$1"
  host=127.0.0.1:$main repository=docker://127.0.0.1:$main/app plain=http://127.0.0.1:$main/v2/app
}

# stop_registry NAME: stops a registry.
stop_registry() { kill "${processes[$1]}"; wait "${processes[$1]}" || true; }

# inject_fault JSON: adds a fault, see Server/faults.py; clear_faults [PATTERN]: removes those of a pattern, or all.
inject_fault() { curl -sSf "http://127.0.0.1:$control/faults" -d "$1"; }
clear_faults() { curl -sSf -X DELETE "http://127.0.0.1:$control/faults" -d "$(jq -nc --arg on "${1:-}" '{$on}')"; }

# faults_met: prints how many requests have met a fault, answered or not.
faults_met() { curl -sSf "http://127.0.0.1:$control/faults"; }

# configure JSON: changes settings of the registry.
configure() { curl -sSf "http://127.0.0.1:$control/settings" -d "$1"; }

# logged_requests FILTER: prints the requests that pass a filter of jq, as lines of JSON.
logged_requests() { curl -sSf "http://127.0.0.1:$control/quiet"; jq -c "select($1)" "$top/$registry/log"; }

# count_requests FILTER: prints how many requests pass; bytes_sent FILTER: prints how many bytes of content were sent.
count_requests() { logged_requests "$1" | wc -l; }
bytes_sent() { logged_requests "$1" | jq -s 'map(.sent) | add // 0'; }

# clear_log: empties the log of requests.
clear_log() { curl -sSf "http://127.0.0.1:$control/quiet"; : >"$top/$registry/log"; }

# make_image DIRECTORY [BYTES]: makes a layout with the image latest, of one layer; sets layer, config and manifest to
# the digits of their digests.
make_image() {
  local tree=$1.tree size
  mkdir -p "$tree/etc" "$1/blobs/sha256"; echo hello >"$tree/etc/motd"; head -c "${2:-100000}" /dev/urandom >"$tree/etc/random"
  tar -cf "$1.tar" -C "$tree" .; gzip -1nc "$1.tar" >"$1.gz"
  layer=$(sha256 "$1.gz"); mv "$1.gz" "$1/blobs/sha256/$layer"; size=$(stat -c %s "$1/blobs/sha256/$layer")
  jq -nc --arg d "sha256:$(sha256 "$1.tar")" \
    '{architecture: "amd64", os: "linux", config: {}, rootfs: {type: "layers", diff_ids: [$d]}}' >"$1.config"
  config=$(sha256 "$1.config")
  jq -nc --arg c "sha256:$config" --argjson cs "$(stat -c %s "$1.config")" --arg l "sha256:$layer" --argjson ls "$size" '
    "application/vnd.oci.image" as $t | {schemaVersion: 2, mediaType: "\($t).manifest.v1+json",
    config: {mediaType: "\($t).config.v1+json", digest: $c, size: $cs},
    layers: [{mediaType: "\($t).layer.v1.tar+gzip", digest: $l, size: $ls}]}' >"$1.manifest"
  manifest=$(sha256 "$1.manifest")
  jq -nc --arg m "sha256:$manifest" --argjson s "$(stat -c %s "$1.manifest")" '{schemaVersion: 2, manifests: [{
    mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $m, size: $s,
    annotations: {"org.opencontainers.image.ref.name": "latest"}}]}' >"$1/index.json"
  mv "$1.config" "$1/blobs/sha256/$config"; mv "$1.manifest" "$1/blobs/sha256/$manifest"
  echo '{"imageLayoutVersion":"1.0.0"}' >"$1/oci-layout"; rm -r "$1.tar" "$tree"
}

# skopeo_copy FROM TO: copies an image by skopeo.
skopeo_copy() { skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false "$@"; }

# push_image DIRECTORY TAG…: pushes the image latest into the repository app by skopeo.
push_image() { local tag; for tag in "${@:2}"; do skopeo_copy "oci:$1:latest" "docker://$host/app:$tag"; done; }

# upload_blob FILE: uploads a blob into the repository app by curl, and prints the digits of its digest.
upload_blob() {
  local place
  place=$(curl -sSf -o /dev/null -D - -X POST "$plain/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  case $place in http*) ;; *) place=http://$host$place ;; esac
  case $place in *\?*) place="$place&" ;; *) place="$place?" ;; esac
  curl -sSf -T "$1" -H 'Content-Type: application/octet-stream' "${place}digest=sha256:$(sha256 "$1")" || return
  sha256 "$1"
}

# tag_digest TAG: prints the digest of a tag of the repository app by curl; nothing without the tag.
tag_digest() {
  curl -s -o /dev/null -D - -I -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$plain/manifests/$1" |
    tr -d '\r' | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p'
}

# list_tags: prints the sorted tags of the repository app by curl.
list_tags() { curl -s "$plain/tags/list" | jq -r '.tags // [] | sort | join(" ")'; }

# has_blob HEX: tells by curl whether the repository app has a blob.
has_blob() { [ "$(curl -s -o /dev/null -w '%{http_code}' -I "$plain/blobs/sha256:$1")" = 200 ]; }
