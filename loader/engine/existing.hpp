// What the target has already of what is planned. Throws Error.
#pragma once
#include "loader/engine/context.hpp"

namespace lakemover::loader {

// Planned tables, views and routines that the target has before the run makes its own: refuses, or makes room, as
// --on-existing says.
void handle_existing_objects(RunContext& run, Pg& staging, Pg& target);

}  // namespace lakemover::loader
