#!/bin/sh
# A tag that names an index, as buildx pushes it (images of several platforms, attestations beside
# them), is looked up, taken for published, found to hold what is built here, and given further tags as
# one image would be. Docker pulls its own platform's image out of it.
. "$(dirname "$0")/testlib.sh"
need git docker-registry busybox curl python3
need_aws
need_engine
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

me=deployer-index-$$
clean_up() {
	docker ps -aq --filter "label=com.docker.compose.project=$me" | xargs -r docker rm -fv
	docker network ls -q --filter "name=$me" | xargs -r docker network rm
	remove_images "$me"
} >/dev/null 2>&1
at_exit clean_up

mkdir "$tmp/project"
cd "$tmp/project"
install -m 755 "$(command -v busybox)" busybox
cat >Dockerfile <<-DOCKERFILE
	FROM scratch
	LABEL deployer.test=$me
	COPY busybox /bin/busybox
	ENV PATH=/bin
DOCKERFILE
cat >docker-compose.yml <<-YML
	version: '2.4'
	services:
	  test: {image: '$me/app:latest', build: ., command: [busybox, 'true']}
	  release: {image: '$me/app:latest', build: .}
	  app: {image: '$me/app:\${APP_VERSION}', build: .}
	  acceptance: {image: '$me/app:latest', command: [busybox, 'true']}
YML
cat >deployer.yml <<-YML
	compose: {project: $me}
	stages: {test: [{build: []}, {up: test}], release: [{up: acceptance}]}
YML
git init -q .
git add -A
git -c user.name=t -c user.email=t@example.com commit -qm first
hash=$(git rev-parse --short HEAD)

sandbox() { # STATUS COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --repository "$me/app" -- "$@"
}

# make_index REPOSITORY TAG: puts an index in the place of TAG, which has the image that was there for
# this platform, another one for a second platform, and an attestation. Says its digest.
cat >"$tmp/make_index.sh" <<-'SH'
	set -eu
	url=http://$DEPLOYER_SANDBOX_REGISTRY/v2/$1
	image=application/vnd.docker.distribution.manifest.v2+json
	oci=application/vnd.oci.image.manifest.v1+json
	printf 'user = "AWS:%s"\n' "$(aws ecr get-login-password)" >"$2.curl"
	credentials=$PWD/$2.curl
	call() { curl -sSf -K "$credentials" "$@"; }
	digest_of() { echo "sha256:$(sha256sum "$1" | cut -d ' ' -f 1)"; }
	put_blob() {
		place=$(call -X POST -D - -o /dev/null "$url/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
		call -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$1" "$place&digest=$(digest_of "$1")"
	}
	put_manifest() { call -X PUT -H "Content-Type: $2" --data-binary "@$1" "$url/manifests/$3" >/dev/null; }

	call -H "Accept: $image" "$url/manifests/$2" >first.json
	printf '{"architecture":"arm64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}' >config.json
	printf '{"_type":"https://in-toto.io/Statement/v0.1"}' >statement.json
	put_blob config.json
	put_blob statement.json
	python3 - "$(digest_of config.json)" "$(digest_of statement.json)" <<-'PY'
		import hashlib, json, sys

		OCI = "application/vnd.oci.image.manifest.v1+json"
		KINDS = ("application/vnd.oci.image.config.v1+json", "application/vnd.in-toto+json")

		def manifest(name, layers):
		    text = json.dumps({"schemaVersion": 2, "mediaType": OCI, "config": {
		        "mediaType": KINDS[0], "digest": sys.argv[1], "size": len(open("config.json").read())},
		        "layers": layers})
		    open(name, "w").write(text)

		def entry(name, kind, **more):
		    text = open(name, "rb").read()
		    return dict({"mediaType": kind, "size": len(text),
		                 "digest": "sha256:" + hashlib.sha256(text).hexdigest()}, **more)

		manifest("second.json", [])
		manifest("attestation.json", [{"mediaType": KINDS[1], "digest": sys.argv[2],
		                               "size": len(open("statement.json").read())}])
		first = entry("first.json", "application/vnd.docker.distribution.manifest.v2+json",
		              platform={"os": "linux", "architecture": "amd64"})
		open("index.json", "w").write(json.dumps({
		    "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
		        entry("second.json", OCI, platform={"os": "linux", "architecture": "arm64"}), first,
		        entry("attestation.json", OCI, platform={"os": "unknown", "architecture": "unknown"},
		              annotations={"vnd.docker.reference.type": "attestation-manifest",
		                           "vnd.docker.reference.digest": first["digest"]})]}))
	PY
	put_manifest second.json $oci "$(digest_of second.json)"
	put_manifest attestation.json $oci "$(digest_of attestation.json)"
	put_manifest index.json application/vnd.oci.image.index.v1+json "$2"
	digest_of index.json
SH

cd "$tmp/project"
sandbox 0 "$DEPLOYER" release --until publish
err_has "app:latest moved to it"
mkdir "$tmp/work"
cd "$tmp/work"
sandbox 0 sh "$tmp/make_index.sh" "$me/app" "$hash"
index=$(sed -n 's/^\(sha256:[0-9a-f]*\)$/\1/p' "$tmp/out")
[ -n "$index" ] || fail 'no index was made'
cd "$tmp/project"

# Published, under the index's digest; the further tag follows, byte for byte.
sandbox 0 "$DEPLOYER" release --until publish
err_has "$hash is published already"
err_has "app:$hash is there already: $index"
err_has "app:latest moved to it"
sandbox 0 "$DEPLOYER" release --until publish
err_lacks 'moved to it'

# Built again to the same bits: one of the index's images, so that nothing takes its place.
sandbox 0 "$DEPLOYER" release --until publish --force
err_has 'ok test'
err_has "app:$hash is there already: $index"

# Built to other bits: that is said.
cat >"$tmp/other.sh" <<-'SH'
	sed -i 's/^ENV/RUN ["busybox", "sh", "-c", "busybox cat \/proc\/sys\/kernel\/random\/uuid >other"]\n&/' Dockerfile
	exec "$DEPLOYER" release --until publish --force --allow-dirty --tag "$1"
SH
export DEPLOYER
sandbox 0 sh "$tmp/other.sh" "$hash"
err_has "$hash was $index, built from the same commit: it is replaced"

# The Engine takes its own platform's image out of the index.
cat >"$tmp/pull.sh" <<-'SH'
	set -eu
	export DOCKER_CONFIG="$PWD/login"
	aws ecr get-login-password | docker login -u AWS --password-stdin "$DEPLOYER_SANDBOX_REGISTRY" >/dev/null 2>&1
	docker pull -q "$DEPLOYER_SANDBOX_REGISTRY/$1"
	docker run --rm "$DEPLOYER_SANDBOX_REGISTRY/$1" busybox echo it runs
SH
sandbox 0 sh "$tmp/pull.sh" "$me/app:latest"
out_has 'it runs'
