#ifndef AWS_CLIENT_H
#define AWS_CLIENT_H

#include "base/clock.h"
#include "base/env.h"
#include "base/error.h"
#include "base/report.h"
#include "base/str.h"
#include "net/http.h"

#include <stdbool.h>

/* What the command line says about AWS; NULL where it says nothing. Borrowed for the client's life.
 */
struct aws_options {
	const char *profile;
	const char *region;
	const char *endpoint_url;
	bool no_cache; /* leave the AWS CLI's cache of credentials alone: nothing goes to a disk */
};

/* The codes of errors that each kind of program has a remedy of its own for. */
#define AWS_CODE_NO_CREDENTIALS "NoCredentials"
#define AWS_CODE_NO_REGION	"NoRegion"

/* What a client reaches the world through. Borrowed for the client's life. */
struct aws_context {
	struct http *http;
	struct clock *clock;
	const struct env *env;
	struct report *report;
};

/*
 * A client of AWS: settings resolved once (profile, region, endpoints), credentials when they are
 * first needed and again before they end. Calls are signed, retried and checked in here; the
 * operations on top (aws/sts.h, aws/ecr.h, aws/cloudformation.h) are a row and a small struct each.
 */
struct aws_client;

/*
 * Reads the configuration that the AWS CLI v2 would read. ERROR_CONFIG where it is wrong. No
 * credentials are looked for and nothing is sent yet, but where no region is configured: then the
 * metadata service of the EC2 instance that this may be is asked for one, for a second at most
 * (metadata_service_timeout), unless AWS_EC2_METADATA_DISABLED is true.
 */
int aws_client_new(const struct aws_options *options, const struct aws_context *context,
		   struct aws_client **ret_client, struct error *err);
void aws_client_free(struct aws_client *client);

/*
 * Another client with the same settings and a copy of the credentials, on another transport: for a
 * thread of its own. It must be freed before `client`, and does not renew its credentials.
 * ERROR_AUTH as aws_client_credentials().
 */
int aws_client_sibling(struct aws_client *client, struct http *http, struct aws_client **ret_client,
		       struct error *err);

/* The region and where it was found, NULL where none is set. Borrowed. */
const char *aws_client_region(const struct aws_client *client);
const char *aws_client_region_source(const struct aws_client *client);

/* The name of the profile in use, "default" too. Borrowed. */
const char *aws_client_profile(const struct aws_client *client);

/*
 * The credentials in use, found first where needed. Borrowed until the next call. ERROR_AUTH where
 * there are none: the message names every provider that was tried.
 */
struct aws_credentials;
int aws_client_credentials(struct aws_client *client,
			   const struct aws_credentials **ret_credentials, struct error *err);

/* The clock and the reporter of the client, for operations that wait. Borrowed. */
struct clock *aws_client_clock(const struct aws_client *client);

#endif
