#!/bin/sh
# The compose file that deployer is made for, as its authors wrote it, with compose v1 and v2: read
# through compose itself, and its stages run on images that stand in for what its Dockerfile would
# fetch from the network.
users_plugin=$(ls "$HOME/.docker/cli-plugins/docker-compose" 2>/dev/null || :)
. "$(dirname "$0")/testlib.sh"
need git busybox docker-registry
need_engine
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'
corpus=$DEPLOYER_CORPUS/todobackend
[ -e "$corpus/docker-compose.yml" ] || skip "$corpus is absent"

me=deployer-corpus-$$
host=385605022855.dkr.ecr.us-east-1.amazonaws.com
clean_up() {
	docker ps -aq --filter "label=com.docker.compose.project=$me" | xargs -r docker rm -fv
	docker volume ls -q --filter "label=com.docker.compose.project=$me" | xargs -r docker volume rm
	docker network ls -q --filter "label=com.docker.compose.project=$me" | xargs -r docker network rm
	remove_images "$me"
	[ -z "$made_mysql" ] || docker rmi mysql:5.7
} >/dev/null 2>&1
made_mysql=
at_exit clean_up

# The compose file is taken as it is. What it calls stands in the image: each program says that it was
# called, and those that must answer do: the server, its curl, and the database's mysqlshow.
mkdir "$tmp/project"
cd "$tmp/project"
cp "$corpus/docker-compose.yml" .
install -m 755 "$(command -v busybox)" busybox
mkdir bin
cat >bin/python3 <<-'SH'
	#!/bin/sh
	echo "python3 $* as $DJANGO_SETTINGS_MODULE on $MYSQL_HOST for $MYSQL_USER"
	wget -q -O /dev/null "http://$MYSQL_HOST:3306/bats"
SH
cat >bin/uwsgi <<-'SH'
	#!/bin/sh
	echo todobackend >/public/index.html
	exec httpd -f -p 8000 -h /public
SH
cat >bin/curl <<-'SH'
	#!/bin/sh
	exec wget -qO- "http://$2/"
SH
cat >bin/bats <<-'SH'
	#!/bin/sh
	echo 1..1
	[ "$(wget -qO- "$APP_URL/")" = todobackend ] && echo "ok 1 - $1 through $APP_URL"
SH
cat >bin/mysqlshow <<-'SH'
	#!/bin/sh
	[ "$1 $2 $3" = "-u todo -ppassword" ] && wget -q -O /dev/null http://127.0.0.1:3306/bats
SH
chmod 755 bin/*
cat >Dockerfile <<-DOCKERFILE
	FROM scratch AS test
	LABEL deployer.test=$me
	COPY busybox /bin/busybox
	RUN ["/bin/busybox", "--install", "-s", "/bin"]
	ENV PATH=/bin:/usr/bin
	COPY bin /usr/bin
	STOPSIGNAL SIGKILL
	CMD ["sh", "-c", "echo 1..1; echo ok 1 - unit"]
	FROM test AS release
	CMD ["true"]
DOCKERFILE
printf 'compose: {project: %s}\n' "$me" >deployer.yml
git init -q .
git add -A
git -c user.name=t -c user.email=t@example.com commit -qm first
hash=$(git rev-parse --short HEAD)

# The database: a server under mysql's name, unless the true one is here already.
alone mysql
if ! docker image inspect mysql:5.7 >/dev/null 2>&1; then
	made_mysql=yes
	cat >"$tmp/mysql.Dockerfile" <<-'DOCKERFILE'
		ARG BASE
		FROM $BASE
		CMD ["httpd", "-f", "-p", "3306", "-h", "/usr/bin"]
	DOCKERFILE
	DOCKER_BUILDKIT=0 docker build -q --no-cache -t "$me-base" . >/dev/null 2>&1
	DOCKER_BUILDKIT=0 docker build -q --no-cache -t mysql:5.7 --build-arg "BASE=$me-base" -f "$tmp/mysql.Dockerfile" . >/dev/null 2>&1
fi

# stages GENERATION: both stages by convention, which is how its Makefile has them, but for
# collectstatic; then what is left is taken away.
stages() {
	run 0 "$DEPLOYER" release --from test --until release
	err_matches 'ok test .*: 1 test, 0 failed'
	err_has 'migrate | python3 manage.py migrate --no-input as todobackend.settings_release on db for todo'
	err_has 'acceptance | ok 1 - acceptance.bats through http://app:8000'
	err_matches 'ok release .*: 1 test, 0 failed'
	address=$(sed -n 's,.*app running at ,,p' "$tmp/err" | head -n 1)
	[ "$(busybox wget -qO- "$address/")" = todobackend ] || fail "$1: no application at '$address'"
	run 0 "$DEPLOYER" clean
	[ -z "$(docker ps -aq --filter "label=com.docker.compose.project=$me")" ] || fail "$1: containers are left"
	[ -z "$(docker volume ls -q --filter "label=com.docker.compose.project=$me")" ] || fail "$1: volumes are left"
}

if command -v docker-compose >/dev/null; then
	stages v1
	err_lacks "$me-db-1"
fi
if [ -n "$users_plugin" ]; then
	mkdir -p "$HOME/.docker/cli-plugins"
	ln -s "$users_plugin" "$HOME/.docker/cli-plugins/"
	stages v2
	err_lacks "${me}_db_1"
fi

# Where its image goes: the repository of its name, in the account's registry.
run 0 "$DEPLOYER_SANDBOX" run --state "$tmp/state" --account 385605022855 --repository docker-in-aws/todobackend -- \
	"$DEPLOYER" release --until publish
err_matches "docker-in-aws/todobackend:$hash published: sha256:"
err_has 'docker-in-aws/todobackend:latest moved to it'
run 0 "$DEPLOYER" clean
docker rmi "$host/docker-in-aws/todobackend:$hash" >/dev/null 2>&1 || :
docker rmi "$host/docker-in-aws/todobackend:latest" >/dev/null 2>&1 || :
