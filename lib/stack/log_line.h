#ifndef STACK_LOG_LINE_H
#define STACK_LOG_LINE_H

#include "base/str.h"

#include <stdbool.h>

/*
 * What may be shown, and what can be found, in the lines that containers and Lambda functions log.
 * Pure; takes any bytes.
 */

/*
 * Appends a line fit to be shown, through base/sanitize.h: passwords in URLs ("//user:PASSWORD@")
 * and the queries of signed URLs are left out. False, and nothing appended, where the line says
 * nothing (blank, what Lambda says around each call) or says too much: the event that a custom
 * resource receives holds all its properties and a signed URL ("ResponseURL").
 */
bool log_line_clean(const char *line, struct str *out);

/* Whether Lambda begins a call here: "START RequestId: ...". */
bool log_line_is_start(const char *line);

/* The last ARN of an ECS task in the line, appended; false where there is none. */
bool log_line_find_task(const char *line, struct str *ret_arn);

/*
 * The stream that the cfn-response module names in the reason that it gives: "See the details in
 * CloudWatch Log Stream: 2026/11/23/[$LATEST]0a1b". False where there is none.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
 */
bool log_line_find_stream(const char *reason, struct str *ret_stream);

#endif
