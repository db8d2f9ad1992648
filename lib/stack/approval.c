#include "stack/approval.h"

#include "base/cleanup.h"
#include "sys/prompt.h"

#include <string.h>

static int decline(struct error *err)
{
	return error_set(err, ERROR_CHANGE_SET, "declined: nothing was changed");
}

/* ---- what would be lost ---- */

static int confirm_loss(const struct preview_loss *loss, struct report *report, struct error *err)
{
	CLEANUP(str_release) struct str question = STR_INIT;
	CLEANUP(str_release) struct str answer = STR_INIT;

	str_addf(&question, "%s %s %s. Type its name to go on: ", loss->name, loss->verb,
		 loss->what);
	report_question(report);
	if (prompt_word(question.buf, &answer, err) < 0)
		return -1;
	return strcmp(answer.buf, loss->name) == 0 ? 0 : decline(err);
}

static int confirm_losses(const struct preview *preview, struct strv *named, struct report *report,
			  struct error *err)
{
	struct preview_loss loss;

	while (preview_find_loss(preview, named, &loss)) {
		if (confirm_loss(&loss, report, err) < 0)
			return -1;
		strv_add(named, loss.name);
	}
	return 0;
}

/* Names all of them, so that one more run is enough. */
static int refuse_losses(const struct preview *preview, struct strv *named, struct error *err)
{
	CLEANUP(str_release) struct str what = STR_INIT;
	CLEANUP(str_release) struct str options = STR_INIT;
	struct preview_loss loss;

	while (preview_find_loss(preview, named, &loss)) {
		str_addf(&what, "%s%s %s %s", what.len ? ", " : "", loss.name, loss.verb,
			 loss.what);
		str_addf(&options, " --lose %s", loss.name);
		strv_add(named, loss.name);
	}
	if (!what.len)
		return 0;
	error_set(err, ERROR_CHANGE_SET, "%s, and nobody is there to ask", what.buf);
	return error_fix(err,
			 "give%s where that is meant, or protect it in the template: "
			 "DeletionPolicy and UpdateReplacePolicy: Retain",
			 options.buf);
}

static int ask_for_losses(const struct deploy_policy *policy, const struct preview *preview,
			  struct report *report, struct error *err)
{
	CLEANUP(strv_release) struct strv named = STRV_INIT;

	/* Whoever reviewed a change set has seen what it takes away. */
	if (policy->change_set)
		return 0;
	if (policy->lose)
		strv_add_list(&named, policy->lose);
	return prompt_is_possible() ? confirm_losses(preview, &named, report, err)
				    : refuse_losses(preview, &named, err);
}

/* ---- what the policy wants ---- */

static bool needs_yes(const struct deploy_policy *policy, const struct preview *preview)
{
	switch (policy->approval) {
	case APPROVE_ANY:
		return false;
	case APPROVE_TAG_ONLY:
		return !preview_is_tag_only(preview);
	case APPROVE_NEVER:
		break;
	}
	return true;
}

static int ask_for_yes(struct report *report, struct error *err)
{
	char answer;

	if (!prompt_is_possible()) {
		error_set(err, ERROR_CHANGE_SET,
			  "these changes need an approval, and nobody is "
			  "there to ask");
		return error_fix(err, "review them with 'deployer plan --keep' and execute that "
				      "with --changeset, or give --approve any");
	}
	report_question(report);
	if (prompt_choice("Execute these changes? (y)es or (n)o ", "yn", &answer, err) < 0)
		return -1;
	return answer == 'y' ? 0 : decline(err);
}

int approval_ask(const struct deploy_policy *policy, const struct preview *preview,
		 struct report *report, struct error *err)
{
	if (needs_yes(policy, preview) && ask_for_yes(report, err) < 0)
		return -1;
	return ask_for_losses(policy, preview, report, err);
}
