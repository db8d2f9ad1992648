#include "cmd/app.h"
#include "cmd/sandbox/commands.h"
#include "sys/file.h"

int main(int argc, char **argv)
{
	file_hold_standard();
	return app_main(&program_sandbox, argc, argv);
}
