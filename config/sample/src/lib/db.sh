# shellcheck shell=sh
# The database as its clients see it.

DB_HOST=${DB_HOST:-127.0.0.1}
DB_PORT=${DB_PORT:-7070}

# The schema this version of the application works with.
# shellcheck disable=SC2034
SCHEMA=1

# db_call REQUEST: send one request line, print the reply. Fails when there is
# no answer.
db_call() {
	printf '%s\n' "$1" | timeout 5 nc "$DB_HOST" "$DB_PORT" 2>/dev/null
}
