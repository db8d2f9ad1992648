#ifndef UI_PIPELINE_LOG_H
#define UI_PIPELINE_LOG_H

#include "base/ci.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/report.h"
#include "base/str.h"
#include "ui/plain.h"

#include <stdio.h>

/*
 * A reporter for the log of a CI service: the lines of lib/ui/plain.c, the output of each stage in
 * a group that folds, and warnings and what went wrong as annotations on the file that they are
 * about.
 *
 *	GitHub Actions	::group::, ::warning::, ::error:: and ::notice:: with file= and line=
 *		https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 *	GitLab CI	section_start and section_end
 *		https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections
 *
 * Others get plain lines. Whatever a program prints stands behind its name, so that it begins no
 * command of a line's own; "##[" and "##vso[", which are looked for within a line, are taken apart.
 */
struct pipeline_log_options {
	struct plain_options plain;
	enum ci ci;
	const char
		*workspace; /* folder that annotations' files are taken from; NULL: as they are */
};

/* `out` and `clock` are borrowed, and so are the options' strings. Owned: pipeline_log_free(). */
struct report *pipeline_log_new(FILE *out, struct clock *clock,
				const struct pipeline_log_options *options);
void pipeline_log_free(struct report *report);

/* The template whose resources are annotated where they fail; read when one does. Copied. */
void pipeline_log_set_template(struct report *report, const char *path);

/* Appends an error as the service marks it, with its remedy; false where it has no mark for it. */
bool pipeline_log_error(enum ci ci, const struct error *err, struct str *out);

/* Appends what makes the service mask a value in all that follows; nothing where it cannot. */
void pipeline_log_mask(enum ci ci, const char *value, struct str *out);

#endif
