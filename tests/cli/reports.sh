#!/bin/sh
# What the tests of a release say of themselves stands in its summary: TAP that services print, JUnit
# reports that they write; and what is wrong with a report never changes what the tests ended with.
. "$(dirname "$0")/testlib.sh"
need git busybox
need_engine

me=deployer-reports-$$
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
	RUN ["/bin/busybox", "--install", "-s", "/bin"]
	ENV PATH=/bin
DOCKERFILE
cat >docker-compose.yml <<-YML
	version: '2.4'
	services:
	  test: {image: '$me/app', build: ., command: [sh, /run/test.sh], volumes: ['.:/run']}
	  acceptance: {image: '$me/app', command: [sh, -c, 'echo 1..2; echo ok 1 - up; echo ok 2 - down']}
	  app: {image: '$me/app'}
YML
cat >deployer.yml <<-YML
	compose: {project: $me}
	reports: [reports/unit.xml, reports/deep.xml]
	stages: {test: [{build: [test]}, {up: test}], release: [{up: acceptance}]}
YML
mkdir reports
echo '/reports/' >.gitignore
git init -q .

# test_says STATUS [LINE...]: commits a test that prints the lines, copies NAME.in to the report NAME,
# and ends so.
test_says() {
	test_status=$1
	shift
	{
		printf 'cd /run/reports\nfor f in *.in; do [ ! -e "$f" ] || cp "$f" "${f%%.in}"; done\n'
		printf "echo '%s'\n" "$@"
		echo "exit $test_status"
	} >test.sh
	git add -A
	git -c user.name=t -c user.email=t@example.com commit -q --allow-empty -m test
}

cat >reports/unit.xml.in <<-'XML'
	<?xml version="1.0" encoding="UTF-8"?>
	<testsuites tests="3"><testsuite name="api">
	<testcase classname="a" name="1" time="0.1"/>
	<testcase classname="a" name="2"><skipped message="not here"/></testcase>
	<testcase classname="a" name="3"/>
	</testsuite></testsuites>
XML
echo '<testsuite><testsuite><testcase name="deep"/></testsuite></testsuite>' >reports/deep.xml.in

# Both kinds together, and what the summary of the run says.
test_says 0 '1..2' 'ok 1 - starts' 'ok 2 - stops'
run 0 "$DEPLOYER" test
err_matches '^ok test \([0-9a-z]*\): 6 tests, 0 failed, 1 skipped$'
run 0 "$DEPLOYER" release --from test --until release
err_matches '^ok test \([0-9a-z]*\): 6 tests, 0 failed, 1 skipped$'
err_matches '^ok release \([0-9a-z]*\): 2 tests, 0 failed$'
run 0 "$DEPLOYER" test -o json
out_matches '"event": "stage_end", "stage": "test", "text": "6 tests, 0 failed, 1 skipped", "ok": true'

# Tests that fail: counted, and the stage fails by their exit status.
sed -i 's,name="3"/>,name="3"><failure type="x">no</failure></testcase>,' reports/unit.xml.in
test_says 1 '1..3' 'ok 1' 'not ok 2 - breaks' 'Bail out!'
run 6 "$DEPLOYER" test
err_matches 'test .*: 6 tests, 2 failed, 1 skipped, 1 not run$'
err_has "step 'up test' failed with status 1"

# The same, but for an exit status that denies it.
test_says 0 '1..1' 'ok 1'
run 0 "$DEPLOYER" test
err_has '5 tests, 1 failed, 1 skipped, but every step ended with status 0'

# A report of an earlier run is none of this one; one that cannot be read is named.
rm reports/*.in
touch -d '1 hour ago' reports/unit.xml
echo '<html>' >reports/deep.xml.in
test_says 0 '1..1' 'ok 1'
run 0 "$DEPLOYER" test
err_matches '^ok test \([0-9a-z]*\): 1 test, 0 failed$'
err_matches "warning: test report '.*/reports/deep.xml': "
echo '<html/>' >reports/deep.xml.in
run 0 "$DEPLOYER" test
err_has "deep.xml': 'html' is not the root of a JUnit report"
