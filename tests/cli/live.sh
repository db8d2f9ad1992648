#!/bin/sh
# The live view in a real terminal (tmux): drawn in place while a deployment runs, drawn anew when the
# terminal becomes narrow, and gone at the end, so that the scrollback is what a log would be.
. "$(dirname "$0")/testlib.sh"
need git tmux
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

cat >stack.yml <<-'YML'
	Parameters:
	  ApplicationImageTag: {Type: String}
	Resources:
	  Image:
	    Type: AWS::SSM::Parameter
	    Properties: {Type: String, Value: !Ref ApplicationImageTag}
	  Second:
	    Type: AWS::SSM::Parameter
	    Properties: {Type: String, Value: !Ref ApplicationImageTag}
YML
printf 'ApplicationImageTag=1a\n' >dev.cfg
printf 'stack: {name: app}\nhooks: {before_deploy: ./say}\n' >deployer.yml
printf '#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9; do echo "line $i"; done\nexit "$(cat fails)"\n' >say
chmod +x say
echo 0 >fails
cat >slow.yml <<-'YML'
	resources: [{logical_id: Image, outcome: slow, seconds: 300, count: 0}]
YML

# A server of tmux for this test alone.
terminal() {
	tmux -L "deployer-$$" -f /dev/null "$@"
}
at_exit "tmux -L deployer-$$ kill-server 2>/dev/null; sleep 0.5"

# start COMMAND...: in a terminal of 80 columns; its exit status goes to the file status.
start() {
	rm -f status
	cat >play <<-SH
		trap : INT
		export TERM=tmux-256color LC_ALL=C.UTF-8
		"$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry -q $* ; echo \$? >"$tmp/status.new"
		mv "$tmp/status.new" "$tmp/status"
		sleep 60
	SH
	terminal new-session -d -x 80 -y 24 -s "$name" sh "$tmp/play"
}

screen() {
	terminal capture-pane -p -t "$name" >"$tmp/out"
}

# await TEXT: until it is on the screen, which is in $tmp/out then.
await() {
	tries=0
	until screen && grep -q -e "$1" "$tmp/out"; do
		tries=$((tries + 1))
		[ $tries -le 200 ] || fail "never on the screen: $1"
		sleep 0.1
	done
}

await_end() {
	tries=0
	until [ -e status ]; do
		tries=$((tries + 1))
		[ $tries -le 300 ] || fail 'it does not end'
		sleep 0.1
	done
	[ "$(cat status)" = "$1" ] || fail "status $(cat status), expected $1"
	terminal capture-pane -p -S - -t "$name" | sed '/^$/d' >"$tmp/out"
}

ran_command='deploy in a terminal'
ran_status=running
: >"$tmp/err"

# While it runs: the stage with its time, the tree, and the times go on by themselves.
name=whole
start --scenario slow.yml -- "$DEPLOYER" deploy
await '^    .* Image  *CREATE_IN_PROGRESS'
out_matches '^==> deploy  [0-9]/2  [0-9]+s'
out_matches '^    app +CREATE_IN_PROGRESS'
[ "$(grep -c '^==> deploy' "$tmp/out")" = 1 ] || fail 'drawn twice'
first=$(sed -n 's/^==> deploy .*  //p' "$tmp/out")
sleep 1.5
screen
[ "$(sed -n 's/^==> deploy .*  //p' "$tmp/out")" != "$first" ] || fail 'the time stands still'

# A narrow terminal gets a narrow drawing; nothing of the wide one is left below it.
terminal resize-window -t "$name" -x 40 -y 12
await '^  .* Image  *creating'
[ "$(grep -c 'Image  *[a-zC]' "$tmp/out")" = 1 ] || fail 'the wide drawing was left behind'
[ "$(LC_ALL=C.UTF-8 wc -L <"$tmp/out")" -le 40 ] || fail 'lines are too long'
terminal resize-window -t "$name" -x 80 -y 24
await_end 0
out_matches '^ok deploy \('
out_has 'stack app is CREATE_COMPLETE'
out_lacks '==> deploy'
out_lacks 'CREATE_IN_PROGRESS'
out_lacks 'line 9'
terminal kill-session -t "$name"

# What a stage that failed had printed comes after all; cancelling by Ctrl-C asks below the block.
name=failed
echo 1 >fails
printf 'ApplicationImageTag=2b\n' >dev.cfg
start -- "$DEPLOYER" deploy
await_end 1
out_has 'before_deploy | line 1'
out_has 'before_deploy | line 9'
out_matches '^FAILED deploy \('
terminal kill-session -t "$name"
name=asked
echo 0 >fails
start --scenario slow.yml -- "$DEPLOYER" deploy
await '^    .* Image  *UPDATE_IN_PROGRESS'
terminal send-keys -t "$name" C-c
await 'or (g)o on'
out_lacks '==> deploy'
terminal send-keys -t "$name" d Enter
await_end 12
out_lacks '==> deploy'

# Switched off, and in CI: lines alone.
name=off
printf 'ApplicationImageTag=3c\n' >dev.cfg
start -- "$DEPLOYER" --no-live deploy --wait 10
await_end 0
out_has '==> deploy'
out_matches 'UPDATE_IN_PROGRESS  Image'
