#include "loader/cli/cli.hpp"

int main(int argc, char** argv) { return lakemover::loader::run_cli(argc, argv); }
