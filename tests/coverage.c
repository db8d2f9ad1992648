/*
 * Linked into the entrypoint of a build that measures coverage (--wrap of the linker): it ends with
 * _exit(), where gcov would not write down what was executed.
 */
#include <stdnoreturn.h>

/* gcc's <gcov.h>, which clang's tools do not find. */
void __gcov_dump(void);
noreturn void __real__exit(int status);
noreturn void __wrap__exit(int status);

noreturn void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
