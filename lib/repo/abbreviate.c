#include "repo/abbreviate.h"

#include "base/cleanup.h"
#include "repo/packs.h"
#include "sys/file.h"

/* git's FALLBACK_DEFAULT_ABBREV. */
#define MIN_SHORT_ID 7

/*
 * git's rule (object-name.c, repo_find_unique_abbrev_r()): 2^n objects are expected to collide at
 * n/2 bits of four to the digit, rounded up.
 */
static size_t expected_len(uint64_t objects)
{
	size_t bits = 1;

	while (objects >>= 1)
		bits++;
	return (bits + 1) / 2 > MIN_SHORT_ID ? (bits + 1) / 2 : MIN_SHORT_ID;
}

int abbreviate(struct repo *repo, const git_oid *id, struct str *ret, struct error *err)
{
	CLEANUP_FREE char *objects = file_join(git.repository_commondir(repo->git), "objects");
	size_t len = expected_len(packs_count_objects(objects));
	char hex[GIT_OID_HEXSZ + 1];
	git_oid found;
	git_odb *odb;
	int code;

	if (git.repository_odb(&odb, repo->git) < 0)
		return repo_fail(err, ERROR_REFUSED, "cannot read the repository's objects");
	while ((code = git.odb_exists_prefix(&found, odb, id, len)) == GIT_EAMBIGUOUS)
		len++;
	git.odb_free(odb);
	if (code < 0)
		return repo_fail(err, ERROR_REFUSED, "cannot abbreviate the commit");
	str_add(ret, git.oid_tostr(hex, sizeof(hex), id), len);
	return 0;
}
