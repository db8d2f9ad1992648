#ifndef REPO_LIBGIT2_H
#define REPO_LIBGIT2_H

#include "base/error.h"

#include <git2.h>

/* Every function of libgit2 that is called, without its prefix. */
#define LIBGIT2_FUNCTIONS(X)                                                                       \
	X(blob_create_from_workdir)                                                                \
	X(blob_free)                                                                               \
	X(blob_lookup)                                                                             \
	X(blob_rawcontent)                                                                         \
	X(blob_rawsize)                                                                            \
	X(buf_dispose)                                                                             \
	X(commit_author)                                                                           \
	X(commit_create)                                                                           \
	X(commit_dup)                                                                              \
	X(commit_free)                                                                             \
	X(commit_id)                                                                               \
	X(commit_lookup)                                                                           \
	X(commit_parent)                                                                           \
	X(commit_parentcount)                                                                      \
	X(commit_summary)                                                                          \
	X(commit_time)                                                                             \
	X(commit_tree)                                                                             \
	X(config_free)                                                                             \
	X(config_get_bool)                                                                         \
	X(config_get_string)                                                                       \
	X(diff_free)                                                                               \
	X(diff_get_delta)                                                                          \
	X(diff_num_deltas)                                                                         \
	X(diff_options_init)                                                                       \
	X(diff_to_buf)                                                                             \
	X(diff_tree_to_index)                                                                      \
	X(diff_tree_to_tree)                                                                       \
	X(diff_tree_to_workdir)                                                                    \
	X(diff_tree_to_workdir_with_index)                                                         \
	X(error_last)                                                                              \
	X(graph_descendant_of)                                                                     \
	X(index_add)                                                                               \
	X(index_add_bypath)                                                                        \
	X(index_entrycount)                                                                        \
	X(index_free)                                                                              \
	X(index_get_byindex)                                                                       \
	X(index_get_bypath)                                                                        \
	X(index_write)                                                                             \
	X(libgit2_init)                                                                            \
	X(libgit2_opts)                                                                            \
	X(libgit2_shutdown)                                                                        \
	X(object_free)                                                                             \
	X(object_id)                                                                               \
	X(object_peel)                                                                             \
	X(odb_exists_prefix)                                                                       \
	X(odb_free)                                                                                \
	X(odb_hash)                                                                                \
	X(oid_equal)                                                                               \
	X(oid_fromstrn)                                                                            \
	X(oid_tostr)                                                                               \
	X(oid_tostr_s)                                                                             \
	X(patch_free)                                                                              \
	X(patch_from_diff)                                                                         \
	X(patch_get_hunk)                                                                          \
	X(patch_get_line_in_hunk)                                                                  \
	X(patch_num_hunks)                                                                         \
	X(reference_free)                                                                          \
	X(reference_is_branch)                                                                     \
	X(reference_name_to_id)                                                                    \
	X(reference_peel)                                                                          \
	X(reference_set_target)                                                                    \
	X(reference_shorthand)                                                                     \
	X(reference_target)                                                                        \
	X(remote_free)                                                                             \
	X(remote_list)                                                                             \
	X(remote_lookup)                                                                           \
	X(remote_url)                                                                              \
	X(repository_commondir)                                                                    \
	X(repository_config_snapshot)                                                              \
	X(repository_discover)                                                                     \
	X(repository_free)                                                                         \
	X(repository_hashfile)                                                                     \
	X(repository_head)                                                                         \
	X(repository_head_unborn)                                                                  \
	X(repository_index)                                                                        \
	X(repository_is_shallow)                                                                   \
	X(repository_odb)                                                                          \
	X(repository_open_ext)                                                                     \
	X(repository_path)                                                                         \
	X(repository_state)                                                                        \
	X(repository_workdir)                                                                      \
	X(revparse_single)                                                                         \
	X(signature_free)                                                                          \
	X(signature_now)                                                                           \
	X(status_byindex)                                                                          \
	X(status_list_entrycount)                                                                  \
	X(status_list_free)                                                                        \
	X(status_list_new)                                                                         \
	X(status_options_init)                                                                     \
	X(strarray_dispose)                                                                        \
	X(tree_create_updated)                                                                     \
	X(tree_entry_bypath)                                                                       \
	X(tree_entry_filemode)                                                                     \
	X(tree_entry_free)                                                                         \
	X(tree_entry_id)                                                                           \
	X(tree_free)                                                                               \
	X(tree_id)                                                                                 \
	X(tree_lookup)

/*
 * libgit2, loaded when the first repository is opened. With the ten libraries that Debian's brings
 * along it takes 1 ms and 0.8 MB, which a command that asks no repository need not have.
 */
struct libgit2 {
#define LIBGIT2_MEMBER(name) __typeof__ (&git_##name)(name);
	LIBGIT2_FUNCTIONS(LIBGIT2_MEMBER)
#undef LIBGIT2_MEMBER
};

/* One for the process: what frees an object in passing has no other place to look. */
extern struct libgit2 git;

/*
 * Fills in the functions, from whatever thread comes first; the library stays loaded until the
 * program ends. ERROR_TOOL where it is not there or lacks one of them.
 */
int libgit2_load(struct error *err);

#endif
