#!/bin/sh
# First contact: the project that deployer is made for, with its Makefile, gets a deployer.yml that is
# released as it was written, from login to a stack that is up; and what init does with other folders.
. "$(dirname "$0")/testlib.sh"
need git

# Nothing to go by, and a file that is there already.
mkdir empty
run 2 "$DEPLOYER" -C empty init
err_has 'has no Makefile, compose file, template or parameter file'
err_has '  -> run this in the project'
mkdir small
printf 'test:\n\tdocker-compose run unit\n\t./report $(shell date)\n' >small/Makefile
run 0 "$DEPLOYER" -C small init --dry-run
out_has '    - run: unit  # Makefile:2'
out_has '#   Makefile:3: ./report $(shell date)'
out_has '#     only make knows what its variables and functions stand for'
[ ! -e small/deployer.yml ] || fail '--dry-run wrote a file'
cp "$tmp/out" small/proposed
run 0 "$DEPLOYER" -C small init
err_has 'deployer.yml written from Makefile'
err_has 'could not be taken over'
same small/proposed small/deployer.yml
echo 'project: mine' >small/deployer.yml
run 3 "$DEPLOYER" -C small init
err_has 'is there already'
err_has '--force'
[ "$(cat small/deployer.yml)" = 'project: mine' ] || fail 'a file was replaced'
run 0 "$DEPLOYER" -C small init --force
same small/proposed small/deployer.yml
run 0 "$DEPLOYER" -C small init -n -o json
out_has '"line":3,"text":"./report $(shell date)","becomes":"","why":"only make'
out_has '"written":null'
printf 'a\0b' >small/Makefile
run 2 "$DEPLOYER" -C small init -n
err_has 'Makefile: it has NUL bytes'

corpus=$DEPLOYER_CORPUS/todobackend
[ -e "$corpus/docker-compose.yml" ] || skip "$corpus is absent"
need busybox docker-registry
need_engine
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

# The folder's name is the project's, so that two runs of this test keep apart without a setting.
me=deployer-init-$$
host=385605022855.dkr.ecr.us-east-1.amazonaws.com
made_mysql=
clean_up() {
	docker ps -aq --filter "label=com.docker.compose.project=$me" | xargs -r docker rm -fv
	docker volume ls -q --filter "label=com.docker.compose.project=$me" | xargs -r docker volume rm
	docker network ls -q --filter "label=com.docker.compose.project=$me" | xargs -r docker network rm
	[ -z "$made_mysql" ] || docker rmi mysql:5.7
	# An image goes after those that were made from it.
	for _ in 1 2 3; do
		remove_images "$me"
	done
} >/dev/null 2>&1
at_exit clean_up

# Its files as they are; a Makefile with its targets; and an image whose programs stand in for what its
# Dockerfile would fetch from the network.
mkdir "$tmp/$me"
cd "$tmp/$me"
for file in docker-compose.yml stack.yml dev.cfg prod.json; do
	cp "$corpus/$file" .
done
chmod u+w ./*
cat >Makefile <<'MAKEFILE'
.PHONY: test release clean version login logout publish

export APP_VERSION ?= $(shell git rev-parse --short HEAD)
COMPOSE := docker-compose

version:
	@ echo '{"Version": "$(APP_VERSION)"}'

login:
	$$(aws ecr get-login --no-include-email)

logout:
	docker logout https://385605022855.dkr.ecr.us-east-1.amazonaws.com

test:
	$(COMPOSE) build --pull release
	$(COMPOSE) build
	$(COMPOSE) run test

release:
	$(COMPOSE) up --exit-code-from migrate migrate
	$(COMPOSE) run app python3 manage.py \
		collectstatic --no-input
	$(COMPOSE) up --exit-code-from acceptance acceptance
	@ echo App running at http://$$(docker-compose port app 8000 | sed s/0.0.0.0/localhost/g)

publish:
	$(COMPOSE) push release app

clean:
	$(COMPOSE) down -v
	docker images -q -f dangling=true -f label=application=todobackend | xargs -I ARGS docker rmi -f --no-prune ARGS

deploy/%:
	aws cloudformation deploy --template-file stack.yml --stack-name todobackend-$* \
		--parameter-overrides $$(cat $*.cfg) --capabilities CAPABILITY_NAMED_IAM

lint:
	pylint src
MAKEFILE
install -m 755 "$(command -v busybox)" busybox
mkdir bin
cat >bin/python3 <<-'SH'
	#!/bin/sh
	echo "python3 $*"
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
	[ "$(wget -qO- "$APP_URL/")" = todobackend ] && echo "ok 1 - $1"
SH
cat >bin/mysqlshow <<-'SH'
	#!/bin/sh
	wget -q -O /dev/null http://127.0.0.1:3306/bats
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
git config --global user.name t
git config --global user.email t@example.com
git init -q .
git add -A
git commit -qm first

# What it writes.
run 0 "$DEPLOYER" init
for line in 'account: "385605022855"' 'region: us-east-1' 'label: "application=todobackend"' \
	'- up: migrate  # Makefile:21' \
	'- run: [app, python3, manage.py, collectstatic, "--no-input"]  # Makefile:22' '- up: acceptance  # Makefile:24' \
	'dev: {stack: {name: todobackend-dev}}' 'prod: {stack: {name: todobackend-prod}}' \
	'make publish      deployer publish' ': lint'; do
	has deployer.yml "$line"
done
for left_out in 'tags:' 'capabilities:' '  test:' 'template:' 'compose:'; do
	lacks deployer.yml "$left_out"
done
git add deployer.yml
git commit -qm 'deployer instead of make'
hash=$(git rev-parse --short HEAD)

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

sandbox() { # STATUS COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --account 385605022855 \
		--repository docker-in-aws/todobackend \
		--export "secrets-key=arn:aws:kms:us-east-1:385605022855:key/1" -- "$@"
}

# Released with no edit, as `make login test release publish deploy/dev` did.
sandbox 0 "$DEPLOYER" -e dev release
err_has 'app | python3 manage.py collectstatic --no-input'
err_matches 'ok test .*: 1 test, 0 failed'
err_matches 'ok release .*: 1 test, 0 failed'
err_matches "docker-in-aws/todobackend:$hash published: sha256:"
err_has 'docker-in-aws/todobackend:latest moved to it'
err_has "dev.cfg: ApplicationImageTag 5fdbe62 -> $hash"
err_has 'stack todobackend-dev is CREATE_COMPLETE'
sandbox 0 "$DEPLOYER" -e dev plan
sandbox 0 "$DEPLOYER" -e dev deploy
err_has 'up to date'
run 0 "$DEPLOYER" -e dev clean
[ -z "$(docker ps -aq --filter "label=com.docker.compose.project=$me")" ] || fail 'containers are left'
docker rmi "$host/docker-in-aws/todobackend:$hash" "$host/docker-in-aws/todobackend:latest" >/dev/null 2>&1 || :
