// The statements of a converted object, each of which is executed, recorded and undone by itself. Pure; throws nothing.
#pragma once
#include <string>
#include <vector>

#include "loader/convert/check.hpp"

namespace lakemover::loader {

struct Piece {
    std::string kind;    // view, function, procedure, trigger function, trigger, trigger state
    std::string object;  // as the run's register and a person call it: quoted, a routine with its arguments
    std::string sql;     // CREATE, never OR REPLACE: that would take the place of somebody else's
};

// Of one that was created in the scratch database; none when its statements are not the expected ones. A disabled
// trigger is made and then disabled.
std::vector<Piece> pieces_of(const ConvertedObject& object, bool disabled);

}  // namespace lakemover::loader
