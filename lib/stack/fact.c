#include "stack/fact.h"

#include "base/cleanup.h"
#include "base/str.h"

static const char *const names[FACT_COUNT] = {
	[FACT_VERSION] = "version",	  [FACT_COMMIT] = "commit",
	[FACT_SUBJECT] = "subject",	  [FACT_AUTHOR] = "author",
	[FACT_ACCOUNT] = "account",	  [FACT_REGION] = "region",
	[FACT_CALLER] = "caller",	  [FACT_IMAGE] = "image",
	[FACT_REPOSITORY] = "repository", [FACT_DIGEST] = "digest",
	[FACT_SOURCE] = "source",	  [FACT_STACK] = "stack",
	[FACT_STACK_ARN] = "stack_arn",	  [FACT_CHANGE_SET] = "change_set",
	[FACT_TOKEN] = "token",		  [FACT_STATUS] = "status",
	[FACT_REPLACED] = "replaced",	  [FACT_PUBLISHED] = "published",
	[FACT_BUMPED] = "bumped",	  [FACT_DEPLOYED] = "deployed",
	[FACT_ADDRESS] = "address",
};

const char *fact_name(enum fact fact)
{
	return names[fact];
}

void fact_tell(struct report *report, enum fact fact, const char *fmt, ...)
{
	CLEANUP(str_release) struct str value = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&value, fmt, ap);
	va_end(ap);
	if (value.len)
		report_fact(report, names[fact], value.buf);
}
