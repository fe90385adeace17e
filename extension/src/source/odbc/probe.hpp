// T-SQL behind probe.hpp: one SELECT a look, over the first rows of a table. Pure zone; throws source::Error.
#pragma once
#include <string>

#include "source/probe.hpp"

namespace lakemover::source::odbc {

std::string probe(const ProbeSpec& spec);

}  // namespace lakemover::source::odbc
