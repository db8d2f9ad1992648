/* Parameters and their types (User Guide, "Parameters section syntax reference"). */
#include "stack/check_types.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/json.h"
#include "stack/check_rule.h"

#include <string.h>

/* The signs that ids of EC2 have after their prefix: 8 or, since 2016, 17. */
static bool is_ec2_id(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);
	size_t digits =
		strncmp(text, prefix, len) == 0 ? strspn(text + len, "0123456789abcdefABCDEF") : 0;

	return (digits == 8 || digits == 17) && text[len + digits] == '\0';
}

static bool is_hosted_zone(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0 &&
	       text[strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

/*
 * us-east-1a, us-gov-west-1b; local zones such as us-west-2-lax-1a, Wavelength zones such as
 * us-east-1-wl1-bos-wlz-1.
 */
static bool is_zone(const char *text, const char *prefix)
{
	const char *wavelength = strstr(text, "-wlz-");
	size_t len = strlen(text);

	(void)prefix;
	if (len <= 4 || !strchr(text, '-') ||
	    text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		return false;
	if (wavelength)
		return text[len - 1] >= '0' && text[len - 1] <= '9';
	return text[len - 1] >= 'a' && text[len - 1] <= 'z' && text[len - 2] >= '0' &&
	       text[len - 2] <= '9';
}

static bool is_filled(const char *text, const char *prefix)
{
	(void)prefix;
	return *text;
}

/* A name in the Parameter Store, which may have a version or a label behind a colon, or an ARN. */
static bool is_ssm_name(const char *text, const char *prefix)
{
	(void)prefix;
	return *text && strlen(text) <= 2048 &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789_.-/:")] == '\0';
}

/* "AWS-specific parameter types" and "Systems Manager parameter types" of the User Guide. */
static const struct aws_type aws_types[] = {
	{ "AWS::EC2::AvailabilityZone::Name", "", is_zone, "us-east-1a" },
	{ "AWS::EC2::Image::Id", "ami-", is_ec2_id, "ami-0123456789abcdef0" },
	{ "AWS::EC2::Instance::Id", "i-", is_ec2_id, "i-0123456789abcdef0" },
	{ "AWS::EC2::KeyPair::KeyName", "", is_filled, "a name" },
	{ "AWS::EC2::SecurityGroup::GroupName", "", is_filled, "a name" },
	{ "AWS::EC2::SecurityGroup::Id", "sg-", is_ec2_id, "sg-0123456789abcdef0" },
	{ "AWS::EC2::Subnet::Id", "subnet-", is_ec2_id, "subnet-0123456789abcdef0" },
	{ "AWS::EC2::VPC::Id", "vpc-", is_ec2_id, "vpc-0123456789abcdef0" },
	{ "AWS::EC2::Volume::Id", "vol-", is_ec2_id, "vol-0123456789abcdef0" },
	{ "AWS::Route53::HostedZone::Id", "Z", is_hosted_zone, "Z0123456789ABCDEFGHIJ" },
	{ "AWS::SSM::Parameter::Name", "", is_ssm_name, "/team/name" },
};

static const char ssm_name[] = "AWS::SSM::Parameter::Name";
static const char ssm_value[] = "AWS::SSM::Parameter::Value<";

bool parameter_type_is_indirect(const char *type)
{
	return strncmp(type, ssm_value, strlen(ssm_value)) == 0;
}

static const struct aws_type *find_aws_type(const char *name)
{
	for (size_t i = 0; i < sizeof(aws_types) / sizeof(aws_types[0]); i++) {
		if (strcmp(aws_types[i].name, name) == 0)
			return &aws_types[i];
	}
	return NULL;
}

const struct aws_type *aws_type_of_text(const char *type)
{
	return find_aws_type(parameter_type_is_indirect(type) ? ssm_name : type);
}

static bool is_plain_type(const char *name)
{
	return strcmp(name, "String") == 0 || strcmp(name, "Number") == 0;
}

bool parameter_type_is_list(const char *type)
{
	return strcmp(type, "CommaDelimitedList") == 0 || strncmp(type, "List<", 5) == 0;
}

char *parameter_type_inner(const char *type)
{
	const char *open = strchr(type, '<');
	size_t len = strlen(type);

	if (strcmp(type, "CommaDelimitedList") == 0)
		return mem_strdup("String");
	return open && type[len - 1] == '>' ? mem_strndup(open + 1, len - 2 - (size_t)(open - type))
					    : mem_strdup(type);
}

/* Lists are taken of all of them but names in the Parameter Store. */
static bool is_own_type(const char *name)
{
	return find_aws_type(name) && strcmp(name, ssm_name) != 0;
}

static bool is_known_type(const char *type)
{
	CLEANUP_FREE char *inner = parameter_type_inner(type);
	CLEANUP_FREE char *item = parameter_type_inner(inner);

	/* Neither numbers nor names of the Parameter Store are read from there. */
	if (parameter_type_is_indirect(type))
		return strcmp(item, "String") == 0 || is_own_type(item);
	if (parameter_type_is_list(type))
		return is_plain_type(inner) || is_own_type(inner);
	return is_plain_type(type) || find_aws_type(type);
}

const char *parameter_type_of(const json_t *declared)
{
	const char *type = json_text(declared, "Type");

	return type ? type : "String";
}

void check_parameter_type(struct check *check)
{
	const char *name;
	json_t *declared;

	json_object_foreach(check_declarations(check), name, declared)
	{
		const char *type = json_text(declared, "Type");
		CLEANUP_FREE char *path = mem_printf("Parameters.%s.Type", name);

		if (type && is_known_type(type))
			continue;
		finding_fix(
			check_add_at_template(check, path, "parameter '%s' has %s%s%s", name,
					      type ? "the unknown type '" : "no type",
					      type ? type : "", type ? "'" : ""),
			"use String, Number, CommaDelimitedList, List<...> or one of AWS's own");
	}
}
