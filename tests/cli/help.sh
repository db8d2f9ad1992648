#!/bin/sh
# Help, completions and slips of the keyboard: what every command has from its table.
. "$(dirname "$0")/testlib.sh"

# Slips name what was wrong and the nearest right word, and touch nothing.
run 2 "$DEPLOYER"
err_has 'no command given'
run 2 "$DEPLOYER" completoin
err_has "'completoin' is not a command"
err_has "did you mean 'deployer completion'?"
run 2 "$DEPLOYER" --outpt=json help
err_has "unknown option '--outpt=json'"
run 2 "$DEPLOYER" help --mam
err_has "unknown option '--mam'"
err_has 'did you mean --man?'
run 2 "$DEPLOYER" completion
err_has 'name bash, zsh or fish'
run 2 "$DEPLOYER" completion bash zsh
err_has "'zsh' is one argument too many"
err_has '  -> usage: deployer completion bash|zsh|fish'
run 2 "$DEPLOYER" secrets get
err_has 'an argument is missing'
err_has '  -> usage: deployer secrets get SECRET'
run 2 "$DEPLOYER" --nonesuch
err_has "  -> see 'deployer --help'"
run 2 "$DEPLOYER" deploy --wait soon
err_has "  -> see 'deployer help deploy'"
run 2 "$DEPLOYER" --output xml help
err_has "'xml' is neither text nor json"
run 2 "$DEPLOYER" -C "$tmp/nowhere" help
err_has "cannot enter '$tmp/nowhere'"
run 2 "$DEPLOYER" help nonesuch
err_has "'nonesuch' is not a command"

# The error as data.
run 2 "$DEPLOYER" --output json help nonesuch
err_has '"status": 2'

# The overview names every command; each explains itself in the same words three ways.
run 0 "$DEPLOYER" --help
cp "$tmp/out" overview
has overview 'Exit status:'
run 0 "$DEPLOYER" help
same overview "$tmp/out"
run 0 "$DEPLOYER" help --man
out_has '.SH EXIT STATUS'
run 0 "$DEPLOYER" completion --words COMMAND
cp "$tmp/out" commands
[ -s commands ] || fail 'no commands'
while read -r command; do
	has overview "  $command "
	# Two words where the name has two.
	# shellcheck disable=SC2086
	run 0 "$DEPLOYER" help $command
	out_has "Usage: deployer $command"
	cp "$tmp/out" help
	# shellcheck disable=SC2086
	run 0 "$DEPLOYER" $command --help
	same help "$tmp/out"
	# shellcheck disable=SC2086
	run 0 "$DEPLOYER" help --man $command
	out_has '.TH "deployer-'
done <commands
run 0 "$DEPLOYER" help --man
for entry in 'SH ENVIRONMENT' 'B DEPLOYER_WEBHOOK' 'SH FILES' 'BR deployer\-secrets\-get (1),'; do
	out_has ".$entry"
done
run 0 "$DEPLOYER" --version
out_matches '^deployer [0-9]+\.[0-9]+\.[0-9]+$'

# Completions are scripts that their shells can read.
for shell in bash zsh fish; do
	run 0 "$DEPLOYER" completion $shell
	cp "$tmp/out" completion.$shell
	if command -v $shell >/dev/null; then
		run 0 $shell -n completion.$shell
		nothing_said
	else
		echo "$shell is absent: its completions were not read"
	fi
done
run 2 "$DEPLOYER" completion tcsh
err_has "'tcsh' is not bash, zsh or fish"

# And in bash they complete.
if command -v bash >/dev/null && command -v git >/dev/null; then
	cat >complete.bash <<-'END'
		source completion.bash
		complete_words() {
			COMP_WORDS=("$DEPLOYER" "$@") COMP_CWORD=$#
			_deployer
			echo "${COMPREPLY[*]}"
		}
		complete_words help --m
		complete_words compl
		complete_words release --from p
		complete_words -e ''
		complete_words -e pro plan --e
		complete_words -e prod secrets ed
		complete_words --config deployer.yml secrets edit --no-such
		complete_words bump ''
		complete_words secrets
		complete_words edi
		complete_words secrets e
		complete_words promote ''
		complete_words release --approve ''
		complete_words -o j
	END
	printf 'environments: {dev: {}, prod: {stack: {name: live}}}\n' >deployer.yml
	git init -q .
	git -c user.name=t -c user.email=t@example.com commit -q --allow-empty -m first
	run 0 bash complete.bash
	out_is "--man
completion
publish
dev prod
--env --endpoint-url
edit

$(git rev-parse --short HEAD)
secrets

edit
dev prod
any tag-only never
json"
	run 0 "$DEPLOYER" completion --words STACK
	out_matches '^live$'
fi

# In zsh, sourced or as a file of fpath, at the first key already: the words of a line end in "got".
if command -v zsh >/dev/null && command -v git >/dev/null; then
	mkdir fpath bin
	cp completion.zsh fpath/_deployer
	ln -s "$DEPLOYER" bin/deployer
	cat >complete.zsh <<-'END'
		zmodload zsh/zpty
		zpty shell PATH=$PWD/bin:$PATH TERM=dumb zsh -f -i
		zpty -w shell "setopt nobeep; fpath=($PWD/fpath \$fpath); autoload -U compinit; compinit -u -D; $1"
		zpty -w shell 'deployer() { if [[ $1 = completion ]]; then command deployer "$@"; else print -r -- "$@" >>got; fi }'
		zpty -w shell 'print ready'
		zpty -r shell text $'*\nready*'
		zpty -w shell $'deployer promo\tde\tpr\t'
		zpty -w shell $'deployer -e pro\tsecr\ted\t'
		zpty -w shell $'deployer --out\tj\twhoa\t'
		zpty -w shell exit
		while zpty -r shell text; do :; done
	END
	for loaded in ':' 'source ./completion.zsh'; do
		rm -f got
		run 0 timeout 60 zsh -f complete.zsh "$loaded"
		is got 'promote dev prod
-e prod secrets edit
--output json whoami'
	done
fi

# And in fish.
if command -v fish >/dev/null && command -v git >/dev/null; then
	cat >complete.fish <<-'END'
		set -x PATH $PWD/bin $PATH
		source completion.fish
		for line in 'compl' 'impor' 'secrets e' 'promote ' '-e pro' '-e prod secr' '-e prod release --from p' '-o ' \
			'completion z' 'secrets edit --dry' 'secrets get --dry' '--config de'
			echo "$line:" (complete -C "deployer $line" | cut -f 1)
		end
	END
	mkdir -p bin
	ln -sf "$DEPLOYER" bin/deployer
	run 0 env HOME="$tmp" fish --no-config complete.fish
	out_is 'compl: completion
impor:
secrets e: edit
promote : dev prod
-e pro: prod
-e prod secr: secrets
-e prod release --from p: publish
-o : json text
completion z: zsh
secrets edit --dry: --dry-run
secrets get --dry:
--config de: deployer.yml'
fi
rm -f deployer.yml

# What could not be written is no success.
run 1 sh -c '"$1" --help >/dev/full' sh "$DEPLOYER"
err_has 'cannot write to standard output: No space left on device'
