# Helpers for registries that require credentials.

# users ACCESS: lets the registry require a token or a password of the users writer and reader.
users() { configure '{"access": "'"$1"'", "users": {"writer": ["pass-writer", "pull,push,delete"], "reader": ["pass-reader", "pull"]}}'; }

# credentials FILE HOST USER PASSWORD: adds an entry to a file of credentials.
credentials() {
  mkdir -p "$(dirname "$1")"; [ -s "$1" ] || echo '{}' >"$1"
  jq --arg h "$2" --arg a "$(echo -n "$3:$4" | base64)" '.auths[$h] = {auth: $a}' <"$1" >new; mv new "$1"
}
