import TestSupport
import Testing

/// Registries that want to know who asks, and what becomes of the secrets.
@Suite(.needs(.fuse, .tools("curl", "jq", "python3", "skopeo"))) struct AccessTests {
  /// `users ACCESS`: the registry wants to know who asks; `credentials FILE HOST USER PASSWORD` adds an entry to a file.
  private static let words = #"""
    users() { settings '{"access": "'$1'", "users": {"writer": ["pass-writer", "pull,push,delete"], "reader": ["pass-reader", "pull"]}}'; }
    credentials() {
      mkdir -p $(dirname $1); [ -s $1 ] || echo '{}' >$1
      jq --arg h $2 --arg a $(echo -n $3:$4 | base64) '.auths[$h] = {auth: $a}' <$1 >new; mv new $1
    }

    """#

  @Test("E9, E4: a token or a password is shown, from each file that has one", arguments: ["token", "basic"])
  func files(access: String) throws {
    try ScriptedMount().check(
      .own,
      Self.words + #"""
        image a; push a v1; users \#(access)
        refused $host/app "$casfs" ref ls $repository
        for file in $top/run/containers/auth.json $top/.config/containers/auth.json $top/.docker/config.json $top/else/auth.json; do
          credentials $file $host writer pass-writer
          if [ $file = $top/else/auth.json ]; then export REGISTRY_AUTH_FILE=$file; fi
          is "$("$casfs" ref ls $repository)" v1
          rm $file
          refused $host/app "$casfs" ref ls $repository
        done
        unset REGISTRY_AUTH_FILE
        # The repository's own come before the host's.
        credentials $top/.docker/config.json $host writer wrong; credentials $top/.docker/config.json $host/app writer pass-writer
        is "$("$casfs" ref ls $repository)" v1
        echo b >b; "$casfs" blob put $repository b >/dev/null; "$casfs" ref put $repository v2 sha256:$manifest
        "$casfs" ref rm $repository v1; is "$("$casfs" ref ls $repository)" v2
        """#)
  }

  @Test("E15: who may not is told so, by host, repository and the registry's words", arguments: ["token", "basic"])
  func denied(access: String) throws {
    try ScriptedMount().check(
      .own,
      Self.words + #"""
        image a; push a v1; users \#(access); auth=$top/.docker/config.json
        credentials $auth $host reader pass-wrong
        refused $host/app "$casfs" ref ls $repository;
        "$casfs" ref ls $repository 2>&1 | grep -q pass-wrong && fail "it told the password"
        credentials $auth $host reader pass-reader; is "$("$casfs" ref ls $repository)" v1
        echo b >b; refused $host/app "$casfs" blob put $repository b
        refused $host/app "$casfs" ref put $repository v2 sha256:$manifest
        "$casfs" mount $repository $mnt; cmp $mnt/images/v1/layers/00 a/blobs/sha256/$layer
        echo sha256:$manifest >tag; refused 'Permission denied' cp b $mnt/incoming/b
        refused 'Permission denied' cp tag $mnt/refs/v2
        refused 'Permission denied' rm $mnt/refs/v1
        is "$(ls $mnt/refs)" v1
        """#)
  }

  @Test("E9: tokens that expire are asked for again, between requests and while a blob is sent")
  func expiry() throws {
    try ScriptedMount().check(
      .own,
      Self.words + #"""
        image a; push a v1; users token; settings '{"token_seconds": 1}'
        credentials $top/.docker/config.json $host writer pass-writer
        "$casfs" mount $repository $mnt
        for i in 1 2 3; do
          curl -sSf -X POST http://127.0.0.1:$control/expire; echo $i >b; cp b $mnt/incoming/b$i
          echo sha256:$manifest >$mnt/refs/t$i; is "$(jq -r .digest $mnt/refs/v1)" sha256:$manifest; sleep 0.4
        done
        # One that ends while it is still said to be good.
        settings '{"token_seconds": 300}'; cat $mnt/refs/v1 >/dev/null; forget
        for i in 4 5 6; do
          curl -sSf -X POST http://127.0.0.1:$control/expire; head -c 3000000 /dev/urandom >b; cp b $mnt/incoming/b$i
          test -e main/blobs/sha256:$(hex b)
        done
        is "$("$casfs" status --json $mnt | jq .counters.failures)" 0
        # No more are asked for than there are kinds of access.
        forget; for i in {1..10}; do echo more$i >b; cp b $mnt/incoming/c$i; done
        [ $(asked '.target | startswith("/token")') -le 3 ] || fail "$(requests '.target | startswith("/token")')"
        """#)
  }

  @Test("E9, V3: many who ask at once with a token that has expired all get another")
  func expiryForMany() throws {
    try ScriptedMount().check(
      .own,
      Self.words + #"""
        image a; push a v1; users token; settings '{"token_seconds": 300}'
        credentials $top/.docker/config.json $host writer pass-writer
        for i in {1..16}; do head -c 100000 /dev/urandom >p$i; done
        XDG_CACHE_HOME=$top/other "$casfs" blob put $repository p{1..16} >/dev/null
        "$casfs" mount $repository $mnt; cat $mnt/refs/v1 >/dev/null
        curl -sSf -X POST http://127.0.0.1:$control/expire
        for i in {1..16}; do timeout 30 cmp $mnt/blobs/sha256/$(hex p$i) p$i & readers[i]=$!; done
        for reader in "${readers[@]}"; do wait $reader; done
        is "$("$casfs" status --json $mnt | jq .counters.failures)" 0
        """#)
  }

  @Test("E9: an identity token is changed into others")
  func identityToken() throws {
    try ScriptedMount().check(
      .own,
      Self.words + #"""
        image a; push a v1; users token
        mkdir .docker; jq -n --arg h $host '{auths: {($h): {identitytoken: "pass-writer"}}}' >.docker/config.json
        is "$("$casfs" ref ls $repository)" v1
        is "$(asked '.method == "POST" and .target == "/token"')" 1
        """#)
  }

  @Test("Credentials go to no other host: not with a redirection, an upload's place, or another repository")
  func otherHosts() throws {
    try ScriptedMount().check(
      .own,
      Self.words + #"""
        image a; push a v1; head -c 200000 /dev/urandom >b; blob=$(upload b)
        users basic; credentials $top/.docker/config.json $host writer pass-writer
        credentials $top/.docker/config.json 127.0.0.3 other pass-other
        settings '{"redirect": "storage"}'; forget
        "$casfs" mount $repository $mnt; cmp $mnt/blobs/sha256/$blob b; cmp $mnt/images/v1/layers/00 a/blobs/sha256/$layer
        [ $(asked '.port == "storage" and .method == "GET"') -ge 2 ]
        is "$(asked '.port == "storage" and .authorization != null')" 0
        is "$(asked '.authorization != null and (.authorization | contains("'$(echo -n other:pass-other | base64)'"))')" 0
        [ $(asked '.port == "main" and .authorization != null') -ge 2 ]
        fault '{"on": "POST .*/uploads/", "times": -1, "status": 202, "headers": {"Location": "http://127.0.0.2:'$storage'/x"}}'
        head -c 100000 /dev/urandom >c; cp c $mnt/incoming/c 2>/dev/null && fail "it went through"
        is "$(asked '.port == "storage" and .authorization != null')" 0; mend
        # A registry of another port is another.
        own other; users basic; refused $host/app "$casfs" ref ls $repository
        is "$(asked '.authorization != null')" 0
        """#)
  }

  @Test("A token server that is reached by a way that is not safe gets no credentials")
  func tokenServer() throws {
    try ScriptedMount().check(
      .own,
      Self.words + #"""
        image a; push a v1; users token; credentials $top/.docker/config.json $host writer pass-writer
        # 192.0.2.1 is nobody's; nothing may be sent there.
        for realm in http://192.0.2.1/token ftp://127.0.0.1/x file:///etc/passwd 'x y' ''; do
          settings "$(jq -nc --arg r "$realm" '{realm: $r}')"
          [ -n "$realm" ] || fault '{"on": "GET", "times": -1, "status": 401, "headers": {"WWW-Authenticate": "Bearer"}}'
          refused $host/app timeout 4 "$casfs" ref ls $repository
        done
        """#)
  }

  @Test(
    "No secret is in a log, an error, the status, the table of mounts or the arguments of a process",
    arguments: ["token", "basic"])
  func secrets(access: String) throws {
    try ScriptedMount().check(
      .own,
      Self.words + #"""
        image a; push a v1; users \#(access); credentials $top/.docker/config.json $host writer pass-writer
        "$casfs" mount -f -d $repository $mnt >log 2>&1 & mount=$!
        eventually test -d $mnt/refs
        cat $mnt/refs/v1; echo b >b; cp b $mnt/incoming/b; "$casfs" status $mnt >>log; "$casfs" status --json $mnt >>log
        fault '{"on": "GET .*/blobs/", "status": 500, "times": -1}'; cat $mnt/images/v1/layers/00 2>>log && fail "served"
        "$casfs" blob get $repository sha256:$layer 2>>log && fail "served"; mend
        for status in 401 403; do
          fault '{"on": "GET .*/blobs/", "status": '$status', "times": -1}'
          "$casfs" blob get $repository sha256:$layer 2>>log && fail "served"; mend
        done
        tr '\0' ' ' </proc/$mount/cmdline >>log; tr '\0' '\n' </proc/$mount/environ >>log; cat /proc/self/mountinfo >>log
        find cache run -type f | xargs -r cat >>log
        "$casfs" unmount $mnt; wait $mount; test -s log
        { jq -r '.authorization // empty' main/log | cut -d ' ' -f 2; echo pass-writer; } | sort -u >secrets
        [ $(wc -l <secrets) -ge 2 ]
        grep -F -f secrets log && fail "a secret was told"; true
        """#)
  }
}
