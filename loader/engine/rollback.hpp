// What a run made on the target, and dropping that and nothing else. Throws Error.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "loader/target/objects.hpp"
#include "loader/util/pq.hpp"

namespace lakemover::loader {

// By the register: of the ledger while the target has it, else the copy in staging. Name and place must both be those
// of the object that the run made.
std::vector<TargetObject> made_by_run(Pg& staging, Pg& target, const std::string& id, const std::string& uuid);

// Drops them, except what others have built upon (marked in objects), and records that. Returns how many had to stay.
std::size_t roll_back(Pg& staging, Pg& target, const std::string& id, const std::string& uuid,
                      std::vector<TargetObject>& objects);

}  // namespace lakemover::loader
