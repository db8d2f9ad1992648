#!/bin/sh
# The fault catalogue, rows I: what may be wrong with a template. It is said before anything is asked of AWS,
# costs no time, and what is sent is the file's own bytes.
. "$(dirname "$0")/../cli/testlib.sh"
. "$testdir/rows.sh"
mkdir "$tmp/stack"
cd "$tmp/stack"
printf 'ApplicationImageTag=a\n' >dev.cfg
printf 'stack: {name: app}\n' >deployer.yml

# Nothing listens here: who asks AWS waits, and fails otherwise.
nobody_there() {
	export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=none AWS_REGION=us-east-1
	export AWS_ENDPOINT_URL=http://127.0.0.1:9 AWS_MAX_ATTEMPTS=1 APP_VERSION=5fdbe62
}

# In a repository, with a sandbox.
together() {
	need git
	[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'
	git init -q .
	git -c user.name=t -c user.email=t@example.com commit -q --allow-empty -m first
}
sandbox() { # STATUS COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry -- "$@"
}

template() {
	printf 'Parameters:\n  ApplicationImageTag: {Type: String}\n'
	printf 'Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {TopicName: !Ref ApplicationImageTag}\n'
}

# broken TEXT...: check says all of that, and deploy the same, within seconds and before any call.
broken() {
	nobody_there
	run 2 timeout 30 "$DEPLOYER" check
	for text; do
		out_has "$text"
	done
	run 2 timeout 30 "$DEPLOYER" deploy
	err_lacks '127.0.0.1'
}

# Bytes count, not characters: of these there are fewer than 51,200.
too_large() {
	{ template && printf '# ' && awk 'BEGIN { for (i = 0; i < 25600; i++) printf "\303\251" }'; } >stack.yml
	broken "stack.yml:1:1: error: template has $(wc -c <stack.yml) bytes: more than 51200" '[template-size]'
}
far_too_large() {
	printf 'stack: {name: app, bucket: templates}\n' >deployer.yml
	{ template && awk 'BEGIN { for (i = 0; i < 20000; i++) print "# a comment that is fifty-one bytes long, all of it" }'; } >stack.yml
	broken "stack.yml:1:1: error: template has $(wc -c <stack.yml) bytes, and CloudFormation takes at most 1000000"
}
no_utf8() {
	{ template && printf '# \377\n'; } >stack.yml
	broken 'stack.yml:7:3: error: byte 152: invalid leading UTF-8 octet'
}
byte_order_mark() {
	{ printf '\357\273\277' && template; } >stack.yml
	broken 'stack.yml:1:1: error: byte 0: a byte order mark' 'save the template as UTF-8 without one'
}
utf16() {
	need iconv
	template | iconv -t UTF-16 >stack.yml
	broken 'stack.yml:1:1: error: byte 0: '
}
alias_bomb() {
	{ printf 'a0: &a0 x\n' && for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		echo "a$i: &a$i [*a$((i - 1)), *a$((i - 1)), *a$((i - 1)), *a$((i - 1)), *a$((i - 1))]"
	done; } >stack.yml
	broken '[template-unreadable]'
}
nesting_bomb() {
	awk 'BEGIN { for (i = 0; i < 200000; i++) printf "["; print "" }' >stack.yml
	nobody_there
	run 2 timeout 30 "$DEPLOYER" check
	out_has 'stack.yml:1:65: error: more than 64 levels deep'
}
bad_yaml() {
	printf 'Resources: {}\na: b: c\n' >stack.yml
	broken 'stack.yml:2:5: error: mapping values are not allowed'
	printf 'Resources: {\n' >stack.yml
	broken 'stack.yml:2:1: error: '
	printf 'Resources:\n\tA: 1\n' >stack.yml
	broken 'stack.yml:2:1: error: '
	printf 'Resources: "x\n' >stack.yml
	broken 'stack.yml:2:1: error: '
}
# CloudFormation takes the last one: a warning, and one of them cannot have been meant.
duplicate_keys() {
	{ template && printf 'Resources:\n  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref ApplicationImageTag}}\n'; } >stack.yml
	run 0 "$DEPLOYER" check
	out_has "stack.yml:7:1: warning: duplicate key 'Resources' [duplicate-key]"
}
# Tags, comments, blanks, the order: what the stack has is the file.
original_bytes() {
	together
	need python3
	{ template && printf '# \303\251 \t\r\nOutputs:   {Name: {Value:   !GetAtt Topic.TopicName}, Sub: {Value: !Sub "${Topic}x"}}'; } >stack.yml
	sandbox 0 "$DEPLOYER" deploy
	python3 - "$tmp/state" stack.yml <<-'PYTHON' || fail 'other bytes were sent'
		import glob, json, sys
		stacks = [s for f in glob.glob(sys.argv[1] + "/*.json") for s in json.load(open(f)).get("Stacks", [])]
		sys.exit(0 if stacks[0]["TemplateBody"].encode() == open(sys.argv[2], "rb").read() else 1)
	PYTHON
}
control_characters() {
	{ template && printf '# \033[31m\n'; } >stack.yml
	broken 'control characters are not allowed'
	printf '{"Resources": {"A": "\033[31m"}}' >stack.yml
	broken 'control characters are not allowed'
	printf '{"Resources": {"A": "\000"}}' >stack.yml
	broken '[template-unreadable]'
}
# The change set is the copy that is executed, whatever becomes of the file.
frozen() {
	together
	template >stack.yml
	sandbox 0 "$DEPLOYER" plan --keep
	arn=$(sed -n 's/.*--changeset //p' "$tmp/err")
	{ template && echo '# changed'; } >stack.yml
	sandbox 0 "$DEPLOYER" deploy --changeset "$arn"
	! grep -q '# changed' "$tmp/state"/*.json || fail 'what was not reviewed is deployed'
}
unknown_and_missing() {
	template >stack.yml
	printf 'ApplicationImageTag=a\nCount=1\n' >dev.cfg
	broken "dev.cfg:2:7: error: parameter 'Count' is not in template"
	printf '# nothing\n' >dev.cfg
	run 2 "$DEPLOYER" check
	out_has "stack.yml:2:3: error: parameter 'ApplicationImageTag' has no value in"
}
no_echo() {
	together
	template | sed '2a\  Password: {Type: String, NoEcho: true, MinLength: 9}' >stack.yml
	sed -i 's/{TopicName/{DisplayName: !Ref Password, TopicName/' stack.yml
	printf 'ApplicationImageTag=a\nPassword=hunter2\n' >dev.cfg
	run 2 "$DEPLOYER" check
	out_has 'its value (NoEcho) has less than 9 characters'
	out_lacks hunter2
	printf 'ApplicationImageTag=a\nPassword=hunter2hunter2\n' >dev.cfg
	sandbox 0 "$DEPLOYER" -v deploy
	err_lacks hunter2
	printf 'ApplicationImageTag=b\nPassword=hunter3hunter3\n' >dev.cfg
	for command in 'params diff' plan '-v deploy' 'bump c'; do
		# shellcheck disable=SC2086
		sandbox 0 "$DEPLOYER" $command
		out_lacks hunter
		err_lacks hunter
	done
}

rows_begin "$@"
row I1 too_large 'more than 51,200 bytes, and no bucket'
row I1 far_too_large 'more than 1 MB'
row I2 no_utf8 'a byte that is no UTF-8, with its offset'
row I2 byte_order_mark 'a byte order mark'
row I2 utf16 'UTF-16'
row I3 alias_bomb 'aliases of aliases'
row I4 nesting_bomb '200 kB of brackets'
row I5 bad_yaml 'broken YAML, with line and column'
row I6 duplicate_keys 'a key twice'
row I7 original_bytes 'the bytes of the file are sent'
row I8 control_characters 'control characters, in YAML and in JSON'
row I9 frozen 'a template that changes behind a change set'
row I10 unknown_and_missing 'parameters of the file and of the template that differ'
row I11 no_echo 'NoEcho values are never shown'
rows_end
