# Helpers of the scripts that use mirrors.

export CONTAINERS_REGISTRIES_CONF=$top/registries.conf

# mirrored PRIMARY MIRROR…: makes a rule for upstream.example with the hosts; the use of a mirror may follow a comma.
# Other tools than casfs need "insecure" for plain HTTP on this machine.
mirrored() {
  local mirror
  printf '[[registry]]\nprefix = "upstream.example"\nlocation = "%s"\ninsecure = true\n' "$1" >registries.conf
  for mirror in "${@:2}"; do
    printf '[[registry.mirror]]\nlocation = "%s"\ninsecure = true\n' "${mirror%%,*}" >>registries.conf
    case $mirror in *,*) printf 'pull-from-mirror = "%s"\n' "${mirror#*,}" >>registries.conf ;; esac
  done
}

# forget: drops all that casfs has cached.
forget() { rm -rf "$XDG_CACHE_HOME"; }

# requests NAME FILTER: prints how many requests of a registry pass a filter of jq, and empties its log.
requests() { local count; use_registry "$1"; count=$(count_requests "$2"); clear_log; echo "$count"; }
