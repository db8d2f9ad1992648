#ifndef AWS_SSM_H
#define AWS_SSM_H

#include "aws/client.h"
#include "base/secret.h"

/*
 * Systems Manager's Parameter Store, API version 2014-11-06, with the values of SecureString
 * parameters decrypted. A parameter that does not exist has the code "ParameterNotFound".
 */
struct ssm_parameter {
	char *name; /* whole: "/app/DB_PASSWORD" */
	struct secret value;
};

struct ssm_parameters {
	size_t count;
	struct ssm_parameter *items;
};

#define SSM_PARAMETERS_INIT                                                                        \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void ssm_parameters_release(struct ssm_parameters *list);

/* Reads one parameter by name or ARN; "NAME:VERSION" and "NAME:LABEL" choose one. Adds to *ret. */
int ssm_get_parameter(struct aws_client *client, const char *name, struct ssm_parameters *ret,
		      struct error *err);

/* Reads those right below a path such as "/app/", every page. None is no failure. Adds to *ret. */
int ssm_get_parameters_by_path(struct aws_client *client, const char *path,
			       struct ssm_parameters *ret, struct error *err);

#endif
