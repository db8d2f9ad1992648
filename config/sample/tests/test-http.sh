# shellcheck shell=sh
# shellcheck disable=SC2016
# Whole requests through a connection's handler, with a database on loopback.

# shellcheck disable=SC1091
. ./http.sh

DATA=$(mktemp -d)
DB_HOST=127.0.0.1
DB_PORT=7171
APP_VERSION=abc1234
export DATA DB_HOST DB_PORT APP_VERSION

send() {
	../lib/http-session 2>/dev/null
}

# answers NAME STATUS BODY METHOD PATH [REQUEST-BODY]
answers() {
	name=$1 wanted="$2 $3"
	shift 3
	http "$@"
	# shellcheck disable=SC2154
	is "http: $name" "$status $body" "$wanted"
}

answers 'unhealthy without a database' 503 '{"error":"database unreachable"}' GET /health
db >/dev/null &
db=$!
timeout 5 sh -c 'until db-ready; do sleep 0.1; done'
answers 'unhealthy before the migration' 503 '{"error":"database not migrated"}' GET /health
answers 'no list before the migration' 503 '{"error":"database not migrated"}' GET /todos
migrate >/dev/null
answers 'healthy' 200 '{"status":"ok","schema":1,"version":"abc1234"}' GET /health
ADMIN_TOKEN=t0ken answers 'which secret it has' 200 '{"status":"ok","schema":1,"version":"abc1234","token":"'"$(printf t0ken | sha256sum | cut -c1-12)"'"}' GET /health
APP_VERSION='"x' answers 'an odd version' 200 '{"status":"ok","schema":1,"version":"unknown"}' GET /health

answers 'empty list' 200 '[]' GET /todos
answers 'adds' 201 '{"id":1,"title":"milk"}' POST /todos '{"title":"milk"}'
answers 'adds hostile text' 201 '{"id":2,"title":"'\''\" $(id) `id` \n \\ é 🍿"}' \
	POST /todos '{"title":"'\''\" $(id) `id` \n \\ é 🍿"}'
answers 'lists' 200 '[{"id":1,"title":"milk"},{"id":2,"title":"'\''\" $(id) `id` \n \\ é 🍿"}]' GET /todos
answers 'ignores the query' 200 '[{"id":1,"title":"milk"},{"id":2,"title":"'\''\" $(id) `id` \n \\ é 🍿"}]' GET '/todos?a=$(id)'
answers 'deletes' 200 '{"id":2}' DELETE /todos/2
answers 'deletes once' 404 '{"error":"no such todo"}' DELETE /todos/2
answers 'keeps the others' 200 '[{"id":1,"title":"milk"}]' GET /todos

answers 'refuses another body' 400 '{"error":"the body must be {\"title\": \"...\"}"}' POST /todos 'title=milk'
answers 'refuses an empty body' 400 '{"error":"the body must be {\"title\": \"...\"}"}' POST /todos
answers 'refuses a large body' 413 '{"error":"body too large"}' POST /todos "$(printf '%5000s' x)"
answers 'refuses another method' 405 '{"error":"method not allowed"}' PUT /todos '{"title":"x"}'
answers 'refuses a bad id' 404 '{"error":"no such path"}' DELETE '/todos/1%3Bid'
answers 'refuses a deeper path' 404 '{"error":"no such path"}' GET /todos/1/2

http GET /../etc/passwd
is 'http: stays in its directory' "$status" 400
http DELETE '/todos/..%2f..%2fschema'
is 'http: has no encoded way out either' "$status" 404
http GET /todosx
is 'http: leaves other paths to the static files' "$status" 404

kill "$db"
wait "$db"
rm -r "$DATA"
