#include "aws/settings.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/url.h"
#include "sys/file.h"
#include "sys/path.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* Far beyond any real file; a device or a log named by mistake ends here. */
#define MAX_FILE_BYTES (2 << 20)

/* ---- files ---- */

void aws_files_release(struct aws_files *files)
{
	free(files->config_path);
	free(files->credentials_path);
	aws_profiles_release(&files->config);
	aws_profiles_release(&files->credentials);
	aws_profiles_release(&files->merged);
	*files = (struct aws_files)AWS_FILES_INIT;
}

/* Where a file is: named by `variable`, or `name` in ~/.aws. */
static char *file_path(const struct env *env, const char *variable, const char *name)
{
	const char *path = env_get(env, variable), *home = env_home(env);

	if (path)
		return path_expand(env, path);
	return home ? mem_printf("%s/.aws/%s", home, name) : NULL;
}

/* Facts: S5. Said, not enforced: the AWS CLI reads such a file, and so must we. */
static void warn_of_mode(const char *path, const struct stat *st, struct report *report)
{
	if (st->st_uid == geteuid() && (st->st_mode & 077))
		report_warning(
			report,
			"%s holds keys and others can read it: its mode is %04o, 'chmod 600' "
			"makes it yours alone",
			path, (unsigned)st->st_mode & 07777);
}

static int read_profiles(const char *path, enum aws_profile_file file, struct report *report,
			 struct aws_profiles *ret_profiles, struct error *err)
{
	CLEANUP(str_wipe) struct str text = STR_INIT;
	struct stat st;

	if (!path || !file_exists(path))
		return 0;
	if (stat(path, &st) < 0) {
		error_set_errno(err, errno, "cannot read '%s'", path);
		return error_become(err, ERROR_CONFIG);
	}
	if (!S_ISREG(st.st_mode))
		return 0;
	if (access(path, R_OK) < 0) {
		report_warning(report, "cannot read '%s': %s", path, strerrordesc_np(errno));
		return 0;
	}
	if (file_read(path, MAX_FILE_BYTES, &text, err) < 0)
		return error_become(err, ERROR_CONFIG);
	if (aws_profiles_parse(file, path, text.buf, text.len, report, ret_profiles, err) < 0)
		return error_wrap(err, "'%s'", path);
	if (file == AWS_PROFILE_FILE_CREDENTIALS && ret_profiles->count)
		warn_of_mode(path, &st, report);
	return 0;
}

int aws_files_load(const struct env *env, struct report *report, struct aws_files *ret_files,
		   struct error *err)
{
	struct aws_files files = AWS_FILES_INIT;

	files.config_path = file_path(env, "AWS_CONFIG_FILE", "config");
	files.credentials_path = file_path(env, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
	if (read_profiles(files.config_path, AWS_PROFILE_FILE_CONFIG, report, &files.config, err) <
		    0 ||
	    read_profiles(files.credentials_path, AWS_PROFILE_FILE_CREDENTIALS, report,
			  &files.credentials, err) < 0) {
		aws_files_release(&files);
		return -1;
	}
	aws_profiles_merge(&files.merged, &files.config);
	aws_profiles_merge(&files.merged, &files.credentials);
	*ret_files = files;
	return 0;
}

/* ---- settings ---- */

void aws_settings_release(struct aws_settings *settings)
{
	aws_files_release(&settings->files);
	free(settings->profile);
	free(settings->profile_source);
	free(settings->region);
	free(settings->region_source);
	free(settings->ca_bundle);
	*settings = (struct aws_settings)AWS_SETTINGS_INIT;
}

static const struct aws_section *own_section(const struct aws_settings *settings)
{
	return aws_profiles_find(&settings->files.merged, AWS_SECTION_PROFILE, settings->profile);
}

const char *aws_settings_get(const struct aws_settings *settings, const char *variable,
			     const char *property)
{
	const char *value = env_get(settings->env, variable);

	return value ? value : aws_section_get(own_section(settings), property);
}

static void profile_names(const struct aws_profiles *profiles, struct str *out)
{
	for (size_t i = 0; i < profiles->count; i++) {
		if (profiles->sections[i].kind == AWS_SECTION_PROFILE)
			str_addf(out, "%s%s", out->len ? ", " : "", profiles->sections[i].name);
	}
}

/* A profile that was named must be there, also 'default' (botocore: ProfileNotFound). */
static int check_profile(const struct aws_settings *settings, struct error *err)
{
	CLEANUP(str_release) struct str names = STR_INIT;

	if (own_section(settings))
		return 0;
	error_set(err, ERROR_CONFIG, "there is no profile '%s' (named by %s)", settings->profile,
		  settings->profile_source);
	profile_names(&settings->files.merged, &names);
	if (names.len)
		return error_fix(err, "the profiles are: %s", names.buf);
	return error_fix(err, "write one to '%s'",
			 settings->files.config_path ? settings->files.config_path
						     : "~/.aws/config");
}

static int load_profile(struct aws_settings *settings, const struct aws_options *options,
			struct error *err)
{
	static const char *const variables[] = { "AWS_PROFILE", "AWS_DEFAULT_PROFILE" };
	const char *name = options->profile, *source = "--profile";

	settings->is_profile_by_option = name != NULL;
	for (size_t i = 0; !name && i < 2; i++) {
		source = variables[i];
		name = env_get(settings->env, source);
	}
	settings->profile = mem_strdup(name ? name : "default");
	settings->profile_source = mem_strdup(name ? source : "the default");
	return name ? check_profile(settings, err) : 0;
}

static void load_region(struct aws_settings *settings, const struct aws_options *options)
{
	static const char *const variables[] = { "AWS_REGION", "AWS_DEFAULT_REGION" };
	const char *region = options->region, *source = "--region";

	for (size_t i = 0; !region && i < 2; i++) {
		source = variables[i];
		region = env_get(settings->env, source);
	}
	if (region) {
		settings->region_source = mem_strdup(source);
	} else {
		region = aws_section_get(own_section(settings), "region");
		if (!region)
			return;
		settings->region_source = mem_printf("profile '%s'", settings->profile);
	}
	settings->region = mem_strdup(region);
}

/* The AWS CLI takes any word but "true" for false; a typing error should not turn FIPS off. */
static int load_bool(const struct aws_settings *settings, const char *variable,
		     const char *property, bool *ret_value, struct error *err)
{
	const char *value = aws_settings_get(settings, variable, property);

	if (!value || strcasecmp(value, "false") == 0 || strcasecmp(value, "true") == 0) {
		*ret_value = value && strcasecmp(value, "true") == 0;
		return 0;
	}
	return error_set(err, ERROR_CONFIG, "%s (%s): '%s' is neither true nor false", property,
			 variable, value);
}

static int load_retries(struct aws_settings *settings, struct error *err)
{
	const char *mode = aws_settings_get(settings, "AWS_RETRY_MODE", "retry_mode");
	const char *attempts = aws_settings_get(settings, "AWS_MAX_ATTEMPTS", "max_attempts");
	uint64_t number = 0;

	if (mode && strcasecmp(mode, "adaptive") == 0)
		settings->retry_mode = AWS_RETRY_ADAPTIVE;
	else if (mode && strcasecmp(mode, "standard") != 0 && strcasecmp(mode, "legacy") != 0)
		return error_set(err, ERROR_CONFIG,
				 "retry_mode (AWS_RETRY_MODE): '%s' is none of standard, adaptive, "
				 "legacy",
				 mode);
	if (attempts && (!slice_to_u64(slice_of(attempts), 1000, &number) || number == 0))
		return error_set(err, ERROR_CONFIG,
				 "max_attempts (AWS_MAX_ATTEMPTS): '%s' is not a number from 1 to "
				 "1000",
				 attempts);
	settings->max_attempts = (unsigned)number;
	return 0;
}

static int load_values(struct aws_settings *settings, struct error *err)
{
	const char *bundle = aws_settings_get(settings, "AWS_CA_BUNDLE", "ca_bundle");

	settings->ca_bundle = bundle ? mem_strdup(bundle) : NULL;
	if (load_bool(settings, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", &settings->use_fips,
		      err) < 0)
		return -1;
	if (load_bool(settings, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint",
		      &settings->use_dualstack, err) < 0)
		return -1;
	if (load_bool(settings, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
		      "ignore_configured_endpoint_urls", &settings->ignore_configured_endpoint_urls,
		      err) < 0)
		return -1;
	return load_retries(settings, err);
}

int aws_settings_load(const struct aws_options *options, const struct env *env,
		      struct report *report, struct aws_settings *ret_settings, struct error *err)
{
	struct aws_settings settings = AWS_SETTINGS_INIT;

	settings.env = env;
	settings.endpoint_option = options->endpoint_url;
	settings.no_cache = options->no_cache;
	if (aws_files_load(env, report, &settings.files, err) < 0)
		return -1;
	if (load_profile(&settings, options, err) < 0 || load_values(&settings, err) < 0) {
		aws_settings_release(&settings);
		return -1;
	}
	load_region(&settings, options);
	*ret_settings = settings;
	return 0;
}

/* ---- endpoints ---- */

static const char *environment_endpoint(const struct aws_settings *settings, const char *service)
{
	CLEANUP(str_release) struct str variable = STR_INIT;
	const char *url;

	str_addf(&variable, "AWS_ENDPOINT_URL_%s", service);
	for (size_t i = 0; i < variable.len; i++)
		variable.buf[i] = (char)toupper((unsigned char)variable.buf[i]);
	url = env_get(settings->env, variable.buf);
	return url ? url : env_get(settings->env, "AWS_ENDPOINT_URL");
}

char *aws_settings_endpoint_url(const struct aws_settings *settings, const char *service)
{
	const struct aws_section *profile = own_section(settings), *services;
	const char *url = settings->endpoint_option, *name;
	char *nested;

	if (url)
		return mem_strdup(url);
	if (settings->ignore_configured_endpoint_urls)
		return NULL;
	url = environment_endpoint(settings, service);
	if (url)
		return mem_strdup(url);
	name = aws_section_get(profile, "services");
	services = name ? aws_profiles_find(&settings->files.merged, AWS_SECTION_SERVICES, name)
			: NULL;
	nested = aws_section_get_nested(services, service, "endpoint_url");
	if (nested)
		return nested;
	url = aws_section_get(profile, "endpoint_url");
	return url ? mem_strdup(url) : NULL;
}

/* ---- proxies ---- */

/* The name of the two that is set; the upper one where none is. */
static const char *either(const struct env *env, const char *lower, const char *upper)
{
	return env_get(env, lower) ? lower : upper;
}

/* Whether `host` is `name` or lies below it; both may carry a port. */
static bool host_matches(const char *host, const char *name)
{
	size_t host_len = strlen(host), name_len = strlen(name);

	if (host_len < name_len || strcasecmp(host + host_len - name_len, name) != 0)
		return false;
	return host_len == name_len || host[host_len - name_len - 1] == '.';
}

/* Python's urllib.request.proxy_bypass_environment(). */
static bool bypasses_proxy(const struct env *env, const char *url)
{
	const char *no_proxy = env_get(env, either(env, "no_proxy", "NO_PROXY")), *colon;
	CLEANUP(strv_release) struct strv names = STRV_INIT;
	CLEANUP(str_release) struct str host = STR_INIT;
	CLEANUP_FREE char *bare = NULL;

	if (!no_proxy)
		return false;
	if (strcmp(no_proxy, "*") == 0)
		return true;
	url_host(url, &host);
	colon = strrchr(host.buf, ':');
	bare = mem_strndup(host.buf,
			   colon && !strchr(colon, ']') ? (size_t)(colon - host.buf) : host.len);
	strv_split(&names, no_proxy, ",");
	for (size_t i = 0; i < names.count; i++) {
		struct slice trimmed = slice_trim(slice_of(names.v[i]));
		CLEANUP_FREE char *name = slice_dup(trimmed);
		const char *bare_name = name + strspn(name, ".");

		if (*bare_name &&
		    (host_matches(host.buf, bare_name) || host_matches(bare, bare_name)))
			return true;
	}
	return false;
}

const char *aws_settings_proxy_variable(const struct aws_settings *settings, const char *url)
{
	const char *name = strncmp(url, "https:", 6) == 0
				   ? either(settings->env, "https_proxy", "HTTPS_PROXY")
				   : either(settings->env, "http_proxy", "HTTP_PROXY");

	return env_get(settings->env, name) && !bypasses_proxy(settings->env, url) ? name : NULL;
}

const char *aws_settings_proxy(const struct aws_settings *settings, const char *url)
{
	const char *name = aws_settings_proxy_variable(settings, url);

	return name ? env_get(settings->env, name) : NULL;
}
