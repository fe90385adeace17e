// Whether large objects are moved: LAKEMOVER_LARGE_OBJECTS, which --large-objects and --no-large-objects set.
#pragma once
#include <string>

namespace lakemover::loader {

inline constexpr const char* kLargeObjectsVariable = "LAKEMOVER_LARGE_OBJECTS";

// yes or no; empty: as planned. Throws Error on anything else.
std::string large_objects_setting();

}  // namespace lakemover::loader
