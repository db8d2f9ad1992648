#include "deploy/version.h"

#include "base/cleanup.h"
#include "docker/image.h"

#include <string.h>

void version_release(struct version *version)
{
	str_release(&version->tag);
	revision_release(&version->revision);
}

static int refuse_dirty(const struct revision *revision, struct error *err)
{
	error_set(err, ERROR_REFUSED, "the working tree '%s' differs from its commit %s: %s",
		  revision->root.buf, revision->short_id.buf, revision->dirty_paths.buf);
	return error_fix(err, "commit or stash the changes, or say --allow-dirty");
}

static int find_in_repository(const struct version_request *request, struct version *version,
			      struct error *err)
{
	const struct revision *revision = &version->revision;

	if (revision_read(request->dir, request->own_files, &version->revision, err) < 0)
		return -1;
	str_adds(&version->tag, revision->short_id.buf);
	if (!revision->is_dirty)
		return 0;
	if (!request->allow_dirty)
		return refuse_dirty(revision, err);
	str_adds(&version->tag, "-dirty.");
	return revision_name_changes(request->dir, request->own_files, &version->tag, err);
}

/* The commit is then worth knowing, but not needed: a CI step may have no repository. */
static int take_given(const struct version_request *request, const char *tag, const char *source,
		      struct version *version, struct error *err)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;

	if (image_check_tag(tag, source, err) < 0)
		return -1;
	str_adds(&version->tag, tag);
	version->is_given = true;
	(void)revision_read(request->dir, request->own_files, &version->revision, &ignored);
	return 0;
}

int version_find(const struct version_request *request, struct version *ret, struct error *err)
{
	CLEANUP(version_release) struct version version = VERSION_INIT;
	const char *from_env = request->env ? env_get(request->env, "APP_VERSION") : NULL;
	struct version old;
	int result;

	if (request->tag)
		result = take_given(request, request->tag, "version", &version, err);
	else if (from_env)
		result = take_given(request, from_env, "APP_VERSION", &version, err);
	else
		result = find_in_repository(request, &version, err);
	if (result < 0)
		return -1;
	old = *ret;
	*ret = version;
	version = old;
	return 0;
}
