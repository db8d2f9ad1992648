# shellcheck shell=sh
# Sourced by the lints, which run from the top folder. A lint prints what is wrong and how to mend
# it and ends with 1, or with 77 (skipped) where its tool is absent; tests/run installs the tools.
set -eu

# need TOOL
need() {
	command -v "$1" >/dev/null || {
		echo "$1 is absent"
		exit 77
	}
}

# need_version TOOL VERSION: what a tool says differs from one major version to the next.
need_version() {
	need "$1"
	"$1" --version | grep -q "version $2\." || {
		echo "$1 is not version $2, that of Debian 12"
		exit 77
	}
}

# mend TEXT: how, and the end.
mend() {
	echo "-> $*"
	exit 1
}

c_files() {
	find cmd lib config tests -name '*.[ch]' | sort
}

c_sources() {
	find cmd lib config tests -name '*.c' | sort
}

# Everything that a person wrote: no corpus, which has to stay as it is, and no picture.
text_files() {
	find .ci README.md meson.build .clang-format .clang-tidy .editorconfig .gitignore .shellcheckrc \
		cmd lib config tests -type f ! -path '*/corpus/*' 2>/dev/null | sort
}

scripts() {
	text_files | while read -r file; do
		case $(head -c 64 "$file" | head -n 1) in
		'#!'*/sh | '#!'*'env sh' | '#!'*bash | '# shellcheck shell='*) echo "$file" ;;
		esac
	done
}
