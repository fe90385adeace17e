// The run page's part on who accepted what, and who signed.
#pragma once
#include "loader/report/html.hpp"

namespace lakemover::loader::report {

void add_accepted(Node& data, const json& document);
void add_signing(Node& data, const json& document);

}  // namespace lakemover::loader::report
