#include "base/cleanup.h"
#include "base/mem.h"
#include "base/words.h"
#include "cmd/commands.h"
#include "cmd/secrets.h"
#include "secrets/document.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAX_SECRET_BYTES (64UL << 10)
#define MAX_NAME_LEN	 200 /* a secret's name has up to 512 characters, a file's 255 */

struct edit_args {
	bool text;
	bool dry_run;
};

/* The file that the editor gets: in a folder of ours alone, where there is one in memory. */
struct draft {
	char *dir;
	char *path;
	bool ends_line; /* the secret itself ends with a line end */
};

/* Overwritten before it is removed: a file in memory may still be swapped out. */
static void draft_release(struct draft *draft)
{
	static const char zeros[4096];
	CLEANUP_CLOSE int fd = draft->path ? open(draft->path, O_WRONLY | O_CLOEXEC) : -1;
	off_t left = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;

	if (fd >= 0)
		(void)lseek(fd, 0, SEEK_SET);
	for (; left > 0; left -= (off_t)sizeof(zeros)) {
		if (write(fd, zeros, sizeof(zeros)) < 0)
			break;
	}
	if (draft->dir)
		file_remove_tree(draft->dir);
	free(draft->dir);
	free(draft->path);
}

static int write_draft(struct draft *draft, const char *name, const struct secret *value,
		       struct error *err)
{
	const char *slash = strrchr(name, '/');
	CLEANUP_FREE char *file = mem_printf("%.*s.json", MAX_NAME_LEN, slash ? slash + 1 : name);
	CLEANUP_CLOSE int fd = -1;
	size_t len = secret_len(value);

	if (file_make_memory_dir("edit", &draft->dir, err) < 0)
		return -1;
	draft->path = file_join(draft->dir, file);
	draft->ends_line = len && secret_bytes(value)[len - 1] == '\n';
	fd = open(draft->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || write(fd, secret_bytes(value), len) != (ssize_t)len)
		return error_set_errno(err, errno, "'%s'", draft->path);
	return 0;
}

static int run_editor(const struct app *app, const struct draft *draft, struct error *err)
{
	const char *editor = env_get(&app->env, "VISUAL");
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct proc_end end;

	if (!editor)
		editor = env_get(&app->env, "EDITOR");
	if (!editor && !isatty(STDIN_FILENO)) {
		error_set(err, ERROR_USAGE, "no EDITOR is set, and this is no terminal for vi");
		return error_fix(err, "use 'deployer secrets put'");
	}
	if (words_split(&proc.args, editor ? editor : "vi", err) < 0)
		return error_wrap(err, "EDITOR");
	strv_add(&proc.args, draft->path);
	proc.is_foreground = true;
	if (proc_run(&proc, &end, err) < 0) {
		error_wrap(err, "the editor");
		return error_fix(err, "name yours in EDITOR");
	}
	return proc_check(&proc, &end, err);
}

static int read_draft(const struct draft *draft, struct secret *ret, struct error *err)
{
	CLEANUP(str_wipe) struct str text = STR_INIT;

	if (file_read(draft->path, MAX_SECRET_BYTES, &text, err) < 0)
		return -1;
	/* Editors end the last line, also where the secret had no such end. */
	if (!draft->ends_line && text.len && text.buf[text.len - 1] == '\n')
		str_cut(&text, text.len - 1);
	secret_set(ret, text.buf, text.len);
	return 0;
}

/* Until it can be stored, or comes back as it went out. 1: there is something to store. */
static int edit_until_good(struct app *app, const char *name, bool is_text,
			   const struct draft *draft, struct secret *value, struct error *err)
{
	for (;;) {
		CLEANUP(secret_release) struct secret before = SECRET_INIT;
		CLEANUP(error_release) struct error problem = ERROR_INIT;

		secret_copy(&before, value);
		if (run_editor(app, draft, err) < 0 || read_draft(draft, value, err) < 0)
			return -1;
		if (secret_is_equal(&before, value))
			return 0;
		if (is_text || secrets_document_check(name, value, &problem) == 0)
			return 1;
		report_warning(app->report,
			       "%s; the editor is opened again, leave it unchanged to "
			       "give up",
			       problem.msg.buf);
	}
}

static int edit_run(struct app *app, const void *args_, char **operands, struct error *err)
{
	const struct edit_args *args = args_;
	CLEANUP(secret_release) struct secret value = SECRET_INIT;
	CLEANUP(draft_release) struct draft draft = { .dir = NULL };
	const struct secrets_store_request request = {
		.name = operands[0],
		.value = &value,
		.dry_run = args->dry_run,
	};
	struct aws_client *client;
	int result;

	if (app_aws(app, &client, err) < 0 || secrets_load(client, operands[0], &value, err) < 0)
		return -1;
	if (!secret_is_set(&value) && !args->text)
		secret_sets(&value, "{}");
	if (write_draft(&draft, operands[0], &value, err) < 0)
		return -1;
	result = edit_until_good(app, operands[0], args->text, &draft, &value, err);
	if (result > 0)
		return secrets_store_and_tell(app, &request, err);
	if (result == 0)
		report_note(app->report, "'%s' is left as it was", operands[0]);
	return result;
}

static const struct opt opts[] = {
	OPT(struct edit_args, text, 0, "text", NULL, "take one value that is no JSON object"),
	OPT(struct edit_args, dry_run, 'n', "dry-run", NULL, "only print what would change"),
	OPT_END,
};

const struct cmd cmd_secrets_edit = {
	.name = "secrets edit",
	.group = "Secrets",
	.summary = "edit a secret in $EDITOR",
	.details = "Opens $VISUAL or $EDITOR (vi) on a private file, in memory where there is such "
		   "a place, and stores what comes back. What is no JSON object is not stored: the "
		   "editor is opened again. The file is overwritten and removed at the end.",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.opts = opts,
	.args_size = sizeof(struct edit_args),
	.run = edit_run,
};
