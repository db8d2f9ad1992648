#include "deploy/draft.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sanitize.h"
#include "data/json.h"

#include <ctype.h>
#include <string.h>

/* In the order of the file. */
static const char *const sections[] = {
	"", "aws", "compose", "publish", "stack", "clean", "stages"
};

void draft_release(struct draft *draft)
{
	for (size_t i = 0; i < draft->count; i++) {
		str_release(&draft->entries[i].value);
		str_release(&draft->entries[i].from);
	}
	free(draft->entries);
	strv_release(&draft->environments);
	strv_release(&draft->remarks);
	*draft = (struct draft)DRAFT_INIT;
}

/* A word that YAML reads as itself, whatever its version: no number, no boolean, no null. */
static bool is_plain(const char *text)
{
	static const char *const meaningful[] = { "true", "false", "null", "yes", "no",
						  "on",	  "off",   "y",	   "n" };
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "_./-");

	if (strncmp(text, "./", 2) != 0 && !isalpha((unsigned char)*text) && !strchr("/_", *text))
		return false;
	if (!len || text[len])
		return false;
	for (size_t i = 0; i < sizeof(meaningful) / sizeof(meaningful[0]); i++) {
		if (strcasecmp(text, meaningful[i]) == 0)
			return false;
	}
	return true;
}

void draft_quote(const char *text, struct str *out)
{
	if (is_plain(text))
		str_adds(out, text);
	else
		json_quote(out, text);
}

static void add_list(const struct strv *list, struct str *out)
{
	str_addc(out, '[');
	for (size_t i = 0; i < list->count; i++) {
		str_adds(out, i ? ", " : "");
		draft_quote(list->v[i], out);
	}
	str_addc(out, ']');
}

static struct draft_entry *find_entry(const struct draft *draft, const char *section,
				      const char *key)
{
	for (size_t i = 0; i < draft->count; i++) {
		if (strcmp(draft->entries[i].section, section) == 0 &&
		    strcmp(draft->entries[i].key, key) == 0)
			return &draft->entries[i];
	}
	return NULL;
}

bool draft_has(const struct draft *draft, const char *section, const char *key)
{
	return find_entry(draft, section, key);
}

static struct draft_entry *entry_of(struct draft *draft, const char *section, const char *key,
				    const char *from)
{
	struct draft_entry *entry = find_entry(draft, section, key);

	if (!entry) {
		entry = mem_grow(&draft->entries, &draft->count, sizeof(*entry));
		*entry = (struct draft_entry){ section, key, STR_INIT, STR_INIT, false };
	}
	str_reset(&entry->value);
	str_reset(&entry->from);
	sanitize_text(&entry->from, from);
	return entry;
}

void draft_set(struct draft *draft, const char *section, const char *key, const char *value,
	       const char *from)
{
	draft_quote(value, &entry_of(draft, section, key, from)->value);
}

void draft_set_list(struct draft *draft, const char *section, const char *key,
		    const struct strv *list, const char *from)
{
	add_list(list, &entry_of(draft, section, key, from)->value);
}

void draft_set_yaml(struct draft *draft, const char *section, const char *key, const char *yaml,
		    const char *from)
{
	str_adds(&entry_of(draft, section, key, from)->value, yaml);
}

static void add_step(const struct step *step, struct str *out)
{
	static const char *const words[] = { "build", "up", "run", "exec" };

	str_addf(out, "- %s%s:", step->kind == STEP_BUILD && step->pull ? "{pull: true, " : "",
		 words[step->kind]);
	if (step->args.count || step->kind != STEP_BUILD || step->pull)
		str_addc(out, ' ');
	if (step->args.count == 1 && step->kind != STEP_EXEC && !strpbrk(step->args.v[0], " \t"))
		draft_quote(step->args.v[0], out);
	else if (step->args.count)
		add_list(&step->args, out);
	else if (step->pull)
		str_adds(out, "[]");
	if (step->kind == STEP_BUILD && step->pull)
		str_addc(out, '}');
}

void draft_set_steps(struct draft *draft, const char *stage, const struct steps *steps,
		     const struct strv *origins, const char *from)
{
	struct draft_entry *entry = entry_of(draft, "stages", stage, from);

	entry->is_block = steps->count > 0;
	if (!entry->is_block)
		str_adds(&entry->value, "[]");
	for (size_t i = 0; i < steps->count; i++) {
		str_adds(&entry->value, "    ");
		add_step(&steps->items[i], &entry->value);
		if (i < origins->count) {
			str_adds(&entry->value, "  # ");
			sanitize_text(&entry->value, origins->v[i]);
		}
		str_addc(&entry->value, '\n');
	}
}

static void add_member(struct str *out, const char *name, const char *value)
{
	if (!value)
		return;
	str_addf(out, "%s%s: ", out->len ? ", " : "", name);
	draft_quote(value, out);
}

void draft_add_environment(struct draft *draft, const char *name, const char *stack_name,
			   const char *template, const char *parameters)
{
	CLEANUP(str_release) struct str stack = STR_INIT;

	add_member(&stack, "name", stack_name);
	add_member(&stack, "template", template);
	add_member(&stack, "parameters", parameters);
	strv_add(&draft->environments, name);
	if (stack.len)
		strv_addf(&draft->environments, "{stack: {%s}}", stack.buf);
	else
		strv_add(&draft->environments, "{}");
}

void draft_remark(struct draft *draft, const char *fmt, ...)
{
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP(str_release) struct str clean = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	sanitize_text(&clean, text.buf);
	strv_add(&draft->remarks, clean.buf);
}

static void write_entry(const struct draft_entry *entry, struct str *out)
{
	str_addf(out, "%s%s:", *entry->section ? "  " : "", entry->key);
	if (!entry->is_block)
		str_addf(out, " %s", entry->value.buf);
	if (entry->from.len)
		str_addf(out, "  # %s", entry->from.buf);
	str_addc(out, '\n');
	if (entry->is_block)
		str_adds(out, entry->value.buf);
}

static void write_section(const struct draft *draft, const char *section, struct str *out)
{
	bool is_begun = false;

	for (size_t i = 0; i < draft->count; i++) {
		const struct draft_entry *entry = &draft->entries[i];

		if (strcmp(entry->section, section) != 0)
			continue;
		if (!is_begun)
			str_addc(out, '\n');
		if (!is_begun && *section)
			str_addf(out, "%s:\n", section);
		is_begun = true;
		write_entry(entry, out);
	}
}

static void write_environments(const struct draft *draft, struct str *out)
{
	if (!draft->environments.count)
		return;
	str_adds(out, "\n# Chosen with --env; each says only how it differs.\nenvironments:\n");
	for (size_t i = 0; i + 1 < draft->environments.count; i += 2) {
		str_adds(out, "  ");
		draft_quote(draft->environments.v[i], out);
		str_addf(out, ": %s\n", draft->environments.v[i + 1]);
	}
}

void draft_write(const struct draft *draft, const char *head, struct str *out)
{
	str_addf(out, "# Written by 'deployer init' from %s.\n", head);
	str_adds(out, "# What is not set here follows convention: 'deployer config' prints every "
		      "value.\n");
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		write_section(draft, sections[i], out);
	write_environments(draft, out);
	for (size_t i = 0; i < draft->remarks.count; i++)
		str_addf(out, "%s# %s\n", i ? "" : "\n", draft->remarks.v[i]);
}
