#include <malloc.h>

#include "cmd/app.h"
#include "cmd/sandbox/commands.h"
#include "sys/file.h"

int main(int argc, char **argv)
{
	file_hold_standard();
	/* Each connection has a thread; with an arena each, every one would keep what was freed in
	 * it. */
	(void)mallopt(M_ARENA_MAX, 1);
	return app_main(&program_sandbox, argc, argv);
}
