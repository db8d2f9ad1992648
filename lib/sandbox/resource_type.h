#ifndef SANDBOX_RESOURCE_TYPE_H
#define SANDBOX_RESOURCE_TYPE_H

#include "base/str.h"
#include "sandbox/sandbox.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * What is known of a resource type: how its physical id looks, which attributes it has, what
 * cannot be changed in place, and how long it takes AWS. `id` and `attributes` are patterns:
 *
 *	{account} {region} {id}   the account, the region, the physical id
 *	{name}                    the name property, or STACK-LOGICAL-RANDOM where it is not set
 *	{hex:N} {upper:N} {letters:N}   N random characters (in `id` only)
 *	{hash:N} {HASH:N}         N hex digits that belong to the physical id
 *	{tail}                    the physical id behind its last '/' or ':'
 *	{=Property}               a property's text, behind its last '/' where it is an ARN
 *	{short}                   {name} within 32 characters and without a random part
 *	{lower}                   {name} in lower case
 *	{registry}                the host of the account's image registry
 *	{count}                   1, 2, 3 ... for what stands before it
 *
 * An attribute that is a list is text with commas.
 *
 * Source: the types' pages in the AWS CloudFormation resource type reference; durations are of the
 * order that the types take there.
 */
struct resource_type {
	const char *name;
	const char *id;
	const char *name_property;
	const char *attributes;	 /* "Arn=pattern Name=pattern"; NULL: any attribute */
	const char *create_only; /* properties whose change replaces the resource; "*": all */
	unsigned short create_s, update_s, delete_s;
};

/* The row of a type; a plain one for a known type without a row; NULL for an unknown type. */
const struct resource_type *resource_type_find(const char *name);

/* Custom::Anything and AWS::CloudFormation::CustomResource: a Lambda function does the work. */
bool resource_type_is_custom(const char *name);

/* IAM's types need a capability (reference of CreateChangeSet, Capabilities). */
bool resource_type_needs_iam(const char *name);

/* Whether changing `property` makes a new resource. */
bool resource_type_replaces(const struct resource_type *type, const char *property);

/* A resource while it is being named: all strings and properties as CloudFormation resolved them.
 */
struct resource_identity {
	struct sandbox *sandbox;
	const struct resource_type *type;
	const char *stack;
	const char *logical_id;
	const char *physical_id; /* for attributes */
	json_t *counters;	 /* of {count}, for new ids: counted up */
	const json_t *properties;
};

void resource_type_new_id(const struct resource_identity *resource, struct str *out);

/* The value of an attribute; false where the type has none of that name. */
bool resource_type_attribute(const struct resource_identity *resource, const char *name,
			     struct str *out);

/* Whether the name is one of AWS's resource types: sandbox/resource_names.c. */
bool resource_name_is_known(const char *name);

#endif
