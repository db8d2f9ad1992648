#!/bin/sh
# The entrypoint as the first program of a container on a real engine, over TLS from the container's own
# network: FROM scratch, on Debian's own packages, and on musl, which stands in for Alpine: no image of
# Alpine can be had from Debian, but its C library and a busybox can. Prints TAP.
. "$(dirname "$0")/testlib.sh"

sandbox=${DEPLOYER_SANDBOX:-}
entrypoint=${DEPLOYER_ENTRYPOINT:-}
[ -x "$sandbox" ] || skip 'the sandbox is absent'
[ -x "$entrypoint" ] || skip 'the entrypoint is absent'
need busybox
need_engine
has_entrypoint || skip 'this build has it dynamic, which a container of nothing cannot load'

# Parameters are slow here, secrets are not.
echo '{"faults": [{"action": "GetParameter", "count": 0, "reply": "delay", "delay_ms": 300000}]}' >slow.json
serve_sandbox --no-registry --containers --scenario slow.json
value='it'\''s "a"  $HOME *
é '
printf '{"PASSWORD": "it'\''s \\"a\\"  $HOME *\\n\\u00e9 "}' | "$DEPLOYER" --quiet secrets put app
printf %s "$value" | od -c >want

me=deployer-test-entrypoint-$$
containers=
at_exit "docker rm -fv \$containers >/dev/null 2>&1; docker rmi -f $me:scratch $me:debian $me:musl >/dev/null 2>&1"
cat >container.env <<-END
	AWS_ENDPOINT_URL=$DEPLOYER_SANDBOX_URL
	AWS_CA_BUNDLE=/ca.pem
	AWS_REGION=$AWS_REGION
	AWS_ACCESS_KEY_ID=$DEPLOYER_SANDBOX_KEY_ID
	AWS_SECRET_ACCESS_KEY=$DEPLOYER_SANDBOX_KEY
END

# build NAME: of the folder NAME, with the entrypoint in it.
build() {
	cp "$entrypoint" "$1/deployer-entrypoint"
	printf 'FROM scratch\nLABEL deployer.test=%s\nCOPY . /\nENTRYPOINT ["/deployer-entrypoint"]\n' "$me" >Dockerfile
	DOCKER_BUILDKIT=0 docker build -q --no-cache -t "$me:$1" -f Dockerfile "$1" >build.log 2>&1 ||
		{ cat build.log && fail 'docker build'; }
}

start() { # OPTION... IMAGE ARGUMENT...
	docker run --env-file container.env -v "$DEPLOYER_SANDBOX_CA:/ca.pem:ro" "$@"
}

# in_container STATUS OPTION... IMAGE ARGUMENT...: runs it to its end.
in_container() {
	status=$1
	shift
	run "$status" start --rm "$@"
}

fetches() { # CONTAINER
	docker logs "$1" 2>&1 | grep -q Processing
}

# check NAME: what must hold in every image, each of which has an 'sh'.
check() {
	image=$me:$1
	in_container 0 -e SECRETS=app "$image" sh -c 'printf %s "$PASSWORD"'
	out_has 'Processing secrets [app]...'
	sed 1d out | od -c >got
	same got want
	in_container 0 -e SECRETS=app "$image" sh -c 'echo "process $$"'
	out_has 'process 1'
	in_container 125 -e SECRETS=nope "$image" sh -c 'echo started'
	err_has ResourceNotFoundException
	out_lacks started
	in_container 127 -e SECRETS=app "$image" no-such-program
	# An end while it fetches: it is process 1, which the kernel spares what it does not handle.
	container=$(start -d -e SECRETS=ssm:/slow -e SECRETS_TIMEOUT=300 "$image" sh -c 'echo started')
	containers="$containers $container"
	wait_until fetches "$container"
	before=$(date +%s)
	docker stop -t 120 "$container" >/dev/null
	[ $(($(date +%s) - before)) -lt 60 ] || fail "$1: docker stop had to wait"
	ended=$(docker inspect -f '{{.State.ExitCode}}' "$container")
	[ "$ended" = 143 ] || { docker logs "$container"; fail "$1: docker stop ended it with $ended"; }
}

echo 1..3

# ---- FROM scratch: nothing but the application; here a static busybox ----

mkdir -p scratch/bin
cp "$(command -v busybox)" scratch/bin/sh
build scratch
check scratch
echo 'ok 1 - FROM scratch'

# ---- Debian: a shell, coreutils and what they need, from Debian's packages ----

packages='base-files coreutils dash libacl1 libattr1 libc6 libgmp10 libpcre2-8-0 libselinux1'
make_debian() {
	mkdir packages debian
	# shellcheck disable=SC2086
	(cd packages && apt-get download $packages) >apt.log 2>&1 || return 1
	for folder in bin lib lib64 sbin; do
		mkdir -p "debian/usr/$folder"
		ln -s "usr/$folder" "debian/$folder"
	done
	for package in packages/*.deb; do
		dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C debian || return 1
	done
	[ -e debian/bin/sh ] || ln -s dash debian/bin/sh
}
if command -v apt-get >/dev/null && make_debian; then
	build debian
	check debian
	in_container 0 -e SECRETS=app "$me:debian" cat /etc/debian_version
	in_container 0 -e SECRETS=app "$me:debian" env
	out_has "PASSWORD=it's"
	echo 'ok 2 - Debian'
else
	echo 'ok 2 - Debian # SKIP its packages cannot be had'
fi

# ---- musl: an application linked with it, a shell of busybox, no glibc ----

if command -v musl-gcc >/dev/null; then
	mkdir -p musl/bin musl/lib
	cp "$(command -v busybox)" musl/bin/busybox
	ln -s busybox musl/bin/sh
	loader=$(echo /lib/ld-musl-*.so.1)
	cp -L "$loader" musl/lib/
	cat >app.c <<-'C'
		#include <stdio.h>
		#include <stdlib.h>
		#include <unistd.h>

		int main(void)
		{
			const char *value = getenv("PASSWORD");

			return getpid() != 1 || !value || printf("%s", value) < 0;
		}
	C
	musl-gcc -o musl/bin/app app.c
	readelf -lW musl/bin/app | grep -q 'interpreter: /lib/ld-musl' || fail 'the application is not of musl'
	build musl
	check musl
	in_container 0 -e SECRETS=app "$me:musl" app
	sed 1d out | od -c >got
	same got want
	echo 'ok 3 - musl, in the place of Alpine'
else
	echo 'ok 3 - musl, in the place of Alpine # SKIP no musl-gcc'
fi
