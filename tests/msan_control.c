/* That MemorySanitizer would be heard: a child whose parser looks at bytes that nobody wrote must
 * be ended by it. */
#include "base/cleanup.h"
#include "data/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void read_what_nobody_wrote(void)
{
	CLEANUP_FREE char *bytes = malloc(2);
	json_auto_t *value = json_read(bytes, 2, NULL);

	(void)value;
}

int main(void)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		read_what_nobody_wrote();
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0) {
		perror("fork");
		return 1;
	}
	puts(status ? "the child was ended" : "nothing was found");
	return status ? 0 : 1;
}
