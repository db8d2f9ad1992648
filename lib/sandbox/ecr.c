/* ECR, API version 2015-09-21: the way into the registry beside the sandbox, and what lies in it.
 */
#include "sandbox/ecr.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/url.h"
#include "data/digest.h"
#include "data/json.h"
#include "sandbox/call.h"
#include "sandbox/document.h"
#include "sandbox/page.h"

#include <fnmatch.h>
#include <string.h>

#define MAX_MANIFEST_BYTES (4 << 20)
#define TOKEN_LEN	   64
#define TOKEN_LIFE_MS	   (12LL * 3600 * 1000)
#define MANIFEST_TYPES                                                                             \
	"application/vnd.docker.distribution.manifest.v2+json, "                                   \
	"application/vnd.docker.distribution.manifest.list.v2+json, "                              \
	"application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"

void ecr_registry_host(const struct sandbox *sandbox, struct str *out)
{
	if (sandbox->registry_host)
		str_adds(out, sandbox->registry_host);
	else
		str_addf(out, "%s.dkr.ecr.%s.amazonaws.com", sandbox_account(sandbox),
			 sandbox_region(sandbox));
}

void ecr_ensure_repository(struct sandbox *sandbox, const char *name, const char *mutability)
{
	json_t *repositories = sandbox_map(sandbox, "Repositories");
	int64_t now_ms = sandbox->clock->wall_ms(sandbox->clock);

	if (json_object_get(repositories, name))
		return;
	(void)json_object_set_new(repositories, name,
				  json_pack("{s:I, s:s}", "CreatedAt", (json_int_t)now_ms / 1000,
					    "Mutability", mutability ? mutability : "MUTABLE"));
	sandbox->is_changed = true;
}

void ecr_remove_repository(struct sandbox *sandbox, const char *name)
{
	(void)json_object_del(sandbox_map(sandbox, "Repositories"), name);
	sandbox->is_changed = true;
}

static json_t *describe_repository(const struct sandbox *sandbox, const char *name,
				   const json_t *repository)
{
	CLEANUP(str_release) struct str arn = STR_INIT;
	CLEANUP(str_release) struct str uri = STR_INIT;

	str_addf(&arn, "arn:aws:ecr:%s:%s:repository/%s", sandbox_region(sandbox),
		 sandbox_account(sandbox), name);
	ecr_registry_host(sandbox, &uri);
	str_addf(&uri, "/%s", name);
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:{s:b}, s:{s:s}}", "repositoryArn",
			 arn.buf, "registryId", sandbox_account(sandbox), "repositoryName", name,
			 "repositoryUri", uri.buf, "createdAt",
			 json_integer_value(json_object_get(repository, "CreatedAt")),
			 "imageTagMutability", json_text(repository, "Mutability"),
			 "imageScanningConfiguration", "scanOnPush", 0, "encryptionConfiguration",
			 "encryptionType", "AES256");
}

static int refuse_missing(const struct sandbox *sandbox, const char *name, struct error *err)
{
	return refuse(err, "RepositoryNotFoundException",
		      "The repository with name '%s' does not exist in the registry with id '%s'",
		      name, sandbox_account(sandbox));
}

/* The repository that the call is about, or NULL and an error. */
static json_t *find_repository(struct call *call, const char *name, struct error *err)
{
	const char *registry_id = call_optional(call, "registryId");
	json_t *repository = json_object_get(sandbox_map(call->sandbox, "Repositories"), name);

	if (registry_id && strcmp(registry_id, sandbox_account(call->sandbox)) != 0)
		repository = NULL;
	if (!repository)
		(void)refuse_missing(call->sandbox, name, err);
	return repository;
}

static const char *repository_name(const struct call *call, struct error *err)
{
	const char *name = call_optional(call, "repositoryName");

	if (!name)
		(void)refuse(err, "InvalidParameterException",
			     "Invalid parameter at 'repositoryName' failed to satisfy constraint: "
			     "'must not be null'");
	return name;
}

/* ---- the token ---- */

/* A new one for each call, of ECR's life unless the scenario has it otherwise. */
static const struct registry_token *issue_token(struct sandbox *sandbox, int64_t now_ms)
{
	struct registry_token *token =
		mem_grow(&sandbox->tokens, &sandbox->token_count, sizeof(*token));
	struct token_terms terms = scenario_next_token(&sandbox->scenario);
	CLEANUP(str_wipe) struct str password = STR_INIT;

	sandbox_random(&password, TOKEN_LEN,
		       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
	secret_set(&token->password, password.buf, password.len);
	token->expires_ms = now_ms + (terms.seconds ? sandbox_duration_ms(sandbox, terms.seconds)
						    : TOKEN_LIFE_MS);
	token->requests = terms.requests ? terms.requests + 1 : 0;
	token->status = terms.status;
	return token;
}

static json_t *get_authorization_token(struct call *call, struct error *err)
{
	struct sandbox *sandbox = call->sandbox;
	CLEANUP(str_wipe) struct str login = STR_INIT;
	CLEANUP(str_wipe) struct str text = STR_INIT;
	CLEANUP(str_release) struct str endpoint = STR_INIT;
	const struct registry_token *token;

	if (!secret_is_set(&sandbox->registry_password)) {
		(void)refuse(err, "ServerException", "This sandbox runs without a registry");
		return NULL;
	}
	token = issue_token(sandbox, call->now_ms);
	str_addf(&login, "AWS:%s", secret_bytes(&token->password));
	base64_encode(&text, login.buf, login.len);
	str_addf(&endpoint, "http://%s", sandbox->registry_host);
	return json_pack("{s:[{s:s, s:f, s:s}]}", "authorizationData", "authorizationToken",
			 text.buf, "expiresAt", (double)token->expires_ms / 1000, "proxyEndpoint",
			 endpoint.buf);
}

/* ---- repositories ---- */

static json_t *describe_named(struct call *call, const json_t *names, struct error *err)
{
	json_auto_t *list = json_array();
	json_t *item;
	size_t i;

	json_array_foreach(names, i, item)
	{
		const char *name = json_string_value(item) ? json_string_value(item) : "";
		const json_t *repository = find_repository(call, name, err);

		if (!repository)
			return NULL;
		(void)json_array_append_new(list,
					    describe_repository(call->sandbox, name, repository));
	}
	return json_pack("{s:O}", "repositories", list);
}

static json_t *describe_repositories(struct call *call, struct error *err)
{
	static const struct page_rule rule = { "repositories", "nextToken", "maxResults", 100 };
	const json_t *names = call_list(call, "repositoryNames");
	json_t *list = json_array(), *repository;
	const char *name;

	if (json_array_size(names)) {
		json_decref(list);
		return describe_named(call, names, err);
	}
	json_object_foreach(sandbox_map(call->sandbox, "Repositories"), name, repository)(void)
		json_array_append_new(list, describe_repository(call->sandbox, name, repository));
	return page_put(call, &rule, list, json_object());
}

/* (?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*, 2 to 256 long. */
static bool is_valid_name(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t len = strlen(name);

	if (len < 2 || len > 256)
		return false;
	for (;;) {
		size_t run = strspn(name, plain);

		if (run == 0)
			return false;
		name += run;
		if (!*name)
			return true;
		if (!strchr("._-/", *name))
			return false;
		name++;
	}
}

static json_t *create_repository(struct call *call, struct error *err)
{
	const char *name = repository_name(call, err);
	const char *mutability = call_optional(call, "imageTagMutability");
	json_t *repositories = sandbox_map(call->sandbox, "Repositories");

	if (!name)
		return NULL;
	if (!is_valid_name(name)) {
		(void)refuse(err, "InvalidParameterException",
			     "Invalid parameter at 'repositoryName' failed to satisfy constraint: "
			     "'must satisfy regular expression '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*"
			     "[a-z0-9]+(?:[._-][a-z0-9]+)*''");
		return NULL;
	}
	if (json_object_get(repositories, name)) {
		(void)refuse(err, "RepositoryAlreadyExistsException",
			     "The repository with name '%s' already exists in the registry with "
			     "id '%s'",
			     name, sandbox_account(call->sandbox));
		return NULL;
	}
	ecr_ensure_repository(call->sandbox, name, mutability);
	return json_pack(
		"{s:o}", "repository",
		describe_repository(call->sandbox, name, json_object_get(repositories, name)));
}

static json_t *put_image_tag_mutability(struct call *call, struct error *err)
{
	const char *name = repository_name(call, err);
	json_t *repository = name ? find_repository(call, name, err) : NULL;
	const char *mutability = call_optional(call, "imageTagMutability");
	json_t *filters = json_object_get(call->input, "imageTagMutabilityExclusionFilters");

	if (!repository)
		return NULL;
	document_set_text(repository, "Mutability", mutability);
	(void)json_object_del(repository, "Exclusions");
	if (filters)
		(void)json_object_set(repository, "Exclusions", filters);
	call->sandbox->is_changed = true;
	return json_pack("{s:s, s:s, s:O, s:O*}", "registryId", sandbox_account(call->sandbox),
			 "repositoryName", name, "imageTagMutability",
			 json_object_get(repository, "Mutability"),
			 "imageTagMutabilityExclusionFilters", filters);
}

bool ecr_is_immutable(struct sandbox *sandbox, const char *repository, const char *tag)
{
	const json_t *there = json_object_get(sandbox_map(sandbox, "Repositories"), repository);
	const char *mutability = json_text(there, "Mutability");
	const json_t *filter;
	size_t i;

	if (!mutability || strncmp(mutability, "IMMUTABLE", strlen("IMMUTABLE")) != 0)
		return false;
	json_array_foreach(json_object_get(there, "Exclusions"), i, filter)
	{
		const char *pattern = json_text(filter, "filter");

		if (pattern && fnmatch(pattern, tag, 0) == 0)
			return false;
	}
	return true;
}

static json_t *delete_repository(struct call *call, struct error *err)
{
	const char *name = repository_name(call, err);
	const json_t *repository = name ? find_repository(call, name, err) : NULL;
	json_t *described;

	if (!repository)
		return NULL;
	described = describe_repository(call->sandbox, name, repository);
	ecr_remove_repository(call->sandbox, name);
	return json_pack("{s:o}", "repository", described);
}

/* ---- images: what the registry itself says ---- */

static int ask_registry(struct sandbox *sandbox, const char *path, struct http_response *ret,
			struct error *err)
{
	CLEANUP(http_request_release) struct http_request request = HTTP_REQUEST_INIT;
	CLEANUP(str_wipe) struct str login = STR_INIT;
	CLEANUP(str_wipe) struct str header = STR_INIT;
	CLEANUP(str_release) struct str url = STR_INIT;
	int result;

	if (!sandbox->http || !sandbox->registry_host)
		return refuse(err, "ServerException", "This sandbox runs without a registry");
	str_addf(&login, "AWS:%s", secret_bytes(&sandbox->registry_password));
	str_adds(&header, "Authorization: Basic ");
	base64_encode(&header, login.buf, login.len);
	str_addf(&url, "http://127.0.0.1:%u/v2/%s", sandbox->registry_port, path);
	strv_add(&request.headers, header.buf);
	strv_add(&request.headers, "Accept: " MANIFEST_TYPES);
	request.url = url.buf;
	request.allow_http = true;
	request.max_body = MAX_MANIFEST_BYTES;
	result = http_send(sandbox->http, &request, ret, err);
	if (result < 0)
		error_set_code(err, "ServerException");
	return result;
}

/* An image by tag or digest. *ret_image stays NULL where the registry has none. */
static int get_image(struct call *call, const char *name, const char *reference, json_t **ret_image,
		     struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	const char *digest, *type;

	str_addf(&path, "%s/manifests/", name);
	for (const char *p = reference; *p; p++) {
		if (*p == ':')
			str_addc(&path, ':');
		else
			url_encode(&path, p, 1);
	}
	if (ask_registry(call->sandbox, path.buf, &response, err) < 0)
		return -1;
	digest = http_header(&response, "docker-content-digest");
	type = http_header(&response, "content-type");
	if (response.status != 200 || !digest)
		return 0;
	*ret_image = json_pack("{s:s, s:s, s:{s:s}, s:s, s:s}", "registryId",
			       sandbox_account(call->sandbox), "repositoryName", name, "imageId",
			       "imageDigest", digest, "imageManifest", response.body.buf,
			       "imageManifestMediaType", type ? type : "");
	return 0;
}

/* The path in the registry that an image name means; false where it is another registry's. */
static bool manifest_path(const struct sandbox *sandbox, const char *image, struct str *out)
{
	CLEANUP(str_release) struct str host = STR_INIT;
	const char *slash = strchr(image, '/'), *name, *mark;

	str_addf(&host, "%s.dkr.ecr.%s.amazonaws.com", sandbox_account(sandbox),
		 sandbox_region(sandbox));
	if (!slash || !sandbox->registry_host ||
	    (strncmp(image, host.buf, (size_t)(slash - image)) != 0 &&
	     strncmp(image, sandbox->registry_host, (size_t)(slash - image)) != 0))
		return false;
	name = slash + 1;
	mark = strpbrk(name, "@:");
	str_addf(out, "%.*s/manifests/%s", (int)(mark ? mark - name : (long)strlen(name)), name,
		 mark ? mark + 1 : "latest");
	return true;
}

bool ecr_has_image(struct sandbox *sandbox, const char *repository, const char *tag)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;

	str_addf(&path, "%s/manifests/%s", repository, tag);
	return ask_registry(sandbox, path.buf, &response, &ignored) == 0 && response.status == 200;
}

void ecr_image_digest(struct sandbox *sandbox, const char *image, struct str *out)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	const char *digest = NULL;

	if (manifest_path(sandbox, image, &path) &&
	    ask_registry(sandbox, path.buf, &response, &ignored) == 0 && response.status == 200)
		digest = http_header(&response, "docker-content-digest");
	if (digest) {
		str_adds(out, digest);
		return;
	}
	str_adds(out, "sha256:");
	digest_sha256_hex(out, image, strlen(image));
}

static const char *reference_of(const json_t *image_id)
{
	const char *digest = json_text(image_id, "imageDigest");

	return digest ? digest : json_text(image_id, "imageTag");
}

static void add_failure(json_t *failures, json_t *image_id)
{
	(void)json_array_append_new(
		failures, json_pack("{s:O, s:s, s:s}", "imageId", image_id, "failureCode",
				    "ImageNotFound", "failureReason", "Requested image not found"));
}

static json_t *batch_get_image(struct call *call, struct error *err)
{
	const char *name = repository_name(call, err);
	json_auto_t *images = json_array();
	json_auto_t *failures = json_array();
	json_t *image_id;
	size_t i;

	if (!name || !find_repository(call, name, err))
		return NULL;
	json_array_foreach(call_list(call, "imageIds"), i, image_id)
	{
		const char *reference = reference_of(image_id);
		json_t *image = NULL;

		if (reference && get_image(call, name, reference, &image, err) < 0)
			return NULL;
		if (!image) {
			add_failure(failures, image_id);
			continue;
		}
		(void)json_object_update_missing(json_object_get(image, "imageId"), image_id);
		(void)json_array_append_new(images, image);
	}
	return json_pack("{s:O, s:O}", "images", images, "failures", failures);
}

static int list_tags(struct call *call, const char *name, json_t **ret_tags, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP(str_release) struct str path = STR_INIT;
	json_auto_t *document = NULL;

	str_addf(&path, "%s/tags/list", name);
	if (ask_registry(call->sandbox, path.buf, &response, err) < 0)
		return -1;
	if (response.status == 200)
		document = json_read(response.body.buf, response.body.len, &ignored);
	*ret_tags = json_incref(json_object_get(document, "tags"));
	if (!json_is_array(*ret_tags)) {
		json_decref(*ret_tags);
		*ret_tags = json_array();
	}
	return 0;
}

/* The sum of what the manifest lists, as DescribeImages counts it. */
static json_int_t image_size(const char *manifest)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	json_auto_t *document = json_read(manifest, strlen(manifest), &ignored);
	json_int_t size = 0;
	json_t *layer;
	size_t i;

	json_array_foreach(json_object_get(document, "layers"), i, layer) size +=
		json_integer_value(json_object_get(layer, "size"));
	return size;
}

/* Adds a tag to the image of its digest in `details`, which is made where it is new. */
static void add_detail(json_t *details, const json_t *image, const char *tag)
{
	const char *digest = json_text(json_object_get(image, "imageId"), "imageDigest");
	json_t *detail;
	size_t i;

	json_array_foreach(details, i, detail)
	{
		if (strcmp(json_text(detail, "imageDigest"), digest) == 0) {
			(void)json_array_append_new(json_object_get(detail, "imageTags"),
						    json_string(tag));
			return;
		}
	}
	detail = json_pack("{s:s, s:s, s:s, s:[s], s:I, s:s}", "registryId",
			   json_text(image, "registryId"), "repositoryName",
			   json_text(image, "repositoryName"), "imageDigest", digest, "imageTags",
			   tag, "imageSizeInBytes", image_size(json_text(image, "imageManifest")),
			   "imageManifestMediaType", json_text(image, "imageManifestMediaType"));
	(void)json_array_append_new(details, detail);
}

static bool is_wanted(const json_t *wanted, const char *tag, const char *digest)
{
	const json_t *image_id;
	size_t i;

	json_array_foreach(wanted, i, image_id)
	{
		const char *by_tag = json_text(image_id, "imageTag");
		const char *by_digest = json_text(image_id, "imageDigest");

		if ((by_tag && strcmp(by_tag, tag) == 0) ||
		    (by_digest && strcmp(by_digest, digest) == 0))
			return true;
	}
	return json_array_size(wanted) == 0;
}

static int collect_details(struct call *call, const char *name, json_t *details, struct error *err)
{
	const json_t *wanted = call_list(call, "imageIds");
	json_auto_t *tags = NULL;
	json_t *tag;
	size_t i;

	if (list_tags(call, name, &tags, err) < 0)
		return -1;
	json_array_foreach(tags, i, tag)
	{
		json_auto_t *image = NULL;

		if (get_image(call, name, json_string_value(tag), &image, err) < 0)
			return -1;
		if (image && is_wanted(wanted, json_string_value(tag),
				       json_text(json_object_get(image, "imageId"), "imageDigest")))
			add_detail(details, image, json_string_value(tag));
	}
	return 0;
}

static json_t *describe_images(struct call *call, struct error *err)
{
	const char *name = repository_name(call, err);
	static const struct page_rule rule = { "imageDetails", "nextToken", "maxResults", 100 };
	const json_t *wanted = call_list(call, "imageIds");
	json_auto_t *details = json_array();
	const char *tag;

	if (!name || !find_repository(call, name, err) ||
	    collect_details(call, name, details, err) < 0)
		return NULL;
	if (json_array_size(wanted) == 0 || json_array_size(details))
		return page_put(call, &rule, json_incref(details), json_object());
	tag = json_text(json_array_get(wanted, 0), "imageTag");
	(void)refuse(err, "ImageNotFoundException",
		     "The image with imageId {imageDigest:'%s', imageTag:'%s'} does not exist "
		     "within the repository with name '%s' in the registry with id '%s'",
		     tag ? "null" : reference_of(json_array_get(wanted, 0)), tag ? tag : "null",
		     name, sandbox_account(call->sandbox));
	return NULL;
}

static const struct operation operations[] = {
	{ "BatchGetImage", batch_get_image, false },
	{ "CreateRepository", create_repository, false },
	{ "DeleteRepository", delete_repository, false },
	{ "DescribeImages", describe_images, false },
	{ "DescribeRepositories", describe_repositories, false },
	{ "GetAuthorizationToken", get_authorization_token, false },
	{ "PutImageTagMutability", put_image_tag_mutability, false },
};

const struct service service_ecr = {
	.signing_name = "ecr",
	.protocol = PROTOCOL_JSON,
	.target_prefix = "AmazonEC2ContainerRegistry_V20150921",
	.operations = operations,
	.operation_count = sizeof(operations) / sizeof(operations[0]),
};
