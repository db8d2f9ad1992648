#!/bin/sh
# shellcheck disable=SC2016,SC2154
# Acceptance tests against a running application, as TAP: what a user of
# $APP_URL relies on. They leave no todo behind, so they can be run again.
set -u
cd "$(dirname "$0")" || exit 1

# shellcheck disable=SC1091
. ./tap.sh
# shellcheck disable=SC1091
. ./http.sh

server=${APP_URL#http://}
server=${server%%/*}

send() {
	timeout 5 nc "${server%:*}" "${server##*:}"
}

echo "# $APP_URL"

# Both containers were given their secrets by the same entrypoint.
token=
[ -z "${SECRETS-}" ] || token=",\"token\":\"$(printf %s "$ADMIN_TOKEN" | sha256sum | cut -c1-12)\""

http GET /health
is 'the application is healthy' "$status" 200
is 'it is the version under test' "$body" "{\"status\":\"ok\",\"schema\":1,\"version\":\"$APP_VERSION\"$token}"
[ -z "$token" ] || is 'it has read its secret' "${body##*,}" "${token#,}}"

http GET /
is 'the page is served' "$status" 200
is 'the page is ours' "$(printf '%s\n' "$body" | grep -c '<h1>Todo</h1>')" 1
http GET /static/todo.js
is 'its script is served' "$status" 200

title='"acceptance '\'' \" $(id) `id` \\ \n é 🍿"'
http POST /todos "{\"title\": $title}"
is 'a todo is added' "$status" 201
id=${body#'{"id":'}
id=${id%%[!0-9]*}
http GET /todos
is 'it is in the list, as it was written' "$(printf '%s\n' "$body" | grep -cF "{\"id\":$id,\"title\":$title}")" 1
http DELETE "/todos/$id"
is 'it can be deleted' "$status" 200
http DELETE "/todos/$id"
is 'it is gone' "$status" 404

http POST /todos 'title=x'
is 'a malformed todo is refused' "$status" 400
http PUT /todos
is 'another method is refused' "$status" 405

done_testing
