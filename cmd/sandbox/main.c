#include "cmd/app.h"
#include "cmd/sandbox/commands.h"

int main(int argc, char **argv)
{
	return app_main(&program_sandbox, argc, argv);
}
