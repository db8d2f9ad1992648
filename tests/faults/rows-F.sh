#!/bin/sh
# The fault catalogue, rows F: signals, sleep, and others that do the same at the same time. Whatever comes, what
# was begun is ended or said to go on, no lock stays, and the same command again comes to the same end.
. "$(dirname "$0")/../cli/testlib.sh"
. "$testdir/rows.sh"
need git
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'
mkdir "$tmp/project"
cd "$tmp/project"
cat >stack.yml <<-'YML'
	Parameters:
	  ApplicationImageTag: {Type: String}
	Resources:
	  Image:
	    Type: AWS::SSM::Parameter
	    Properties: {Type: String, Value: !Ref ApplicationImageTag}
YML
printf 'ApplicationImageTag=1a\n' >dev.cfg
printf 'stack: {name: app}\n' >deployer.yml
git init -q .
printf 'resources: [{logical_id: Image, outcome: slow, seconds: 3600, count: 1}]\n' >"$tmp/slow.yml"
echo 'faults: []' >"$tmp/scenario.yml"

# sandbox STATUS SCRIPT: the script, with $DEPLOYER, beside an account whose scenario is in scenario.yml.
sandbox() {
	run "$1" timeout 600 "$DEPLOYER_SANDBOX" run -q --state "$tmp/state" --speed 240 --no-registry --scenario "$tmp/scenario.yml" -- \
		sh -c ". '$tmp/helpers.sh'; $2"
}
cat >"$tmp/helpers.sh" <<-'SH'
	set -eu
	# until COMMAND...: it succeeds, within minutes.
	until_true() {
		until_tries=0
		until "$@"; do
			until_tries=$((until_tries + 1))
			[ $until_tries -le 1800 ] || { echo "in vain: $*" >&2; exit 99; }
			sleep 0.1
		done
	}
	says() { grep -q -e "$2" "$1" 2>/dev/null; }
	# begin COMMAND...: in the background, as from a shell that waits for it; it talks to the file said,
	# where nothing of an earlier one may be read.
	begin() {
		: >said
		env --default-signal=INT,QUIT,HUP "$@" >out 2>said </dev/null &
		pid=$!
	}
	# end NAME: its status, in the words of the test.
	end() {
		status=0
		wait $pid || status=$?
		echo "$1: $status" >&2
		cat said >&2
	}
	# So that the record's file tells how far it is.
	is_recorded() { grep -qs "\"name\": *\"$1\"" "$HOME"/.local/state/deployer/projects/*/*/*.jsonl "$HOME"/.local/state/deployer/projects/*/*.jsonl; }
	now_ms() { echo $(($(date +%s%N) / 1000000)); }
SH
export DEPLOYER tmp testdir

# Processes of this case: its folder is on their command line or in their environment.
left_running() {
	for process in /proc/[0-9]*; do
		[ "${process#/proc/}" != $$ ] || continue
		case $({ tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null) in
		*"$tmp/mark"*) echo "$process: $(tr '\0' ' ' <"$process/cmdline")" ;;
		esac
	done
}
nothing_left_running() {
	for _ in $(seq 600); do
		[ -n "$(left_running)" ] || return 0
		sleep 0.1
	done
	fail "left running after a minute: $(left_running)"
}
# hook SCRIPT: what runs before the deployment; its name is on the command line.
hook() {
	printf '#!/bin/sh\n: %s\n%s\n' "$tmp/mark" "$1" >"$tmp/mark.sh"
	chmod +x "$tmp/mark.sh"
	printf 'stack: {name: app}\nhooks: {before_deploy: [{exec: [sh, %s]}]}\n' "$tmp/mark.sh" >deployer.yml
}
live_is() {
	grep -q "\"Value\": *\"$1\"" "$tmp/state"/*.json || fail "version $1 is not live"
}

# The child's whole group hears the signal, and what it says then is still shown.
forwarded() {
	for signal in 'INT 130' 'TERM 143' 'HUP 129'; do
		hook "trap 'echo heard; kill \$!; exit 0' ${signal% *}; sleep 61 & echo begun; wait; wait"
		sandbox 0 "begin \"\$DEPLOYER\" deploy; until_true says said begun; kill -${signal% *} \$pid; end ended"
		err_has "ended: ${signal#* }"
		err_has '| heard'
		err_has "interrupted by SIG${signal% *}"
		err_has 'changed: nothing; not: registry, parameter file, stack'
		nothing_left_running
	done
}
# Each further signal is a stronger wish: TERM, then KILL, to all of the group.
stubborn() {
	hook "trap '' INT TERM; (trap '' INT TERM; sleep 61; :) & echo begun; sleep 62; sleep 62"
	sandbox 0 "begin \"\$DEPLOYER\" deploy; until_true says said begun
		start=\$(now_ms); kill -INT \$pid; sleep 0.3; kill -INT \$pid; sleep 0.3; kill -INT \$pid; end ended
		[ \$((\$(now_ms) - start)) -lt 45000 ]"
	err_has 'ended: 130'
	nothing_left_running
}
terminal() {
	need python3
	hook 'echo begun; sleep 61'
	sandbox 0 "stty_test='stty -a >before; \"\$DEPLOYER\" deploy; echo ended: \$?; stty -a >after; cmp before after && echo the same'
		TERM=xterm LC_ALL=C.UTF-8 python3 \"\$testdir/../cli/at_pty.py\" begun '\\x03' -- sh -c \"trap : INT; \$stty_test\""
	out_has 'ended: 130'
	out_has 'the same'
	nothing_left_running
}

# At each system call that makes the file new: old or new, and the status says which.
rewriting() {
	need strace
	strace -o /dev/null true 2>/dev/null || skip 'strace cannot trace here'
	export ASAN_OPTIONS=detect_leaks=0
	for signal in INT TERM HUP; do
		for call in write fchmod fsync renameat; do
			printf 'A=1\nApplicationImageTag=old\nB=1' >dev.cfg
			ran_status=0 ran_command="bump with SIG$signal at $call"
			strace -o "$tmp/trace" -e "trace=$call" -e "inject=$call:signal=SIG$signal:when=1" \
				"$DEPLOYER" bump 5fdbe62 >"$tmp/out" 2>"$tmp/err" </dev/null || ran_status=$?
			case $ran_status-$(sed -n 's/^ApplicationImageTag=//p' dev.cfg) in
			0-5fdbe62 | 129-old | 130-old | 143-old) ;;
			*) fail "the file is $(cat dev.cfg)" ;;
			esac
			[ "$(sed 2d dev.cfg)" = "$(printf 'A=1\nB=1')" ] || fail 'torn'
			[ -z "$(find . -name '.deployer-*')" ] || fail 'something is left behind'
		done
	done
}

# The change set hangs: interrupted, it is deleted, and with it the stack that was made for it.
not_executed() {
	for signal in 'INT 130' 'TERM 143' 'HUP 129'; do
		printf 'change_sets: [{stack: app, outcome: stuck, count: 1}]\n' >"$tmp/scenario.yml"
		rm -rf "$tmp/state" "$HOME/.local"
		sandbox 0 "begin \"\$DEPLOYER\" deploy; until_true is_recorded change_set; kill -${signal% *} \$pid; end ended
			\"\$DEPLOYER\" plan >plan 2>&1; grep -q 'new stack\\|create' plan || { cat plan >&2; exit 1; }"
		err_has "ended: ${signal#* }"
		err_has 'changed: nothing; not: registry, parameter file, stack'
		err_lacks 'is left behind'
		grep -q '"ChangeSets": *\[\]' "$tmp/state"/*.json || fail 'a change set is left'
	done
	echo 'faults: []' >"$tmp/scenario.yml"
	sandbox 0 "\"\$DEPLOYER\" deploy"
	live_is 1a
}

# Without a person there, watching ends and the operation does not.
executing() {
	cp "$tmp/slow.yml" "$tmp/scenario.yml"
	sandbox 0 "begin \"\$DEPLOYER\" deploy; until_true says said 'IN_PROGRESS *Image'
		start=\$(now_ms); kill -TERM \$pid; end ended; [ \$((\$(now_ms) - start)) -lt 10000 ]
		\"\$DEPLOYER\" deploy --wait 5"
	err_has 'ended: 12'
	err_has "the operation goes on: 'deployer watch' shows it"
	err_has "running: the stack's operation; next: deployer watch"
	live_is 1a
}

# Killed while it watches: the next one joins, executes nothing again, and needs no help.
killed() {
	cp "$tmp/slow.yml" "$tmp/scenario.yml"
	sandbox 0 "begin \"\$DEPLOYER\" deploy; until_true says said 'IN_PROGRESS *Image'; kill -KILL \$pid; end killed
		\"\$DEPLOYER\" release --resume"
	err_has 'killed: 137'
	err_has 'CREATE_COMPLETE'
	live_is 1a
}

# Nobody reads what it says any more: that is no reason to leave a deployment to itself.
unheard() {
	for where in '>/dev/full 2>/dev/full' '>&- 2>&-' '2>&1 | head -n 1 >/dev/null' '| true'; do
		rm -rf "$tmp/state"
		sandbox 0 "(\"\$DEPLOYER\" deploy; echo \$? >status) $where; until_true [ -s status ]; cat status >&2; rm status"
		live_is 1a
		case $where in
		*full*) ;;
		*) err_has 0 ;;
		esac
	done
	# Not to be told what was asked for is a failure.
	for command in version 'config' '-o json status'; do
		sandbox 0 "APP_VERSION=1a \"\$DEPLOYER\" $command >/dev/full || echo ended: \$? >&2"
		err_has 'ended: 1'
	done
}

# Stopped while a change set is made, a call runs, events come: all of it is caught up with.
suspended() {
	cp "$tmp/slow.yml" "$tmp/scenario.yml"
	sandbox 0 "begin \"\$DEPLOYER\" deploy; until_true is_recorded change_set; kill -STOP \$pid; sleep 1; kill -CONT \$pid
		until_true says said 'IN_PROGRESS *Image'; kill -TSTP \$pid; sleep 3; kill -CONT \$pid; end ended"
	err_has 'ended: 0'
	err_has 'stack app is CREATE_COMPLETE'
	[ "$(grep -c 'CREATE_COMPLETE *Image' "$tmp/err")" = 1 ] || fail 'an event is missing, or told twice'
}

# As a CI ends a job: INT, 7.5 s, TERM, 2.5 s, KILL. What stands is said before anything else is waited for.
ci_ends_job() {
	hook "trap '' INT TERM; echo begun; sleep 61; sleep 61"
	sandbox 0 "begin \"\$DEPLOYER\" release --only deploy; until_true says said begun
		kill -INT \$pid; start=\$(now_ms)
		until_true says said 'changed: nothing; not: registry, parameter file, stack'
		[ \$((\$(now_ms) - start)) -lt 8000 ] || echo too late >&2
		sleep 0.5; kill -TERM \$pid; sleep 0.2; kill -KILL \$pid; end killed"
	err_has 'killed: 137'
	err_has 'interrupted by SIGINT'
	err_lacks 'too late'
	err_lacks 'ended'
	nothing_left_running
	hook :
	sandbox 0 "\"\$DEPLOYER\" deploy"
	live_is 1a
}

# Who comes second is told who holds it.
held() {
	need flock
	flock dev.cfg sh -c 'touch taken; until [ -e go ]; do sleep 0.1; done' &
	wait_until [ -e taken ]
	contents=$(cat dev.cfg)
	run 3 timeout 60 "$DEPLOYER" bump 5fdbe62
	err_matches "stack 'app': '.*dev.cfg' is locked by process $! of $(id -un) on $(uname -n), running since 20[0-9-]*T[0-9:]*Z"
	err_has '  -> wait until it is done, then run this again'
	[ "$contents" = "$(cat dev.cfg)" ] || fail 'changed all the same'
	touch go
	wait $!
	run 0 "$DEPLOYER" bump 5fdbe62
}
# One record has one writer: the second run changes nothing, and says who the first is.
one_record() {
	hook 'until [ -e go ]; do sleep 0.1; done'
	sandbox 0 "begin \"\$DEPLOYER\" --record one.jsonl deploy; until_true [ -s one.jsonl ]
		second=0; \"\$DEPLOYER\" --record one.jsonl deploy 2>second || second=\$?
		grep -q \"is locked by process \$pid\" second || cat second >&2
		touch go; end first; echo second: \$second >&2"
	err_has 'second: 3'
	err_has 'first: 0'
	err_lacks 'locked by'
	live_is 1a
}
# Two machines, one stack: each has a state folder of its own.
two_deployers() {
	for round in 1 2 3; do
		mkdir -p one two
		for machine in one two; do
			cp stack.yml deployer.yml "$machine"
			printf 'ApplicationImageTag=%s%s\n' "$machine" "$round" >"$machine/dev.cfg"
		done
		sandbox 0 "HOME=\$PWD/one; \"\$DEPLOYER\" -C one deploy >one.said 2>&1 & pid=\$!
			a=0; HOME=\$PWD/two; \"\$DEPLOYER\" -C two deploy >two.said 2>&1 || a=\$?
			b=0; wait \$pid || b=\$?; echo \"statuses: \$b \$a\" >&2; cat one.said two.said >&2"
		case $(sed -n 's/^statuses: //p' "$tmp/err") in
		'0 0' | '0 3' | '0 9' | '0 13' | '3 0' | '9 0' | '13 0') ;;
		*) fail 'both or none' ;;
		esac
		for machine in one two; do
			case $(grep -c 'changed: nothing; not: registry, parameter file, stack' $machine.said) in
			1) ! grep -q 'is .*_COMPLETE$' $machine.said || fail 'it says that it changed nothing' ;;
			*) grep -q 'changed: .*stack' $machine.said || fail "$machine does not say what it did" ;;
			esac
		done
		grep -q "\"Value\": *\"\\(one\\|two\\)$round\"" "$tmp/state"/*.json || fail 'neither is live'
	done
}

# The locks of the project, of the build, of the record and of dev.cfg die with whoever held them.
stale() {
	hook 'echo begun; sleep 61'
	sandbox 0 "begin \"\$DEPLOYER\" --record r.jsonl deploy; until_true says said begun; kill -KILL \$pid; end killed
		printf 'stack: {name: app}\n' >deployer.yml
		start=\$(now_ms); \"\$DEPLOYER\" --record r.jsonl deploy; [ \$((\$(now_ms) - start)) -lt 60000 ]"
	err_has 'killed: 137'
	live_is 1a
	need strace
	strace -o /dev/null true 2>/dev/null || skip 'strace cannot trace here'
	run 137 strace -o /dev/null -e trace=renameat -e inject=renameat:signal=SIGKILL:when=1 "$DEPLOYER" bump 2b
	run 0 timeout 60 "$DEPLOYER" bump 3c
	nothing_left_running
}

# A child has its three streams and nothing else of ours.
descriptors() {
	hook "ls -l /proc/self/fd >after"
	sandbox 0 "ls -l /proc/self/fd >before; \"\$DEPLOYER\" --record r.jsonl deploy"

	# Besides the three: what whoever runs this has left open, the shell's script, and the folder that is listed.
	# Numbers.
	# shellcheck disable=SC2013
	for fd in $(sed -n 's/.* \([0-9]*\) -> .*/\1/p' after); do
		[ "$fd" -le 2 ] || grep -q " $fd -> \($tmp/mark.sh\|/proc/\)" after || grep -q " $fd -> " before ||
			fail "descriptor $fd: $(cat after)"
	done
	grep -q ' 2 -> pipe' after || fail 'its error stream is none of ours'
}

# The wall clock jumps back by two hours while the deployment runs, and forth again.
clock_jumps() {
	need faketime
	echo '+0' >"$tmp/clock"
	library=$(faketime -f +0 env | sed -n 's/^LD_PRELOAD=//p')
	cp "$tmp/slow.yml" "$tmp/scenario.yml"
	sandbox 0 "begin env LD_PRELOAD='$library' FAKETIME_TIMESTAMP_FILE='$tmp/clock' FAKETIME_NO_CACHE=1 \
			FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1 \"\$DEPLOYER\" deploy
		until_true says said 'IN_PROGRESS *Image'; start=\$(now_ms)
		echo -2h >'$tmp/clock'; sleep 2; echo +3h >'$tmp/clock'; sleep 1; echo -1d >'$tmp/clock'
		end ended; [ \$((\$(now_ms) - start)) -lt 90000 ]"
	err_has 'ended: 0'
	err_has 'stack app is CREATE_COMPLETE'
	live_is 1a
}

rows_begin "$@"
rows_ahead 4
row F1 forwarded 'INT, TERM, HUP go to all of the child; what it says is shown, nothing of it stays'
row F1 stubborn 'a child that will not: each further signal is a harder one'
row F1 terminal 'the terminal is as it was'
row_elsewhere F1 cli-leftovers 'at a build, tests, a hook and acceptance tests: no container, network, volume, process'
row_elsewhere F1 'unit proc' 'ten seconds of grace, TERM, KILL'
row_elsewhere F2 faults-interrupts 'between the two tags: the hash is there, latest is not, and it says so'
row F3 rewriting 'while dev.cfg is made new: old or new, and the status says which'
row_elsewhere F3 faults-crash-bump 'killed or refused at each system call'
row F4 not_executed 'the change set is not executed yet: deleted, with the stack that was made for it'
row F5 executing 'executing, nobody there: ends with 12 and how to go on, the operation does not'
row_elsewhere F5 cli-interrupt 'a person at a terminal: cancel, detach, go on, a second Ctrl-C; not what others run'
row F6 killed 'killed while it watches: the next run joins'
row_elsewhere F6 faults-interrupts 'killed at each point of a release: --resume comes to the same end'
row F7 unheard 'closed, full and broken standard streams'
row F8 suspended 'stopped and continued'
row_elsewhere F8 cli-session_end 'credentials that end meanwhile'
row F9 ci_ends_job 'INT, TERM, KILL of a CI: what stands is said at once'
row F10 held "dev.cfg is held: refused with the holder's process"
row F10 one_record 'a record has one writer'
row_elsewhere F10 faults-race-bump 'eight writers lose nothing'
row F11 two_deployers 'two machines, one stack'
row F12 stale 'the locks of who was killed are free'
row F13 descriptors 'children get three descriptors'
row F14 clock_jumps 'the clock goes back, forth and back'
row_elsewhere F14 'unit retry' 'no wait is negative'
rows_end
