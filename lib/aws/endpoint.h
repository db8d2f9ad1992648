#ifndef AWS_ENDPOINT_H
#define AWS_ENDPOINT_H

#include "aws/service.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

/* What decides where a service is. Borrowed; NULL where there is none. */
struct aws_endpoint_options {
	const char *region;
	bool use_fips;
	bool use_dualstack;
	const char *custom_url; /* configured instead of AWS's own */
	const char *bucket;	/* S3 only */
	bool use_path_style;	/* S3 only: the bucket in the path, never in the host */
};

/* Where a service is. The URL is `url` + `path` + the operation's own path. */
struct aws_endpoint {
	struct str url;	   /* "https://sts.eu-west-1.amazonaws.com" */
	struct str path;   /* "", or "/bucket" */
	struct str region; /* to sign for */
	bool is_custom;
};

#define AWS_ENDPOINT_INIT                                                                          \
	{                                                                                          \
		.url = STR_INIT, .path = STR_INIT, .region = STR_INIT                              \
	}

/* The partition of a region, "aws" where none is known: "aws-cn" for "cn-north-1". */
const char *aws_partition_of(const char *region);

void aws_endpoint_release(struct aws_endpoint *endpoint);

/*
 * Finds a service's endpoint, as the rule sets of the AWS CLI 2.36.7 do (tables in endpoint.c).
 *
 * Without a region, STS is the global one; everything else fails with ERROR_CONFIG and says how to
 * set one. ERROR_CONFIG also where region or URL are malformed, where a custom URL meets FIPS or
 * dual-stack, where it is plain http to another machine, and for buckets that are no plain ones
 * (ARNs, S3 Express, Outposts).
 */
int aws_endpoint_find(enum aws_service_id service, const struct aws_endpoint_options *options,
		      struct aws_endpoint *ret, struct error *err);

#endif
