#include "aws/call.h"

#include "aws/retry.h"
#include "aws/sigv4.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/url.h"
#include "data/json.h"
#include "sys/interrupt.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 60000
#define USER_AGENT "deployer/" DEPLOYER_VERSION

/* libcurl's numbers (curl/curl.h) of failures that another attempt would meet again. */
#define CURL_URL_MALFORMAT	"3"
#define CURL_WEIRD_SERVER_REPLY "8"
#define CURL_PROXY		"97"

/* One call under way, with what its attempts have in common and what the last one met. */
struct call {
	struct aws_caller *caller;
	const struct aws_operation *operation;
	const struct aws_input *input;
	struct aws_endpoint endpoint;
	struct str path;
	struct str url;
	struct strv headers; /* all but those of the signature */
	struct str body;
	struct aws_retry retry;
	struct http_response response;
	enum aws_retry_kind failure;
	bool has_expired;
	bool has_refreshed;
	struct str bucket_region; /* where the bucket is said to be, "" while nobody has */
	bool has_moved;
};

static void call_release(struct call *call)
{
	aws_endpoint_release(&call->endpoint);
	str_release(&call->path);
	str_wipe(&call->url);
	strv_wipe(&call->headers);
	str_wipe(&call->body);
	str_release(&call->bucket_region);
	http_response_release(&call->response);
}

static int use_given(void *ctx, bool force_refresh, const struct aws_credentials **ret_credentials,
		     struct error *err)
{
	(void)force_refresh;
	(void)err;
	*ret_credentials = ctx;
	return 0;
}

void aws_caller_init(struct aws_caller *caller, const struct aws_settings *settings,
		     struct http *http, struct clock *clock)
{
	*caller = (struct aws_caller){
		.settings = settings,
		.http = http,
		.clock = clock,
		.jitter = random_fraction,
		.tokens = aws_retry_rules_2026.quota,
	};
	aws_rate_init(&caller->rate, clock->monotonic_ms(clock));
}

void aws_caller_use(struct aws_caller *caller, const struct aws_credentials *credentials)
{
	caller->credentials = use_given;
	caller->credentials_ctx = (void *)(uintptr_t)credentials;
}

void aws_form_add(struct str *form, const char *name, const char *value)
{
	if (!value)
		return;
	str_addf(form, "&%s=", name);
	while (*value) {
		size_t len = strcspn(value, " ");

		url_encode(form, value, len);
		value += len;
		if (*value) {
			str_addc(form, '+');
			value++;
		}
	}
}

void aws_form_addf(struct str *form, const char *value, const char *fmt, ...)
{
	CLEANUP(str_release) struct str name = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&name, fmt, ap);
	va_end(ap);
	aws_form_add(form, name.buf, value);
}

static const struct aws_service *service_of(const struct call *call)
{
	return &aws_services[call->operation->service];
}

int aws_caller_endpoint(const struct aws_caller *caller, enum aws_service_id service,
			const char *region, const char *bucket, struct aws_endpoint *ret,
			struct error *err)
{
	const struct aws_settings *settings = caller->settings;
	CLEANUP_FREE char *custom = aws_settings_endpoint_url(settings, aws_services[service].key);
	struct aws_endpoint_options options = {
		.region = region ? region : settings->region,
		.use_fips = settings->use_fips,
		.use_dualstack = settings->use_dualstack,
		.custom_url = custom,
		.bucket = bucket,
	};

	return aws_endpoint_find(service, &options, ret, err);
}

static void set_target(struct call *call)
{
	const struct aws_input *input = call->input;
	const char *path = input->path ? input->path : call->operation->path;

	str_addf(&call->path, "%s%s", call->endpoint.path.buf, path ? path : "/");
	str_addf(&call->url, "%s%s", call->endpoint.url.buf, call->path.buf);
	if (input->query && *input->query)
		str_addf(&call->url, "?%s", input->query);
}

static void set_json_body(struct call *call)
{
	if (call->input->json)
		json_write(call->input->json, &call->body);
	else
		str_adds(&call->body, "{}");
}

static void set_body(struct call *call)
{
	const struct aws_service *service = service_of(call);
	const struct aws_input *input = call->input;

	switch (service->protocol) {
	case AWS_PROTOCOL_QUERY:
		str_addf(&call->body, "Action=%s&Version=%s", call->operation->name,
			 service->version);
		if (input->form)
			str_add(&call->body, input->form->buf, input->form->len);
		strv_add(&call->headers,
			 "Content-Type: application/x-www-form-urlencoded; charset=utf-8");
		break;
	case AWS_PROTOCOL_JSON:
		set_json_body(call);
		strv_add(&call->headers, "Content-Type: application/x-amz-json-1.1");
		strv_addf(&call->headers, "X-Amz-Target: %s.%s", service->version,
			  call->operation->name);
		break;
	case AWS_PROTOCOL_REST_JSON:
		if (!input->json)
			break;
		set_json_body(call);
		strv_add(&call->headers, "Content-Type: application/json");
		break;
	case AWS_PROTOCOL_REST_XML:
		str_add(&call->body, input->body, input->body_len);
		break;
	}
}

static int prepare(struct call *call, struct error *err)
{
	const struct aws_input *input = call->input;
	CLEANUP(str_release) struct str host = STR_INIT;
	const char *region = call->bucket_region.len ? call->bucket_region.buf : input->region;

	if (aws_caller_endpoint(call->caller, call->operation->service, region, input->bucket,
				&call->endpoint, err) < 0)
		return -1;
	url_host(call->endpoint.url.buf, &host);
	strv_addf(&call->headers, "Host: %s", host.buf);
	strv_add(&call->headers, "User-Agent: " USER_AGENT);
	set_target(call);
	set_body(call);
	if (input->headers)
		strv_add_list(&call->headers, input->headers);
	return 0;
}

/* Adds the headers of the signature, made for this moment by the service's clock. */
static int sign(struct call *call, struct strv *headers, struct error *err)
{
	CLEANUP(sigv4_release) struct sigv4 steps = SIGV4_INIT;
	struct aws_caller *caller = call->caller;
	const struct aws_credentials *credentials;
	bool is_s3 = call->operation->service == AWS_S3;
	struct sigv4_options options = {
		.region = call->endpoint.region.buf,
		.service = service_of(call)->signing_name,
		.time_ms = caller->clock->wall_ms(caller->clock) + caller->skew_ms,
		.normalize = !is_s3,
		.double_encode = !is_s3,
		.sign_body = is_s3,
	};
	struct sigv4_request request = {
		.method = call->operation->method ? call->operation->method : "POST",
		.path = call->path.buf,
		.query = call->input->query,
		.headers = &call->headers,
		.body = call->body.buf,
		.body_len = call->body.len,
	};

	if (!caller->credentials)
		return error_set(err, ERROR_AUTH, "no credentials to sign with");
	if (caller->credentials(caller->credentials_ctx, call->has_expired, &credentials, err) < 0)
		return -1;
	sigv4_sign(&request, &options, credentials, headers, &steps);
	return 0;
}

/* What is worth another attempt when no whole answer came. */
static enum aws_retry_kind failure_of(const struct error *err)
{
	if (err->kind != ERROR_NETWORK || error_has_code(err, CURL_URL_MALFORMAT) ||
	    error_has_code(err, CURL_WEIRD_SERVER_REPLY) || error_has_code(err, CURL_PROXY))
		return AWS_RETRY_NEVER;
	return AWS_RETRY_TRANSIENT;
}

/* Where a call goes by a proxy, that is what is between here and the service. */
static int blame_proxy(const struct call *call, const char *variable, struct error *err)
{
	const char *value = env_get(call->caller->settings->env, variable);
	CLEANUP(str_release) struct str host = STR_INIT;
	CLEANUP(str_wipe) struct str url = STR_INIT;

	/* The URL may hold a password: its host and port are all that is shown. */
	str_addf(&url, "%s%s", strstr(value, "://") ? "" : "http://", value);
	url_host(url.buf, &host);
	if (error_has_code(err, CURL_PROXY))
		return error_fix(err,
				 "check %s: the user and password in it, whom the proxy %s lets "
				 "through, and NO_PROXY",
				 variable, host.buf);
	return error_fix(err, "check %s: whether a proxy answers at %s, and NO_PROXY", variable,
			 host.buf);
}

static int explain_silence(const struct call *call, struct error *err)
{
	const char *variable = aws_settings_proxy_variable(call->caller->settings, call->url.buf);

	if (err->kind == ERROR_AUTH)
		return error_fix(err, "where a proxy opens TLS or the CA is your own, name its "
				      "certificate in AWS_CA_BUNDLE; check this machine's clock");
	if (err->kind != ERROR_NETWORK)
		return -1;
	if (variable)
		return blame_proxy(call, variable, err);
	if (call->endpoint.is_custom)
		return error_fix(err, "is a service listening at the configured endpoint %s?",
				 call->endpoint.url.buf);
	return error_fix(err, "check the network, HTTPS_PROXY and the region '%s'",
			 call->endpoint.region.buf);
}

/* A line break in a key or a token would begin a header of its own. */
static int check_headers(const struct strv *headers, struct error *err)
{
	for (size_t i = 0; i < headers->count; i++) {
		if (!strpbrk(headers->v[i], "\r\n"))
			continue;
		error_set(err, ERROR_AUTH, "a credential holds a line break");
		return error_fix(err, "check the access key and the session token");
	}
	return 0;
}

static int send_request(struct call *call, const struct strv *headers, struct error *err)
{
	const struct aws_settings *settings = call->caller->settings;
	struct http_request request = {
		.method = call->operation->method ? call->operation->method : "POST",
		.url = call->url.buf,
		.headers = *headers,
		.body = call->body.len ? call->body.buf : NULL,
		.body_len = call->body.len,
		.ca_bundle = settings->ca_bundle,
		.proxy = aws_settings_proxy(settings, call->url.buf),
		.allow_http = true,
		.timeout_ms = TIMEOUT_MS,
	};

	http_response_release(&call->response);
	if (http_send(call->caller->http, &request, &call->response, err) == 0)
		return 0;
	call->failure = failure_of(err);
	return explain_silence(call, err);
}

/* What is secret of what a call sends, by its name on the wire. */
static const char *const secret_headers[] = { "authorization", "x-amz-security-token",
					      "x-amz-sso_bearer_token" };
static const char *const secret_inputs[] = { "WebIdentityToken", "TokenCode",	 "SecretString",
					     "SecretBinary",	 "clientSecret", "refreshToken",
					     "deviceCode",	 "accessToken" };

static void mask_headers(const struct strv *headers, struct error *err)
{
	for (size_t i = 0; i < headers->count; i++) {
		for (size_t j = 0; j < sizeof(secret_headers) / sizeof(secret_headers[0]); j++) {
			size_t len = strlen(secret_headers[j]);
			const char *header = headers->v[i];

			if (strncasecmp(header, secret_headers[j], len) == 0 && header[len] == ':')
				error_mask(err, header + len + 1 + strspn(header + len + 1, " "));
		}
	}
}

/* A form's value, decoded: error_mask() knows the encoded one. */
static void mask_form_value(const struct str *form, const char *name, struct error *err)
{
	CLEANUP_FREE char *head = mem_printf("&%s=", name);
	const char *value = strstr(form->buf, head);
	CLEANUP(str_wipe) struct str text = STR_INIT;

	if (!value)
		return;
	value += strlen(head);
	str_reserve(&text, form->len);
	url_decode(&text, value, strcspn(value, "&"));
	error_mask(err, text.buf);
}

/* As it is, and as the body has it. */
static void mask_json_value(const char *value, struct error *err)
{
	CLEANUP(str_wipe) struct str quoted = STR_INIT;

	if (!value)
		return;
	error_mask(err, value);
	str_reserve(&quoted, strlen(value) * 6 + 2);
	json_quote(&quoted, value);
	str_cut(&quoted, quoted.len - 1);
	error_mask(err, quoted.buf + 1);
}

/* A service may quote in its message what it was sent. */
static int mask_what_was_sent(const struct call *call, const struct strv *headers,
			      struct error *err)
{
	mask_headers(headers, err);
	for (size_t i = 0; i < sizeof(secret_inputs) / sizeof(secret_inputs[0]); i++) {
		if (call->input && call->input->json)
			mask_json_value(json_text(call->input->json, secret_inputs[i]), err);
		else
			mask_form_value(&call->body, secret_inputs[i], err);
	}
	return -1;
}

/* Reads a refusal and decides whether another attempt could go better. */
static int take_fault(struct call *call, bool is_skew_known, struct error *err)
{
	CLEANUP(aws_fault_release) struct aws_fault fault = AWS_FAULT_INIT;

	aws_fault_read(service_of(call)->protocol, &call->response, &fault);
	if (is_skew_known && aws_skew_explains(fault.code.buf, call->caller->skew_ms))
		call->failure = AWS_RETRY_TRANSIENT;
	else
		call->failure =
			aws_retry_kind_of(call->operation->service, fault.status, fault.code.buf);
	call->has_expired = aws_fault_is_expiry(&fault);
	if (call->operation->service == AWS_S3 &&
	    strcmp(fault.bucket_region.buf, call->endpoint.region.buf) != 0) {
		str_reset(&call->bucket_region);
		str_adds(&call->bucket_region, fault.bucket_region.buf);
	}
	return aws_fault_set(&fault, call->operation, err);
}

static int attempt(struct call *call, struct aws_reply *reply, struct error *err)
{
	CLEANUP(strv_wipe) struct strv headers = STRV_INIT;
	bool is_skew_known;

	strv_add_list(&headers, &call->headers);
	if (!call->operation->is_unsigned && sign(call, &headers, err) < 0)
		return -1;
	call->has_expired = false;
	if (check_headers(&headers, err) < 0 || send_request(call, &headers, err) < 0)
		return -1;
	is_skew_known = aws_skew_measure(&call->response, &call->caller->skew_ms);
	if (call->response.status < 200 || call->response.status > 299)
		return take_fault(call, is_skew_known, err) < 0
			       ? mask_what_was_sent(call, &headers, err)
			       : 0;
	if (aws_reply_read(call->operation, &call->response, reply, err) == 0)
		return 0;
	call->failure = AWS_RETRY_TRANSIENT;
	return explain_silence(call, err);
}

/* In adaptive mode a call waits for its turn, and what becomes of it sets the rate of the next. */
static int attempt_in_turn(struct call *call, struct aws_reply *reply, struct error *err)
{
	struct aws_caller *caller = call->caller;
	struct clock *clock = caller->clock;
	int64_t wait_ms;
	int result;

	call->failure = AWS_RETRY_NEVER;
	if (caller->settings->retry_mode != AWS_RETRY_ADAPTIVE)
		return attempt(call, reply, err);
	wait_ms = aws_rate_take(&caller->rate, clock->monotonic_ms(clock));
	if (wait_ms)
		clock->sleep_ms(clock, wait_ms);
	if (interrupt_check("waiting to call", err) < 0)
		return -1;
	result = attempt(call, reply, err);
	aws_rate_update(&caller->rate, call->failure == AWS_RETRY_THROTTLING,
			clock->monotonic_ms(clock));
	return result;
}

/* Credentials that ended are replaced once, at no cost: the service has not done anything yet. */
static bool may_refresh(struct call *call)
{
	bool is_first = call->has_expired && !call->has_refreshed;

	call->has_refreshed |= call->has_expired;
	return is_first;
}

/*
 * The bucket is in another region, and S3 says in which: the call is made anew there, once (S3 user
 * guide, "Making requests": request redirection).
 */
static bool move_to_bucket(struct call *call, struct error *err)
{
	call->has_moved = true;
	error_release(err);
	aws_endpoint_release(&call->endpoint);
	str_reset(&call->path);
	str_wipe(&call->url);
	str_wipe(&call->body);
	strv_wipe(&call->headers);
	return prepare(call, err) == 0;
}

/* After a failed attempt: waits for the next one, or returns false where there is none. */
static bool wait_for_next(struct call *call, struct error *err)
{
	struct aws_caller *caller = call->caller;
	int64_t wait_ms;

	if (may_refresh(call)) {
		error_release(err);
		return true;
	}
	if (call->bucket_region.len && !call->has_moved)
		return move_to_bucket(call, err);
	if (!aws_retry_again(&call->retry, call->failure,
			     http_header(&call->response, "x-amz-retry-after"), caller->jitter(),
			     &wait_ms))
		return false;
	error_release(err);
	caller->clock->sleep_ms(caller->clock, wait_ms);
	return interrupt_check("waiting to try again", err) == 0;
}

static int run(struct call *call, struct aws_reply *reply, struct error *err)
{
	if (prepare(call, err) < 0)
		return -1;
	while (attempt_in_turn(call, reply, err) < 0) {
		if (!wait_for_next(call, err))
			return -1;
	}
	aws_retry_succeeded(&call->retry);
	return 0;
}

int aws_call(struct aws_caller *caller, const struct aws_operation *operation,
	     const struct aws_input *input, struct aws_reply *ret, struct error *err)
{
	static const struct aws_input nothing = { .form = NULL };
	CLEANUP(call_release)
	struct call call = {
		.caller = caller,
		.operation = operation,
		.input = input ? input : &nothing,
		.endpoint = AWS_ENDPOINT_INIT,
		.path = STR_INIT,
		.url = STR_INIT,
		.body = STR_INIT,
		.bucket_region = STR_INIT,
		.response = HTTP_RESPONSE_INIT,
	};

	aws_retry_begin(&call.retry, &aws_retry_rules_2026, &caller->tokens,
			caller->settings->max_attempts);
	if (run(&call, ret, err) < 0)
		return error_wrap(err, "%s %s", aws_services[operation->service].title,
				  operation->name);
	str_adds(&ret->region, call.endpoint.region.buf);
	return 0;
}
