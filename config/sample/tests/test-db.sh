# shellcheck shell=sh
# shellcheck disable=SC2016
# The database's sessions, each as a process of its own on a fresh directory.

DATA=$(mktemp -d)
export DATA

# ask REQUEST: the reply, on one line.
ask() {
	printf '%s\n' "$1" | ../lib/db-session | tr '\n' ' ' | sed 's/ $//'
}

is 'db: no schema at first' "$(ask VERSION)" 'OK 0'
is 'db: needs the schema' "$(ask LIST)" 'ERR no schema'
is 'db: refuses an unknown schema' "$(ask 'MIGRATE 2')" 'ERR unknown schema version'
is 'db: migrates' "$(ask 'MIGRATE 1')" 'OK 1'
is 'db: migrates again' "$(ask 'MIGRATE 1')" 'OK 1'
is 'db: has the schema' "$(ask VERSION)" 'OK 1'
is 'db: empty list' "$(ask LIST)" 'OK END'
is 'db: adds' "$(ask 'ADD "one"')" 'OK 1'
is 'db: adds another' "$(ask 'ADD "$(touch /tmp/oops) \" * \\"')" 'OK 2'
is 'db: lists what it was given' "$(ask LIST)" 'OK ROW 1 "one" ROW 2 "$(touch /tmp/oops) \" * \\" END'
is 'db: runs no text' "$([ -e /tmp/oops ] && echo ran)" ''
is 'db: deletes' "$(ask 'DELETE 2')" 'OK 2'
is 'db: deletes once' "$(ask 'DELETE 2')" 'NONE 2'
is 'db: uses no id twice' "$(ask 'ADD "three"')" 'OK 3'
is 'db: leaves the data directory' "$(ask 'DELETE ../schema')" 'NONE ../schema'
is 'db: refuses an empty text' "$(ask 'ADD ')" 'ERR empty text'
is 'db: refuses an unknown request' "$(ask 'DROP')" 'ERR unknown request'
is 'db: needs a whole line' "$(printf 'LIST' | ../lib/db-session)" 'ERR incomplete request'

for i in 1 2 3 4 5 6 7 8; do
	ask "ADD \"at once $i\"" >"$DATA/reply.$i" &
done
wait
rm "$DATA"/reply.*
is 'db: keeps what is added at once' "$(ask LIST | grep -o 'at once [1-8]' | sort | tr -d '\n')" \
	'at once 1at once 2at once 3at once 4at once 5at once 6at once 7at once 8'
is 'db: leaves no temporary file' "$(ls "$DATA")" "$(printf 'schema\ntodos')"
rm -r "$DATA"
