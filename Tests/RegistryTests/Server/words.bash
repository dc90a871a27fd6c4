# The words that scripts of bash can use for registries, besides those of every workshop.
export XDG_CACHE_HOME=$top/cache XDG_RUNTIME_DIR=$top/run
mkdir -p $top/run
declare -A processes
words=${BASH_SOURCE[0]} program=${BASH_SOURCE[0]%/*}/registry.py

# own NAME [SETTINGS]: starts the tests' own registry in a folder; again, where it was
own() {
  local settings=${2:-'{}'}
  if [ -e $1/ports ]; then . $1/ports; settings=$(jq -c --argjson p $main '.port = $p' <<<"$settings"); fi
  rm -f $1/ports
  python3 -B "$program" $1 "$settings" 2>>$1.errors & processes[$1]=$!
  eventually test -e $1/ports
  touch $1/log
  use $1
}
# genuine NAME: starts Debian's registry; again, where it was
genuine() {
  local address=127.0.0.1:0
  if [ -n "${processes[$1]:-}" ] && kill -0 ${processes[$1]} 2>/dev/null; then use $1; return; fi
  if [ -e $1/ports ]; then . $1/ports; address=127.0.0.1:$main; fi
  mkdir -p $1
  cat >$1/config.yml <<E
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $top/$1/data}, delete: {enabled: true}}
http: {addr: "$address", secret: secret}
E
  docker-registry serve $1/config.yml >$1/said 2>&1 & processes[$1]=$!
  eventually grep -q 'listening on' $1/said
  echo main=$(grep -o 'listening on 127.0.0.1:[0-9]*' $1/said | grep -o '[0-9]*$') >$1/ports
  use $1
}
# proxied NAME [SETTINGS]: starts Debian's registry behind the tests' own
proxied() {
  genuine $1-behind
  own $1 "$(jq -c --arg u $host '.upstream = $u' <<<"${2:-{\}}")"
}
# use NAME: the registry that the words below mean
use() {
  registry=$1
  . $top/$1/ports
  host=127.0.0.1:$main repository=docker://127.0.0.1:$main/app plain=http://127.0.0.1:$main/v2/app
}
# halt NAME: stops a registry
halt() { kill ${processes[$1]}; wait ${processes[$1]} || true; }
# fault JSON: something to go wrong; mend [PATTERN]: what was to go wrong there, or anywhere, does not any more
fault() { curl -sSf http://127.0.0.1:$control/faults -d "$1"; }
mend() { curl -sSf -X DELETE http://127.0.0.1:$control/faults -d "$(jq -nc --arg on "${1:-}" '{$on}')"; }
# settings JSON: changes some of the registry's
settings() { curl -sSf http://127.0.0.1:$control/settings -d "$1"; }
# requests FILTER: what was asked and passes, as lines of JSON
requests() { curl -sSf http://127.0.0.1:$control/quiet; jq -c "select($1)" $top/$registry/log; }
# asked FILTER: how many requests pass; sent FILTER: how many bytes of content were sent for them
asked() { requests "$1" | wc -l; }
sent() { requests "$1" | jq -s 'map(.sent) | add // 0'; }
# forget: empties the log
forget() { curl -sSf http://127.0.0.1:$control/quiet; : >$top/$registry/log; }
# image DIRECTORY [BYTES]: makes a layout with the image latest, of one layer; $layer, $config, $manifest are its parts
image() {
  local tree=$1.tree size
  mkdir -p $tree/etc $1/blobs/sha256; echo hello >$tree/etc/motd; head -c ${2:-100000} /dev/urandom >$tree/etc/random
  tar -cf $1.tar -C $tree .; gzip -1nc $1.tar >$1.gz
  layer=$(hex $1.gz); mv $1.gz $1/blobs/sha256/$layer; size=$(stat -c %s $1/blobs/sha256/$layer)
  jq -nc --arg d sha256:$(hex $1.tar) \
    '{architecture: "amd64", os: "linux", config: {}, rootfs: {type: "layers", diff_ids: [$d]}}' >$1.config
  config=$(hex $1.config)
  jq -nc --arg c sha256:$config --argjson cs $(stat -c %s $1.config) --arg l sha256:$layer --argjson ls $size '
    "application/vnd.oci.image" as $t | {schemaVersion: 2, mediaType: "\($t).manifest.v1+json",
    config: {mediaType: "\($t).config.v1+json", digest: $c, size: $cs},
    layers: [{mediaType: "\($t).layer.v1.tar+gzip", digest: $l, size: $ls}]}' >$1.manifest
  manifest=$(hex $1.manifest)
  jq -nc --arg m sha256:$manifest --argjson s $(stat -c %s $1.manifest) '{schemaVersion: 2, manifests: [{
    mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $m, size: $s,
    annotations: {"org.opencontainers.image.ref.name": "latest"}}]}' >$1/index.json
  mv $1.config $1/blobs/sha256/$config; mv $1.manifest $1/blobs/sha256/$manifest
  echo '{"imageLayoutVersion":"1.0.0"}' >$1/oci-layout; rm -r $1.tar $tree
}
# skopeo_copy FROM TO: as the second client
skopeo_copy() { skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false "$@"; }
# push DIRECTORY TAG…: by skopeo, into the repository app
push() { local tag; for tag in "${@:2}"; do skopeo_copy oci:$1:latest docker://$host/app:$tag; done; }
# upload FILE: a blob into the repository app by curl; prints its HEX
upload() {
  local place
  place=$(curl -sSf -o /dev/null -D - -X POST $plain/blobs/uploads/ | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  case $place in http*) ;; *) place=http://$host$place ;; esac
  case $place in *\?*) place="$place&" ;; *) place="$place?" ;; esac
  curl -sSf -T "$1" -H 'Content-Type: application/octet-stream' "${place}digest=sha256:$(hex "$1")" || return
  hex "$1"
}
# tagged TAG: the digest that a tag of the repository app has, by curl; empty when there is none
tagged() {
  curl -s -o /dev/null -D - -I -H 'Accept: application/vnd.oci.image.manifest.v1+json' $plain/manifests/$1 |
    tr -d '\r' | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p'
}
# tags: all tags of the repository app, by curl, sorted
tags() { curl -s $plain/tags/list | jq -r '.tags // [] | sort | join(" ")'; }
# has HEX: the repository app has the blob, by curl
has() { [ "$(curl -s -o /dev/null -w '%{http_code}' -I $plain/blobs/sha256:$1)" = 200 ]; }
