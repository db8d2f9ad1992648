#include "aws/credentials_json.h"
#include "aws/provider.h"
#include "base/cleanup.h"
#include "base/slice.h"
#include "base/words.h"
#include "sys/proc.h"

#include <string.h>

/*
 * credential_process: a program that prints credentials (AWS CLI user guide, "Sourcing credentials
 * with an external process"). Started without a shell, as the AWS CLI does; it keeps the terminal,
 * since many of these programs ask something there.
 */

/* Long enough for a person to find a phone; no program may hang a pipeline for ever. */
#define TIMEOUT_MS (5 * 60 * 1000)

/* Far beyond any credentials document. */
#define MAX_OUTPUT_BYTES 65536

static const struct aws_credentials_names names = {
	.id = "AccessKeyId",
	.secret = "SecretAccessKey",
	.token = "SessionToken",
	.expires = "Expiration",
	.account = "AccountId",
};

/* The first line that it complained with; its output may hold keys and is never shown. */
static void add_complaint(const struct str *complaint, struct str *out)
{
	struct slice rest = { complaint->buf, complaint->len };
	struct slice line = slice_trim(slice_next_line(&rest));

	if (line.n) {
		str_adds(out, ": ");
		str_add(out, line.p, line.n);
	}
}

static int check_end(const struct proc *proc, const struct proc_end *end,
		     const struct str *complaint, struct error *err)
{
	CLEANUP(error_release) struct error cause = ERROR_INIT;
	CLEANUP(str_release) struct str said = STR_INIT;

	if (proc_check(proc, end, &cause) == 0)
		return 0;
	add_complaint(complaint, &said);
	error_set(err, ERROR_AUTH, "%s%s", cause.msg.buf, said.buf);
	return error_fix(err, "run it by hand and see that it prints credentials");
}

static int read_output(const struct str *out, struct aws_credentials *ret, struct error *err)
{
	CLEANUP(aws_json_wipe) json_t *document = json_read(out->buf, out->len, err);
	const json_t *version = json_object_get(document, "Version");

	if (!document)
		return error_become(err, ERROR_AUTH);
	if (!json_is_integer(version) || json_integer_value(version) != 1)
		return error_set(err, ERROR_AUTH, "its output is not of \"Version\": 1");
	return aws_credentials_read(document, &names, ret, err);
}

/* A profile whose process is this program, asked for the same profile, would never end. */
#define GUARD "DEPLOYER_CREDENTIAL_PROCESS"

static int check_loop(const struct aws_search *search, struct error *err)
{
	const char *profile = env_get(search->settings->env, GUARD);

	if (!profile || strcmp(profile, search->profile) != 0)
		return 0;
	error_set(err, ERROR_CONFIG, "it asks for the profile that it stands in");
	return error_fix(err, "have it ask for another profile");
}

static int run(const char *command, const char *profile, struct aws_credentials *ret,
	       struct error *err)
{
	CLEANUP(str_wipe) struct str out = STR_INIT;
	CLEANUP(str_wipe) struct str complaint = STR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct proc_end end;

	if (words_split(&proc.args, command, err) < 0)
		return -1;
	if (proc.args.count == 0 || !*proc.args.v[0])
		return error_set(err, ERROR_CONFIG, "it names no program");
	strv_addf(&proc.env, GUARD "=%s", profile);
	proc.role = PROC_OWN;
	proc.ret_out = &out;
	proc.ret_err = &complaint;
	proc.is_foreground = true;
	proc.is_secret = true;
	proc.max_capture = MAX_OUTPUT_BYTES;
	proc.timeout_ms = TIMEOUT_MS;
	if (proc_run(&proc, &end, err) < 0)
		return err->kind == ERROR_SIGNAL ? -1 : error_become(err, ERROR_AUTH);
	if (check_end(&proc, &end, &complaint, err) < 0)
		return -1;
	return read_output(&out, ret, err);
}

static int process_find(const struct aws_search *search, struct aws_credentials *ret,
			struct str *ret_why, struct error *err)
{
	const struct aws_section *section = aws_search_section(search);
	const char *command = aws_section_get(section, "credential_process");
	const char *account = aws_section_get(section, "aws_account_id");

	if (!command) {
		str_addf(ret_why, "no credential_process in profile '%s'", search->profile);
		return 0;
	}
	if (check_loop(search, err) < 0 || run(command, search->profile, ret, err) < 0)
		return error_wrap(err, "credential_process of profile '%s'", search->profile);
	if (ret->account_id.len == 0)
		str_adds(&ret->account_id, account ? account : "");
	str_addf(&ret->source, "credential_process of profile '%s'", search->profile);
	return 1;
}

const struct aws_provider aws_provider_process = {
	.name = "credential_process",
	.find = process_find,
};
