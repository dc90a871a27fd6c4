# Helpers of the scripts that use proxies.

proxy_program=${BASH_SOURCE[0]%/*}/../../Server/proxy.py
# Set by start_proxy.
declare proxy

# start_proxy NAME SETTINGS: starts the tests' own proxy in the folder NAME; sets proxy to its HOST:PORT.
# shellcheck disable=SC2034 # scripts use it
start_proxy() {
  mkdir -p "$1"; : >"$1/log"
  python3 -B "$proxy_program" "$1" "$2" 2>>"$1.errors" & processes[$1]=$!
  eventually test -e "$1/ports"
  proxy=127.0.0.1:$(cat "$1/ports")
}
