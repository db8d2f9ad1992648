#ifndef STACK_PARAMETERS_H
#define STACK_PARAMETERS_H

#include "aws/cloudformation.h"
#include "base/error.h"
#include "base/str.h"
#include "data/assignments.h"

#include <stdbool.h>

/*
 * Parameter files: what a stack's parameters are to be, one file an environment. The format is
 * told from the content:
 *
 *	Key=Value lines					dev.cfg (data/assignments.h)
 *	{"Parameters": {"Key": "Value"}}		AWS CodePipeline; or flat, {"Key": "Value"}
 *	[{"ParameterKey": "Key",			the AWS CLI's list, with
 *	  "ParameterValue": "Value"}]			UsePreviousValue too
 *	["Key=Value"]					the AWS CLI's other list
 *	Key: Value					a YAML map, also under "Parameters:"
 *	parameter_overrides = "Key=Value"		SAM's samconfig.toml, one environment of it
 *	export KEY='Value'				.env (data/dotenv.h): known by its name, or
 * by "export", since elsewhere quotation marks belong to the value
 *
 * https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/ (--parameter-overrides)
 */
enum parameter_format {
	PARAMETERS_ASSIGNMENTS,
	PARAMETERS_JSON_OBJECT,
	PARAMETERS_JSON_LIST,
	PARAMETERS_YAML,
	PARAMETERS_SAMCONFIG,
	PARAMETERS_DOTENV,
};

/* A parameter file: its bytes, and what they say with their places. `environment` is borrowed. */
struct parameter_file {
	char *path;
	const char *environment;
	struct str text;
	enum parameter_format format;
	struct assignments list;
};

#define PARAMETER_FILE_INIT                                                                        \
	{                                                                                          \
		.path = NULL, .environment = NULL, .text = STR_INIT, .list = ASSIGNMENTS_INIT      \
	}

/*
 * Fails as parameters_read() does. The bytes are overwritten when released. The other one is for
 * those who show a failure at its place (error_at()): it leaves the file out of the message, and
 * *ret with the path and the bytes.
 */
int parameter_file_read(const char *path, const char *environment, struct parameter_file *ret,
			struct error *err);
int parameter_file_load(const char *path, const char *environment, struct parameter_file *ret,
			struct error *err);
void parameter_file_release(struct parameter_file *file);

/*
 * Reads a parameter file. Values keep their text; lists are joined by commas, as CloudFormation
 * takes them. `environment` is the one to read of a file that has several; NULL or "": the default.
 * ERROR_CONFIG naming file and line where it cannot be read, is no such file, or is
 * larger than 1 MiB; ERROR_REFUSED naming both lines where a key is there twice.
 */
int parameters_read(const char *path, const char *environment, struct cfn_parameters *ret,
		    struct error *err);

/* The same from the bytes that such a file had at another time; its name may tell its format. */
int parameters_read_text(const char *path, const char *environment, struct slice text,
			 struct cfn_parameters *ret, struct error *err);

/* What a bump is to do: adds: a key that is not there is added. Borrowed. */
struct bump_request {
	const char *path;
	const char *environment;
	const char *key;
	const char *value;
	bool adds;
};

/*
 * What parameters_bump() did or would do. diff: a unified diff of one line, written "Key=Value" in
 * every format: of a file in one line, the rest may be secret.
 */
struct bump_result {
	bool changed;
	unsigned line;	/* of the value, from 1 */
	unsigned added; /* lines */
	struct str old_value;
	struct str diff; /* "" where nothing changes */
};

#define BUMP_RESULT_INIT                                                                           \
	{                                                                                          \
		.changed = false, .line = 0, .added = 0, .old_value = STR_INIT, .diff = STR_INIT   \
	}

void bump_result_release(struct bump_result *result);

/*
 * Sets one parameter's value in the file by splicing its bytes: every other byte stays, exactly one
 * line differs, and the file is replaced whole or not at all (file_edit_atomic()) under a kernel
 * lock, which waits up to 10 s for others. The same value is no write. A new key comes behind all
 * others, written as its neighbour is. The value is an image tag, or ERROR_CONFIG. ERROR_CONFIG
 * also where the file cannot be read; ERROR_REFUSED where the key is there twice, has no text of
 * its own on one line, or is not there and is not to be, or cannot be, added.
 */
int parameters_bump(const struct bump_request *request, struct bump_result *ret, struct error *err);

/* The same without the lock and the write: what would be done. */
int parameters_plan_bump(const struct bump_request *request, struct bump_result *ret,
			 struct error *err);

#endif
