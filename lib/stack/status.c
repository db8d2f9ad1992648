#include "stack/status.h"

#include <stddef.h>
#include <string.h>

#define FIX_RECREATE                                                                               \
	"the first creation failed: 'deployer diagnose' says why; then 'deployer deploy "          \
	"--recreate' deletes it and creates it anew"
#define FIX_CONTINUE                                                                               \
	"repair what the rollback stumbled over, then run 'deployer recover'; --skip NAME leaves " \
	"one resource as it is"
#define FIX_CHOICE                                                                                 \
	"rollback was switched off: 'deployer recover' brings the old version back, 'deployer "    \
	"deploy --fix-forward' deploys another one over it"
#define FIX_WAIT "wait until it is over, then run this again"

/* All 23 statuses of the API model, and the stack that is not there. */
static const struct status_row {
	const char *name;
	enum stack_start start;
	enum stack_verdict verdict;
	const char *fix;
} rows[] = {
	{ "", START_CREATE, VERDICT_STUCK, "" },
	{ "CREATE_IN_PROGRESS", START_BUSY, VERDICT_RUNNING, FIX_WAIT },
	{ "CREATE_FAILED", START_CHOICE, VERDICT_STUCK, FIX_CHOICE },
	{ "CREATE_COMPLETE", START_UPDATE, VERDICT_DONE, "" },
	{ "ROLLBACK_IN_PROGRESS", START_BUSY, VERDICT_RUNNING, FIX_WAIT },
	{ "ROLLBACK_FAILED", START_STUCK, VERDICT_STUCK, FIX_RECREATE },
	{ "ROLLBACK_COMPLETE", START_STUCK, VERDICT_STUCK, FIX_RECREATE },
	{ "DELETE_IN_PROGRESS", START_BUSY, VERDICT_STUCK, FIX_WAIT },
	{ "DELETE_FAILED", START_STUCK, VERDICT_STUCK,
	  "look at what could not be deleted, then delete the stack again" },
	{ "DELETE_COMPLETE", START_CREATE, VERDICT_STUCK, "" },
	{ "UPDATE_IN_PROGRESS", START_BUSY, VERDICT_RUNNING, FIX_WAIT },
	{ "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", START_BUSY, VERDICT_RUNNING, FIX_WAIT },
	{ "UPDATE_COMPLETE", START_UPDATE, VERDICT_DONE, "" },
	{ "UPDATE_FAILED", START_CHOICE, VERDICT_STUCK, FIX_CHOICE },
	{ "UPDATE_ROLLBACK_IN_PROGRESS", START_BUSY, VERDICT_RUNNING, FIX_WAIT },
	{ "UPDATE_ROLLBACK_FAILED", START_STUCK, VERDICT_STUCK, FIX_CONTINUE },
	{ "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", START_BUSY, VERDICT_RUNNING, FIX_WAIT },
	{ "UPDATE_ROLLBACK_COMPLETE", START_UPDATE, VERDICT_ROLLED_BACK, "" },
	/* A change set of type CREATE that nobody has executed; while following: a stale read. */
	{ "REVIEW_IN_PROGRESS", START_CREATE, VERDICT_RUNNING, "" },
	{ "IMPORT_IN_PROGRESS", START_BUSY, VERDICT_FOREIGN, FIX_WAIT },
	{ "IMPORT_COMPLETE", START_UPDATE, VERDICT_FOREIGN, "" },
	{ "IMPORT_ROLLBACK_IN_PROGRESS", START_BUSY, VERDICT_FOREIGN, FIX_WAIT },
	{ "IMPORT_ROLLBACK_FAILED", START_STUCK, VERDICT_FOREIGN,
	  "repair the import that failed, in the console" },
	{ "IMPORT_ROLLBACK_COMPLETE", START_UPDATE, VERDICT_FOREIGN, "" },
};

static const struct status_row *find(const char *status)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, status) == 0)
			return &rows[i];
	}
	return NULL;
}

static bool ends_with(const char *text, const char *tail)
{
	size_t len = strlen(text), n = strlen(tail);

	return len >= n && strcmp(text + len - n, tail) == 0;
}

enum stack_start stack_status_start(const char *status)
{
	const struct status_row *row = find(status);

	if (row)
		return row->start;
	return ends_with(status, "_IN_PROGRESS") ? START_BUSY : START_UNKNOWN;
}

enum stack_verdict stack_status_verdict(const char *status)
{
	const struct status_row *row = find(status);

	if (row)
		return row->verdict;
	return ends_with(status, "_IN_PROGRESS") ? VERDICT_RUNNING : VERDICT_FOREIGN;
}

const char *stack_status_fix(const char *status)
{
	const struct status_row *row = find(status);

	return row ? row->fix : "this status is new to deployer: look at the stack in the console";
}

int stack_judge(const char *status, const char *cause, struct error *err)
{
	if (!*cause)
		cause = "no resource gave a reason";
	switch (stack_status_verdict(status)) {
	case VERDICT_DONE:
		return 0;
	case VERDICT_ROLLED_BACK:
		error_set(err, ERROR_ROLLED_BACK, "rolled back (%s): %s", status, cause);
		return error_fix(err, "the old version runs; mend the cause and deploy again");
	case VERDICT_STUCK:
		error_set(err, ERROR_STUCK, "ended in %s: %s", status, cause);
		return error_fix(err, "%s", stack_status_fix(status));
	case VERDICT_FOREIGN:
	case VERDICT_RUNNING:
		break;
	}
	error_set(err, ERROR_OUTCOME, "ended in %s, which no deployment ends in", status);
	return error_fix(err, "look at the stack's events in the console");
}

bool status_is_failed(const char *status)
{
	return ends_with(status, "_FAILED");
}
