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
# How long it takes to look is the machine's affair: half a minute of slowness, and a quarter.
for seconds in 1800 900; do
	echo "resources: [{logical_id: Image, outcome: slow, seconds: $seconds, count: 0}]" >slow-$seconds.yml
done

# A server of tmux for this test alone, with a session that outlives all others: without any it would end.
export TMUX_TMPDIR="$tmp" SHELL=/bin/sh
unset TMUX
terminal() {
	tmux -L live -f /dev/null "$@"
}
at_exit 'terminal kill-server; sleep 0.5'
terminal new-session -d -x 80 -y 24 -s hold sleep 3600

# start COMMAND...: in a terminal of 80 columns; its exit status is the last line there.
start() {
	cat >play <<-SH
		trap : INT
		export TERM=tmux-256color LC_ALL=C.UTF-8
		"$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry -q $*
		echo "exit status \$?"
		sleep 3600
	SH
	terminal new-session -d -x 80 -y 24 -s "$name" sh "$tmp/play"
}

# shows COMMAND...: whether it holds of the screen as it is now, which is in $tmp/out.
shows() {
	terminal capture-pane -p -t "$name" >"$tmp/out"
	"$@"
}

# await COMMAND...: until it holds of the screen. Any look may meet a drawing that is half done.
await() {
	wait_until shows "$@"
}

has_ended() {
	terminal capture-pane -p -S - -t "$name" | sed '/^$/d' >"$tmp/out"
	grep -q '^exit status ' "$tmp/out"
}

# await_end STATUS: then all that is left on the screen and above it is in $tmp/out.
await_end() {
	wait_until has_ended
	out_has "exit status $1"
}

has_line() { # REGEXP
	grep -qE -e "$1" "$tmp/out"
}

has_lines() { # NUMBER REGEXP
	[ "$(grep -cE -e "$2" "$tmp/out")" = "$1" ]
}

stage_time() {
	sed -n 's/^==> deploy .*  //p' "$tmp/out"
}

ran_command='deploy in a terminal'
ran_status=running
: >"$tmp/err"

# While it runs: the stage with its time, the tree, once; and the times go on by themselves.
draws_the_tree() {
	has_line '^==> deploy  [0-9]/2  [0-9]+s' && has_lines 1 '^==> deploy' &&
		has_line '^    app +CREATE_IN_PROGRESS' && has_line '^    .* Image  *CREATE_IN_PROGRESS'
}
goes_on() {
	[ -n "$(stage_time)" ] && [ "$(stage_time)" != "$first" ]
}
name=whole
start --scenario slow-1800.yml -- "$DEPLOYER" deploy
await draws_the_tree
first=$(stage_time)
await goes_on

# A narrow terminal gets a narrow drawing; nothing of the wide one is left below it.
draws_narrowly() {
	has_line '^  .* Image  *creating' && has_lines 1 'Image  *[a-zC]' &&
		[ "$(LC_ALL=C.UTF-8 wc -L <"$tmp/out")" -le 40 ]
}
terminal resize-window -t "$name" -x 40 -y 12
await draws_narrowly
terminal resize-window -t "$name" -x 80 -y 24
await_end 0
out_matches '^ok deploy \('
out_has 'stack app is CREATE_COMPLETE'
out_lacks '==> deploy'
out_lacks 'CREATE_IN_PROGRESS'
out_lacks 'line 9'

# What a stage that failed had printed comes after all; cancelling by Ctrl-C asks below the block.
name=failed
echo 1 >fails
printf 'ApplicationImageTag=2b\n' >dev.cfg
start -- "$DEPLOYER" deploy
await_end 1
out_has 'before_deploy | line 1'
out_has 'before_deploy | line 9'
out_matches '^FAILED deploy \('
asks() {
	has_line 'or \(g\)o on' && has_lines 0 '^==> deploy'
}
name=asked
echo 0 >fails
start --scenario slow-900.yml -- "$DEPLOYER" deploy
await has_line '^    .* Image  *UPDATE_IN_PROGRESS'
terminal send-keys -t "$name" C-c
await asks
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
