#include <sys/resource.h>

#include "loader/cli/cli.hpp"

int main(int argc, char** argv) {
    // A core file would hold passwords and rows. What we start, embedded staging too, inherits the limit.
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    return lakemover::loader::run_cli(argc, argv);
}
