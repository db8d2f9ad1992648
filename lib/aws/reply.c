#include "aws/reply.h"

#include "base/cleanup.h"

#include <string.h>

void aws_reply_release(struct aws_reply *reply)
{
	xml_freep(&reply->xml);
	json_decref(reply->json);
	reply->json = NULL;
	str_release(&reply->request_id);
	str_release(&reply->region);
}

/* Every service but S3 names the request in one header, S3 in another. */
static const char *request_id_header(const struct http_response *response)
{
	const char *id = http_header(response, "x-amzn-requestid");

	return id ? id : http_header(response, "x-amz-request-id");
}

static int refuse_reply(const struct http_response *response, const char *why, struct error *err)
{
	return error_set(err, ERROR_NETWORK, "HTTP %d with an unusable answer of %zu bytes: %s",
			 response->status, response->body.len, why);
}

static int read_query_reply(const struct aws_operation *operation,
			    const struct http_response *response, struct aws_reply *reply,
			    struct error *err)
{
	CLEANUP(str_release) struct str want = STR_INIT;
	const char *id;

	reply->xml = xml_read(response->body.buf, response->body.len, err);
	if (!reply->xml) {
		error_become(err, ERROR_NETWORK);
		return error_wrap(err, "HTTP %d with an unusable answer of %zu bytes",
				  response->status, response->body.len);
	}
	str_addf(&want, "%sResponse", operation->name);
	if (strcmp(reply->xml->name, want.buf) != 0)
		return refuse_reply(response, "it answers something else", err);
	id = xml_text(reply->xml, "ResponseMetadata/RequestId");
	if (!*id)
		id = request_id_header(response);
	if (!id)
		return refuse_reply(response, "it names no request", err);
	str_adds(&reply->request_id, id);
	return 0;
}

/* Stand-ins leave the request id out: the object must do. */
static int read_json_reply(const struct http_response *response, struct aws_reply *reply,
			   struct error *err)
{
	const char *id = request_id_header(response);

	reply->json = json_read(response->body.buf, response->body.len, err);
	if (!reply->json) {
		error_become(err, ERROR_NETWORK);
		return error_wrap(err, "HTTP %d with an unusable answer of %zu bytes",
				  response->status, response->body.len);
	}
	if (!json_is_object(reply->json))
		return refuse_reply(response, "it is not an object", err);
	str_adds(&reply->request_id, id ? id : "");
	return 0;
}

static int read_bare_reply(const struct aws_operation *operation,
			   const struct http_response *response, struct aws_reply *reply,
			   struct error *err)
{
	const char *id = request_id_header(response);

	if (!http_header(response, operation->header))
		return refuse_reply(response, "the header that proves success is missing", err);
	str_adds(&reply->request_id, id ? id : "");
	return 0;
}

int aws_reply_read(const struct aws_operation *operation, const struct http_response *response,
		   struct aws_reply *ret, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	int result;

	if (operation->header)
		result = read_bare_reply(operation, response, &reply, err);
	else if (aws_services[operation->service].protocol == AWS_PROTOCOL_QUERY)
		result = read_query_reply(operation, response, &reply, err);
	else
		result = read_json_reply(response, &reply, err);
	if (result < 0)
		return -1;
	aws_reply_release(ret);
	*ret = reply;
	reply = (struct aws_reply)AWS_REPLY_INIT;
	return 0;
}

int aws_reply_lacks(const struct aws_operation *operation, const char *what, struct error *err)
{
	return error_set(err, ERROR_REMOTE, "%s %s: the answer lacks %s",
			 aws_services[operation->service].title, operation->name, what);
}

const struct xml_node *aws_reply_result(const struct aws_reply *reply)
{
	for (size_t i = 0; reply->xml && i < reply->xml->count; i++) {
		const struct xml_node *child = reply->xml->children[i];
		size_t len = strlen(child->name), tail = strlen("Result");

		if (len > tail && strcmp(child->name + len - tail, "Result") == 0)
			return child;
	}
	return NULL;
}
