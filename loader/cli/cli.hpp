// The command line: options, commands, exit codes. docs/cli.md is its reference.
#pragma once

namespace lakemover::loader {

int run_cli(int argc, char** argv);

}  // namespace lakemover::loader
