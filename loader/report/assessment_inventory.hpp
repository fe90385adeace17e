// The assessment page's inventory, sizes and load order. Internal to loader/report; pure.
#pragma once
#include "loader/report/html.hpp"

namespace lakemover::loader::report {

void add_inventory(Node& data, const json& document);
void add_load_order(Node& data, const json& document);

}  // namespace lakemover::loader::report
