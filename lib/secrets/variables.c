#include "secrets/variables.h"

#include "base/mem.h"
#include "secrets/reference.h"

#include <stdlib.h>
#include <string.h>

/* Looked up one after the other. 64 KiB of secret have fewer, and a process has no room for them.
 */
#define MAX_VARIABLES 10000

void secrets_variables_release(struct secrets_variables *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].name);
		free(list->items[i].source);
		secret_release(&list->items[i].value);
	}
	free(list->items);
	*list = (struct secrets_variables)SECRETS_VARIABLES_INIT;
}

static struct secrets_variable *find(const struct secrets_variables *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].name, name) == 0)
			return &list->items[i];
	}
	return NULL;
}

const struct secrets_variable *secrets_variables_find(const struct secrets_variables *list,
						      const char *name)
{
	return find(list, name);
}

/*
 * Sources: ld.so(8), bash(1), perlrun(1), python3(1), node(1), java(1), ruby(1), resolver(5),
 * openssl-env(7). A name that ends in '*' stands for all that begin so.
 */
bool secrets_is_dangerous(const char *name)
{
	static const char *const names[] = {
		"BASHOPTS",
		"BASH_ENV",
		"BASH_FUNC_*",
		"CDPATH",
		"CLASSPATH",
		"CORECLR_*",
		"DOTNET_STARTUP_HOOKS",
		"ENV",
		"GCONV_PATH",
		"GETCONF_DIR",
		"GLIBC_TUNABLES",
		"HOSTALIASES",
		"IFS",
		"JAVA_TOOL_OPTIONS",
		"JDK_JAVA_OPTIONS",
		"LD_*",
		"LOCALDOMAIN",
		"LOCPATH",
		"NLSPATH",
		"NODE_OPTIONS",
		"NODE_PATH",
		"OPENSSL_CONF",
		"OPENSSL_ENGINES",
		"OPENSSL_MODULES",
		"PATH",
		"PERL5DB",
		"PERL5LIB",
		"PERL5OPT",
		"PERLLIB",
		"PHPRC",
		"PHP_INI_SCAN_DIR",
		"PROMPT_COMMAND",
		"PS4",
		"PYTHONHOME",
		"PYTHONINSPECT",
		"PYTHONPATH",
		"PYTHONSTARTUP",
		"RESOLV_*",
		"RES_OPTIONS",
		"RUBYLIB",
		"RUBYOPT",
		"SHELLOPTS",
		"SSLKEYLOGFILE",
		"_JAVA_OPTIONS",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len = strcspn(names[i], "*");

		if (strncmp(name, names[i], len) == 0 &&
		    (names[i][len] == '*' || name[len] == '\0'))
			return true;
	}
	return false;
}

static int refuse(const char *name, const char *source, const char *why, const char *fix,
		  const struct secrets_rules *rules, struct error *err)
{
	if (rules->skips_invalid) {
		report_warning(rules->report, "'%s': left out '%s': %s", source, name, why);
		return 0;
	}
	error_set(err, ERROR_CONFIG, "'%s': '%s' cannot be a variable: %s", source, name, why);
	return error_fix(err, "%s", fix);
}

static void replace(struct secrets_variable *variable, const struct secret *value,
		    const char *source, const struct secrets_rules *rules)
{
	if (strcmp(variable->source, source) != 0)
		report_note(rules->report, "%s of '%s' takes the place of that of '%s'",
			    variable->name, source, variable->source);
	secret_copy(&variable->value, value);
	free(variable->source);
	variable->source = mem_strdup(source);
}

int secrets_variables_set(struct secrets_variables *list, const char *name,
			  const struct secret *value, const char *source,
			  const struct secrets_rules *rules, struct error *err)
{
	struct secrets_variable *variable;

	if (!secrets_is_variable(name, strlen(name)))
		return refuse(name, source, "a name has letters, digits and '_' and no digit first",
			      "rename the key, give it a name with VARIABLE=NAME:KEY, or set "
			      "SECRETS_SKIP_INVALID=true",
			      rules, err);
	if (strlen(secret_bytes(value)) != secret_len(value))
		return refuse(name, source, "its value has a NUL in it",
			      "store it in base64 and have the application decode it", rules, err);
	variable = find(list, name);
	if (variable) {
		replace(variable, value, source, rules);
		return 0;
	}
	if (list->count == MAX_VARIABLES)
		return error_set(err, ERROR_CONFIG, "'%s': more than %d variables", source,
				 MAX_VARIABLES);
	variable = mem_grow(&list->items, &list->count, sizeof(*variable));
	variable->name = mem_strdup(name);
	variable->source = mem_strdup(source);
	secret_copy(&variable->value, value);
	return 0;
}

int secrets_variables_inject(struct secrets_variables *list, const char *name,
			     const struct secret *value, const char *source,
			     const struct secrets_rules *rules, struct error *err)
{
	bool is_allowed = rules->allowed && strv_has(rules->allowed, name);

	if (!is_allowed && secrets_is_dangerous(name))
		return refuse(name, source, "a loader, shell or interpreter takes orders from it",
			      "rename the key, or name it in SECRETS_ALLOW", rules, err);
	return secrets_variables_set(list, name, value, source, rules, err);
}
