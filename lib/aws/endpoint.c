#include "aws/endpoint.h"

#include "aws/client.h"
#include "base/cleanup.h"
#include "base/slice.h"
#include "base/url.h"

#include <ctype.h>
#include <string.h>

/*
 * A partition: its regions are PREFIX-WORD-NUMBER for one of the prefixes, and NAME-global. Source:
 * partitions.json of the AWS CLI 2.36.7. A region that none of them has belongs to the first.
 */
struct partition {
	const char *name;
	const char *prefixes; /* separated by blanks */
	const char *suffix;
	const char *dualstack_suffix;
};

static const struct partition partitions[] = {
	{ "aws", "us eu ap sa ca me af il mx", "amazonaws.com", "api.aws" },
	{ "aws-cn", "cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn" },
	{ "aws-eusc", "eusc-de", "amazonaws.eu", "api.amazonwebservices.eu" },
	{ "aws-iso", "us-iso", "c2s.ic.gov", "api.aws.ic.gov" },
	{ "aws-iso-b", "us-isob", "sc2s.sgov.gov", "api.aws.scloud" },
	{ "aws-iso-e", "eu-isoe", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk" },
	{ "aws-iso-f", "us-isof", "csp.hci.ic.gov", "api.aws.hci.ic.gov" },
	{ "aws-us-gov", "us-gov", "amazonaws.com", "api.aws" },
};

enum variant { STANDARD, FIPS, DUALSTACK, FIPS_DUALSTACK };

/*
 * Where a service is: the first row that fits decides. `where` is a partition, a region, or NULL
 * for everywhere. In a host, {r} is the region, {s} the partition's suffix, {d} its dual-stack one;
 * NULL: there is none. Source: the endpoint rule sets of the AWS CLI 2.36.7.
 */
struct rule {
	enum aws_service_id service;
	enum variant variant;
	const char *where;
	const char *host;
};

static const struct rule rules[] = {
	{ AWS_CLOUDFORMATION, STANDARD, NULL, "cloudformation.{r}.{s}" },
	{ AWS_CLOUDFORMATION, FIPS, "aws-us-gov", "cloudformation.{r}.{s}" },
	{ AWS_CLOUDFORMATION, FIPS, NULL, "cloudformation-fips.{r}.{s}" },
	{ AWS_CLOUDFORMATION, DUALSTACK, NULL, "cloudformation.{r}.{d}" },
	{ AWS_CLOUDFORMATION, FIPS_DUALSTACK, NULL, "cloudformation-fips.{r}.{d}" },

	{ AWS_ECR, STANDARD, NULL, "api.ecr.{r}.{s}" },
	{ AWS_ECR, FIPS, NULL, "api.ecr-fips.{r}.{s}" },
	{ AWS_ECR, DUALSTACK, NULL, "ecr.{r}.{d}" },
	{ AWS_ECR, FIPS_DUALSTACK, NULL, "ecr-fips.{r}.{d}" },

	{ AWS_ECS, STANDARD, NULL, "ecs.{r}.{s}" },
	{ AWS_ECS, FIPS, NULL, "ecs-fips.{r}.{s}" },
	{ AWS_ECS, DUALSTACK, NULL, "ecs.{r}.{d}" },
	{ AWS_ECS, FIPS_DUALSTACK, NULL, "ecs-fips.{r}.{d}" },

	{ AWS_LOGS, STANDARD, NULL, "logs.{r}.{s}" },
	{ AWS_LOGS, FIPS, "us-gov-east-1", "logs.{r}.{s}" },
	{ AWS_LOGS, FIPS, "us-gov-west-1", "logs.{r}.{s}" },
	{ AWS_LOGS, FIPS, NULL, "logs-fips.{r}.{s}" },
	{ AWS_LOGS, DUALSTACK, NULL, "logs.{r}.{d}" },
	{ AWS_LOGS, FIPS_DUALSTACK, NULL, "logs-fips.{r}.{d}" },

	{ AWS_S3, STANDARD, "aws-global", "s3.{s}" },
	{ AWS_S3, FIPS, "aws-global", "s3-fips.us-east-1.{s}" },
	{ AWS_S3, DUALSTACK, "aws-global", "s3.dualstack.us-east-1.{s}" },
	{ AWS_S3, FIPS_DUALSTACK, "aws-global", "s3-fips.dualstack.us-east-1.{s}" },
	{ AWS_S3, FIPS, "aws-cn", NULL },
	{ AWS_S3, FIPS_DUALSTACK, "aws-cn", NULL },
	{ AWS_S3, STANDARD, NULL, "s3.{r}.{s}" },
	{ AWS_S3, FIPS, NULL, "s3-fips.{r}.{s}" },
	{ AWS_S3, DUALSTACK, NULL, "s3.dualstack.{r}.{s}" },
	{ AWS_S3, FIPS_DUALSTACK, NULL, "s3-fips.dualstack.{r}.{s}" },

	{ AWS_SECRETS_MANAGER, STANDARD, NULL, "secretsmanager.{r}.{s}" },
	{ AWS_SECRETS_MANAGER, FIPS, NULL, "secretsmanager-fips.{r}.{s}" },
	{ AWS_SECRETS_MANAGER, DUALSTACK, "aws", "secretsmanager.{r}.{s}" },
	{ AWS_SECRETS_MANAGER, DUALSTACK, "aws-cn", "secretsmanager.{r}.{s}" },
	{ AWS_SECRETS_MANAGER, DUALSTACK, "aws-us-gov", "secretsmanager.{r}.{s}" },
	{ AWS_SECRETS_MANAGER, DUALSTACK, NULL, "secretsmanager.{r}.{d}" },
	{ AWS_SECRETS_MANAGER, FIPS_DUALSTACK, "aws", "secretsmanager-fips.{r}.{s}" },
	{ AWS_SECRETS_MANAGER, FIPS_DUALSTACK, "aws-us-gov", "secretsmanager-fips.{r}.{s}" },
	{ AWS_SECRETS_MANAGER, FIPS_DUALSTACK, NULL, "secretsmanager-fips.{r}.{d}" },

	{ AWS_SSM, STANDARD, NULL, "ssm.{r}.{s}" },
	{ AWS_SSM, FIPS, "us-gov-east-1", "ssm.{r}.{s}" },
	{ AWS_SSM, FIPS, "us-gov-west-1", "ssm.{r}.{s}" },
	{ AWS_SSM, FIPS, NULL, "ssm-fips.{r}.{s}" },
	{ AWS_SSM, DUALSTACK, NULL, "ssm.{r}.{d}" },
	{ AWS_SSM, FIPS_DUALSTACK, NULL, "ssm-fips.{r}.{d}" },

	{ AWS_SSO, STANDARD, NULL, "portal.sso.{r}.{s}" },
	{ AWS_SSO, FIPS, "aws-us-gov", "portal.sso.{r}.{s}" },
	{ AWS_SSO, FIPS, NULL, "portal.sso-fips.{r}.{s}" },
	{ AWS_SSO, DUALSTACK, NULL, "portal.sso.{r}.{d}" },
	{ AWS_SSO, FIPS_DUALSTACK, NULL, "portal.sso-fips.{r}.{d}" },

	{ AWS_SSO_OIDC, STANDARD, NULL, "oidc.{r}.{s}" },
	{ AWS_SSO_OIDC, FIPS, "aws-us-gov", "oidc.{r}.{s}" },
	{ AWS_SSO_OIDC, FIPS, NULL, "oidc-fips.{r}.{s}" },
	{ AWS_SSO_OIDC, DUALSTACK, NULL, "oidc.{r}.{d}" },
	{ AWS_SSO_OIDC, FIPS_DUALSTACK, NULL, "oidc-fips.{r}.{d}" },

	{ AWS_STS, STANDARD, "aws-global", "sts.{s}" },
	{ AWS_STS, STANDARD, NULL, "sts.{r}.{s}" },
	{ AWS_STS, FIPS, "aws-us-gov", "sts.{r}.{s}" },
	{ AWS_STS, FIPS, NULL, "sts-fips.{r}.{s}" },
	{ AWS_STS, DUALSTACK, NULL, "sts.{r}.{d}" },
	{ AWS_STS, FIPS_DUALSTACK, NULL, "sts-fips.{r}.{d}" },
};

void aws_endpoint_release(struct aws_endpoint *endpoint)
{
	str_release(&endpoint->url);
	str_release(&endpoint->path);
	str_release(&endpoint->region);
}

/* Whether `text` is "-WORD-NUMBER". */
static bool is_region_tail(const char *text)
{
	size_t word, number;

	if (*text++ != '-')
		return false;
	word = strcspn(text, "-");
	if (word == 0 || text[word] != '-')
		return false;
	text += word + 1;
	number = strspn(text, "0123456789");
	return number && text[number] == '\0';
}

static bool has_region(const struct partition *partition, const char *region)
{
	const char *prefix = partition->prefixes;
	size_t len = strlen(partition->name);

	if (strncmp(region, partition->name, len) == 0 && strcmp(region + len, "-global") == 0)
		return true;
	while (*prefix) {
		len = strcspn(prefix, " ");
		if (strncmp(region, prefix, len) == 0 && is_region_tail(region + len))
			return true;
		prefix += len;
		prefix += strspn(prefix, " ");
	}
	return false;
}

static const struct partition *find_partition(const char *region)
{
	for (size_t i = 0; i < sizeof(partitions) / sizeof(partitions[0]); i++) {
		if (has_region(&partitions[i], region))
			return &partitions[i];
	}
	return &partitions[0];
}

const char *aws_partition_of(const char *region)
{
	return find_partition(region)->name;
}

static const char *find_host(enum aws_service_id service, enum variant variant, const char *region,
			     const char *partition)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *rule = &rules[i];

		if (rule->service == service && rule->variant == variant &&
		    (!rule->where || strcmp(rule->where, region) == 0 ||
		     strcmp(rule->where, partition) == 0))
			return rule->host;
	}
	return NULL;
}

/* Appends a host of the table with its placeholders filled in. */
static void expand_host(struct str *out, const char *host, const char *region,
			const struct partition *partition)
{
	while (*host) {
		size_t len = strcspn(host, "{");

		str_add(out, host, len);
		host += len;
		if (!*host)
			return;
		str_adds(out, host[1] == 'r'   ? region
			      : host[1] == 's' ? partition->suffix
					       : partition->dualstack_suffix);
		host += strlen("{r}");
	}
}

/* A region becomes part of a host name: nothing but a DNS label may pass. */
static int check_region(const char *region, struct error *err)
{
	size_t len = strspn(region, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-");

	if (len && len <= 63 && !region[len] && region[0] != '-' && region[len - 1] != '-')
		return 0;
	error_set(err, ERROR_CONFIG, "'%s' is not a region", region);
	return error_fix(err, "a region looks like 'eu-west-1'");
}

/* The region to work with, or NULL with *err set: STS has a global endpoint. */
static const char *choose_region(enum aws_service_id service, const char *region, struct error *err)
{
	if (!region && service == AWS_STS)
		return "aws-global";
	if (!region) {
		error_set(err, ERROR_CONFIG, "%s needs a region, and none is set",
			  aws_services[service].title);
		error_set_code(err, AWS_CODE_NO_REGION);
		error_fix(err, "use --region, AWS_REGION, or 'aws configure set region'");
		return NULL;
	}
	return check_region(region, err) < 0 ? NULL : region;
}

/* Buckets behind which another protocol hides would be signed wrongly: refused. */
static int check_bucket(const char *bucket, struct error *err)
{
	static const char *const tails[] = { "--x-s3", "--xa-s3", "--op-s3" };
	bool is_special = strncmp(bucket, "arn:", 4) == 0 || *bucket == '\0';

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		size_t len = strlen(bucket), tail = strlen(tails[i]);

		is_special |= len > tail && strcmp(bucket + len - tail, tails[i]) == 0;
	}
	if (!is_special)
		return 0;
	error_set(err, ERROR_CONFIG, "'%s' is not the name of a plain S3 bucket", bucket);
	return error_fix(err, "name a general purpose bucket, not an ARN or a directory bucket");
}

/*
 * Whether the bucket can stand in front of the host: a DNS label of 3 to 63 characters. Dots are
 * no good under https, where the certificate covers one label.
 */
static bool is_virtual_hostable(const char *bucket, bool allow_dots)
{
	const char *chars = "abcdefghijklmnopqrstuvwxyz0123456789-.";
	size_t len = strspn(bucket, chars);

	if (len < 3 || len > 63 || bucket[len] || (strchr(bucket, '.') && !allow_dots))
		return false;
	return isalnum((unsigned char)bucket[0]) && isalnum((unsigned char)bucket[len - 1]) &&
	       !strstr(bucket, "..") && !strstr(bucket, ".-") && !strstr(bucket, "-.");
}

/* Whether a URL's host has no names below it: an address, or localhost. */
static bool is_address(const char *url)
{
	CLEANUP(str_release) struct str host = STR_INIT;
	size_t len;

	if (url_is_loopback(url))
		return true;
	url_host(url, &host);
	len = strspn(host.buf, "0123456789.");
	return host.buf[0] == '[' || host.buf[len] == '\0' || host.buf[len] == ':';
}

/* Puts the bucket in front of the host, or else into the path. */
static void add_bucket(struct aws_endpoint *endpoint, const struct aws_endpoint_options *options)
{
	CLEANUP(str_release) struct str url = STR_INIT;
	const char *host = strstr(endpoint->url.buf, "://") + strlen("://");
	bool is_http = strncmp(endpoint->url.buf, "http:", 5) == 0;

	if (options->use_path_style || is_address(endpoint->url.buf) ||
	    !is_virtual_hostable(options->bucket, is_http)) {
		str_addc(&endpoint->path, '/');
		url_encode(&endpoint->path, options->bucket, strlen(options->bucket));
		return;
	}
	str_add(&url, endpoint->url.buf, (size_t)(host - endpoint->url.buf));
	str_addf(&url, "%s.%s", options->bucket, host);
	str_reset(&endpoint->url);
	str_adds(&endpoint->url, url.buf);
}

/* What stands before an @ may be a password: it is not repeated. */
static int refuse_url(const char *url, const char *why, const char *fix, struct error *err)
{
	const char *at = strrchr(url, '@');

	error_set(err, ERROR_CONFIG, "endpoint '%s%s' %s", at ? "..." : "", at ? at : url, why);
	return error_fix(err, "%s", fix);
}

/* A configured URL carries credentials to wherever it points: only what is plainly meant passes. */
static int check_url(const char *url, struct error *err)
{
	bool is_http = strncmp(url, "http://", 7) == 0;
	const char *host = url + (is_http ? 7 : 8);

	if (!is_http && strncmp(url, "https://", 8) != 0)
		return refuse_url(url, "is not a URL", "it must begin with https://", err);
	if (url[strcspn(url, "?#@\\")] || url[strcspn(url, " \t\r\n")] || strspn(host, "/:") ||
	    !*host)
		return refuse_url(url, "is not one that can be signed for",
				  "give scheme, host, port and path only", err);
	if (is_http && !url_is_loopback(url))
		return refuse_url(url, "is not https",
				  "use https; plain http is spoken to this machine only", err);
	return 0;
}

static int use_custom_url(const struct aws_endpoint_options *options, struct aws_endpoint *endpoint,
			  struct error *err)
{
	const char *url = options->custom_url;
	size_t host, len = strlen(url);

	if (check_url(url, err) < 0)
		return -1;
	if (options->use_fips || options->use_dualstack)
		return refuse_url(url, "cannot be combined with FIPS or dual-stack",
				  "take away either the endpoint URL or use_fips_endpoint and "
				  "use_dualstack_endpoint",
				  err);
	while (url[len - 1] == '/')
		len--;
	host = (size_t)(strstr(url, "://") - url) + strlen("://");
	host += strcspn(url + host, "/");
	str_add(&endpoint->url, url, host < len ? host : len);
	if (host < len)
		str_add(&endpoint->path, url + host, len - host);
	endpoint->is_custom = true;
	return 0;
}

static int use_own_host(enum aws_service_id service, const struct aws_endpoint_options *options,
			const char *region, struct aws_endpoint *endpoint, struct error *err)
{
	const struct partition *partition = find_partition(region);
	enum variant variant = options->use_fips ? (options->use_dualstack ? FIPS_DUALSTACK : FIPS)
						 : (options->use_dualstack ? DUALSTACK : STANDARD);
	const char *host = find_host(service, variant, region, partition->name);

	if (!host) {
		error_set(err, ERROR_CONFIG, "%s has no FIPS endpoint in region '%s'",
			  aws_services[service].title, region);
		return error_fix(err, "unset AWS_USE_FIPS_ENDPOINT and use_fips_endpoint");
	}
	str_adds(&endpoint->url, "https://");
	expand_host(&endpoint->url, host, region, partition);
	return 0;
}

int aws_endpoint_find(enum aws_service_id service, const struct aws_endpoint_options *options,
		      struct aws_endpoint *ret, struct error *err)
{
	CLEANUP(aws_endpoint_release) struct aws_endpoint found = AWS_ENDPOINT_INIT;
	const char *region = choose_region(service, options->region, err);
	int result;

	if (!region)
		return -1;
	if (options->bucket && check_bucket(options->bucket, err) < 0)
		return -1;
	if (options->custom_url)
		result = use_custom_url(options, &found, err);
	else
		result = use_own_host(service, options, region, &found, err);
	if (result < 0)
		return -1;
	if (options->bucket)
		add_bucket(&found, options);
	str_adds(&found.region, strcmp(region, "aws-global") == 0 ? "us-east-1" : region);
	aws_endpoint_release(ret);
	*ret = found;
	found = (struct aws_endpoint)AWS_ENDPOINT_INIT;
	return 0;
}
