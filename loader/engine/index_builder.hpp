// Keys and indexes of tables that are loaded, made while other tables still load. Throws Error.
#pragma once
#include <memory>

#include "loader/engine/context.hpp"

namespace lakemover::loader {

class IndexBuilder {
public:
    // Begins at once. Half as many sessions as there are workers, at least one, beside theirs; none where the target has
    // no connections left for them.
    IndexBuilder(RunContext& run, Pg& target);
    // Ends what is under way, unless the run drains: then it is waited for.
    ~IndexBuilder();
    IndexBuilder(const IndexBuilder&) = delete;
    IndexBuilder& operator=(const IndexBuilder&) = delete;

    // Behind the load: goes on with as many sessions as there are workers until nothing is left that it may make, then
    // records what failed.
    void finish(Pg& staging);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace lakemover::loader
