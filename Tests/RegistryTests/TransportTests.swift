import TestSupport
import Testing

/// How a registry is reached: TLS, and where plain HTTP may be.
@Suite(.needs(.fuse, .tools("curl", "jq", "openssl", "python3"))) struct TransportTests {
  /// `authority NAME`: a certification authority; `certificate NAME AUTHORITY ALTNAME`; `trust AUTHORITY`: for `$host`.
  private static let words = #"""
    key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
    authority() { openssl req -x509 $key -keyout $1.key -out $1.crt -subj /CN=$1 -days 2 2>/dev/null; }
    certificate() {
      openssl req $key -keyout $1.key -out $1.csr -subj /CN=$1 2>/dev/null
      openssl x509 -req -in $1.csr -CA $2.crt -CAkey $2.key -CAcreateserial -days ${4:-2} \
        -extfile <(echo subjectAltName=$3) -out $1.crt 2>/dev/null
    }
    trust() { rm -rf .config/containers/certs.d; mkdir -p .config/containers/certs.d/$host; cp $1.crt .config/containers/certs.d/$host/; }
    secure() { own $1 '{"tls": ["'$2'.crt", "'$2'.key"]}'; }

    """#

  @Test("E2: TLS is spoken with a registry whose certificate is trusted, and with no other")
  func tls() throws {
    try ScriptedMount().check(
      Servers.words + Self.words + #"""
        authority ca; authority strangers
        certificate good ca IP:127.0.0.1; certificate named ca DNS:elsewhere.example; certificate strange strangers IP:127.0.0.1
        image a
        secure good good
        refused 'certificate' "$casfs" ref ls $repository; refused $host/app "$casfs" ref ls $repository
        is "$(asked true)" 0
        trust ca; "$casfs" copy a latest $repository v1; is "$("$casfs" ref ls $repository)" v1
        curl -sSf --cacert ca.crt https://$host/v2/app/tags/list | jq -e '.tags == ["v1"]' >/dev/null
        "$casfs" mount $repository $mnt; cmp $mnt/images/v1/layers/00 a/blobs/sha256/$layer
        head -c 3000000 /dev/urandom >b; cp b $mnt/incoming/b; test -e good/blobs/sha256:$(hex b)
        "$casfs" unmount $mnt
        secure named named; trust ca; refused TLS "$casfs" ref ls $repository
        secure strange strange; trust ca; refused 'certificate' "$casfs" ref ls $repository
        trust strangers; refused NAME_UNKNOWN "$casfs" ref ls $repository
        """#)
  }

  @Test("E2: a certificate that has expired is refused")
  func expired() throws {
    try ScriptedMount().check(
      Servers.words + Self.words + #"""
        authority ca; certificate late ca IP:127.0.0.1 0; sleep 1.1
        secure late late; trust ca; refused TLS "$casfs" ref ls $repository; is "$(asked true)" 0
        """#)
  }

  @Test(
    "E2: plain HTTP is spoken on loopback, elsewhere only when it is asked for", .needs(.root, .tools("ip", "unshare")))
  func plain() throws {
    try ScriptedMount().check(
      Servers.words + #"""
        cat >inside <<'E'
        . ./prelude; . $words
        ip link set lo up; ip address add 192.0.2.7/32 dev lo
        own main '{"address": "192.0.2.7"}'; host=192.0.2.7:$main
        image a
        refused $host/app timeout 20 "$casfs" copy a latest docker://$host/app v1
        is "$(asked true)" 0
        "$casfs" copy a latest docker+http://$host/app v1
        is "$("$casfs" ref ls docker+http://$host/app)" v1
        settings '{"redirect": "storage"}'; "$casfs" blob get docker+http://$host/app sha256:$layer | cmp - a/blobs/sha256/$layer
        # With a password, and a token for it, too: it was asked for.
        for access in basic token; do
          settings '{"access": "'$access'", "users": {"u": ["p", "pull,push"]}}'
          mkdir -p .docker; jq -n --arg h $host --arg a $(echo -n u:p | base64) '{auths: {($h): {auth: $a}}}' >.docker/config.json
          is "$("$casfs" ref ls docker+http://$host/app)" v1
        done
        E
        words=$words unshare -n bash ./inside
        """#)
  }

  @Test("E2: TLS that leads on to plain HTTP elsewhere is not followed", .needs(.root, .tools("ip", "unshare")))
  func downgrade() throws {
    try ScriptedMount().check(
      Servers.words + Self.words + #"""
        declare -p key >functions; declare -f authority certificate trust >>functions
        cat >inside <<'E'
        . ./prelude; . $words; . ./functions
        ip link set lo up; ip address add 192.0.2.7/32 dev lo
        authority ca; certificate good ca IP:192.0.2.7
        own main '{"address": "192.0.2.7", "tls": ["good.crt", "good.key"]}'; host=192.0.2.7:$main; repository=docker://$host/app
        trust ca; image a; "$casfs" copy a latest $repository v1
        settings '{"redirect": "storage"}'; rm -rf cache
        refused 'not safe' "$casfs" blob get $repository sha256:$layer
        is "$(asked '.port == "storage"')" 0
        E
        words=$words unshare -n bash ./inside
        """#)
  }
}
