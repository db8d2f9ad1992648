#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/json.h"
#include "data/yaml.h"
#include "docker/compose_call.h"
#include "sys/file.h"

#include <string.h>

#define CONFIG_MAX_BYTES  (8UL << 20)
#define MESSAGE_MAX_BYTES 400
#define CONFIG_TIMEOUT_MS 60000

void compose_config_release(struct compose_config *config)
{
	for (size_t i = 0; i < config->count; i++) {
		free(config->services[i].name);
		free(config->services[i].image);
		strv_release(&config->services[i].ports);
	}
	free(config->services);
	json_decref(config->document);
	*config = (struct compose_config)COMPOSE_CONFIG_INIT;
}

const struct compose_service *compose_config_find(const struct compose_config *config,
						  const char *name)
{
	for (size_t i = 0; i < config->count; i++) {
		if (strcmp(config->services[i].name, name) == 0)
			return &config->services[i];
	}
	return NULL;
}

/* Both versions print what is literally "$" as "$$", so that their output is input again. */
static char *undo_doubling(const char *text)
{
	struct str out = STR_INIT;

	for (; *text; text++) {
		str_addc(&out, *text);
		if (text[0] == '$' && text[1] == '$')
			text++;
	}
	return str_detach(&out);
}

static bool is_any_address(const char *ip)
{
	return *ip == '\0' || strcmp(ip, "0.0.0.0") == 0 || strcmp(ip, "::") == 0 ||
	       strcmp(ip, "[::]") == 0;
}

/* "8000" of "127.0.0.1:80:8000/tcp"; an address stands before two colons. */
static void add_short_port(struct compose_service *service, const char *text)
{
	const char *colon = strrchr(text, ':');
	const char *port = colon ? colon + 1 : text;
	const char *end = colon ? memrchr(text, ':', (size_t)(colon - text)) : NULL;
	CLEANUP_FREE char *ip = mem_strndup(text, end ? (size_t)(end - text) : 0);

	strv_take(&service->ports, mem_strndup(port, strcspn(port, "/")));
	service->is_open = service->is_open || is_any_address(ip);
}

static void add_long_port(struct compose_service *service, const json_t *port)
{
	const json_t *target = json_object_get(port, "target");
	const char *ip = json_text(port, "host_ip");

	if (json_is_integer(target))
		strv_addf(&service->ports, "%" JSON_INTEGER_FORMAT, json_integer_value(target));
	else if (json_is_string(target))
		strv_add(&service->ports, json_string_value(target));
	else
		return;
	service->is_open = service->is_open || is_any_address(ip ? ip : "");
}

static void add_port(struct compose_service *service, const json_t *port)
{
	CLEANUP_FREE char *number = NULL;

	if (json_is_object(port)) {
		add_long_port(service, port);
	} else if (json_is_string(port)) {
		add_short_port(service, json_string_value(port));
	} else if (json_is_integer(port)) {
		number = mem_printf("%" JSON_INTEGER_FORMAT, json_integer_value(port));
		add_short_port(service, number);
	}
}

static void add_service(struct compose_config *config, const char *name, const json_t *body)
{
	struct compose_service *service =
		mem_grow(&config->services, &config->count, sizeof(*config->services));
	const json_t *build = json_object_get(body, "build");
	const char *image = json_text(body, "image");
	json_t *port;
	size_t i;

	service->name = mem_strdup(name);
	service->image = undo_doubling(image ? image : "");
	service->has_build = build && !json_is_null(build);
	json_array_foreach(json_object_get(body, "ports"), i, port)
	{
		add_port(service, port);
	}
}

int compose_config_parse(const char *text, size_t len, bool is_json, struct compose_config *ret,
			 struct error *err)
{
	struct compose_config config = COMPOSE_CONFIG_INIT;
	json_auto_t *document =
		is_json ? json_read(text, len, err) : yaml_read(text, len, YAML_PLAIN, err);
	json_t *services = json_object_get(document, "services");
	const char *name;
	json_t *body;

	if (!document)
		return -1;
	if (!json_is_object(services))
		return error_set(err, ERROR_CONFIG, "it has no services");
	json_object_foreach(services, name, body)
	{
		add_service(&config, name, body);
	}
	config.document = json_incref(document);
	compose_config_release(ret);
	*ret = config;
	return 0;
}

/* v2 logs as time="..." level=warning msg="...": the msg is what it says. */
static struct slice message_of(struct slice line)
{
	const char *msg = memmem(line.p, line.n, " msg=\"", 6);

	if (!slice_starts_with(line, "time=\"") || !msg)
		return line;
	line = (struct slice){ msg + 6, line.n - (size_t)(msg + 6 - line.p) };
	if (line.n && line.p[line.n - 1] == '"')
		line.n--;
	return line;
}

/* v2 writes a quote within its quotes as \". */
static void warn(const struct compose *compose, struct slice line)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] != '\\' || i + 1 == line.n || line.p[i + 1] != '"')
			str_addc(&text, line.p[i]);
	}
	report_warning(compose->report, "compose: %s", text.buf);
}

/* That an old key is ignored hurts nobody, and v1 wants it. */
static void pass_warnings(const struct compose *compose, const struct str *text)
{
	struct slice rest = { text->buf, text->len };

	while (rest.n) {
		struct slice line = message_of(slice_trim(slice_next_line(&rest)));

		if (line.n && !memmem(line.p, line.n, "is obsolete", 11))
			warn(compose, line);
	}
}

/* The end of what compose printed: from its "ERROR: ", else its last line (v1 prints a trace). */
static void add_reason(struct str *out, const struct str *text)
{
	const char *mark = strstr(text->buf, "ERROR: ");
	struct slice rest = slice_trim((struct slice){ text->buf, text->len });
	const char *last = memrchr(rest.p, '\n', rest.n);
	size_t skip = mark ? (size_t)(mark + 7 - rest.p) : last ? (size_t)(last + 1 - rest.p) : 0;
	size_t from = out->len;

	rest = (struct slice){ rest.p + skip, rest.n - skip };
	while (rest.n && out->len - from < MESSAGE_MAX_BYTES) {
		struct slice line = slice_trim(slice_next_line(&rest));

		str_addf(out, "%s%.*s", out->len > from ? " " : "", (int)line.n, line.p);
	}
}

static int refuse(const struct proc_end *end, const struct str *noise, struct error *err)
{
	CLEANUP(str_release) struct str reason = STR_INIT;

	add_reason(&reason, noise);
	if (reason.len)
		error_set(err, ERROR_CONFIG, "compose refuses the configuration: %s", reason.buf);
	else
		error_set(err, ERROR_CONFIG, "compose refuses the configuration (status %d)",
			  end->status);
	return error_fix(err, "correct the compose file");
}

static int check_files(const struct compose *compose, struct error *err)
{
	for (size_t i = 0; i < compose->files.count; i++) {
		if (file_exists(compose->files.v[i]))
			continue;
		error_set(err, ERROR_CONFIG, "there is no compose file '%s'", compose->files.v[i]);
		return error_fix(err, "name it in deployer.yml, under compose");
	}
	return 0;
}

int compose_config(struct compose *compose, struct compose_config *ret, struct error *err)
{
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;
	CLEANUP(str_release) struct str noise = STR_INIT;
	bool is_json = compose->major > 1;
	struct proc_end end;

	if (check_files(compose, err) < 0)
		return -1;
	compose_prepare(compose, &proc);
	strv_add(&proc.args, "config");
	if (is_json)
		strv_add_all(&proc.args, "--format", "json", NULL);
	proc.ret_out = &out;
	proc.ret_err = &noise;
	proc.max_capture = CONFIG_MAX_BYTES;
	proc.timeout_ms = CONFIG_TIMEOUT_MS;
	if (proc_run(&proc, &end, err) < 0)
		return -1;
	if (end.status != 0)
		return refuse(&end, &noise, err);
	pass_warnings(compose, &noise);
	if (compose_config_parse(out.buf, out.len, is_json, ret, err) == 0)
		return 0;
	error_become(err, ERROR_TOOL);
	error_wrap(err, "the output of 'compose config'");
	return error_fix(err, "see what it prints, and update compose");
}
