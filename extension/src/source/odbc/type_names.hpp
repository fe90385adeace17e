// What can be asked about SQL Server's types by name, without any driver's header. Pure zone; no throw.
#pragma once
#include <string_view>

namespace lakemover::source::odbc {

// Whether values of the type are written as codec (pg_type.typname); false for a type that is not known.
bool type_can_become(std::string_view native, std::string_view codec);

}  // namespace lakemover::source::odbc
